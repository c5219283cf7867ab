#include "sim/raycast/raycast_scene.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <numbers>

namespace dustproof {
namespace {

/// Four walls, 0.1 m thick, around a room of 4 x 3 m whose inner corner is W's origin.
RaycastScene Room() {
  RaycastScene scene;
  const SurfaceId wall = scene.AddSurface({.reflectivity = 0.8});
  const auto add = [&](double x, double y, double sx, double sy) {
    scene.AddBox(ToPose3({x, y, 0}, 1.25), {sx, sy, 2.5}, wall);
  };
  add(-0.05, 1.5, 0.1, 3.2);
  add(4.05, 1.5, 0.1, 3.2);
  add(2, -0.05, 4.2, 0.1);
  add(2, 3.05, 4.2, 0.1);
  return scene;
}

// From (1, 1) the wall x = 4 is at 3/cos a, y = 3 at 2/sin a, x = 0 at 1/-cos a, y = 0 at 1/-sin a:
// the least counts.
TEST(RaycastSceneTest, MeasuresARectangularRoomExactly) {
  RaycastScene scene = Room();
  scene.Commit();
  std::vector<Ray> rays;
  for (int i = 0; i < 360; ++i) {
    const double a = (i + 0.5) * std::numbers::pi / 180;
    rays.push_back({{1, 1, 0.1}, {std::cos(a), std::sin(a), 0}});
  }
  std::vector<RayHit> hits(rays.size());
  scene.Cast(rays, 10, hits);
  for (size_t i = 0; i < rays.size(); ++i) {
    const double c = rays[i].direction_W.x(), s = rays[i].direction_W.y();
    const double x_range = c > 0 ? 3 / c : -1 / c, y_range = s > 0 ? 2 / s : -1 / s;
    ASSERT_NEAR(hits[i].range_m, std::min(x_range, y_range), 1e-9) << i;
    EXPECT_NEAR(hits[i].cos_incidence, x_range < y_range ? std::abs(c) : std::abs(s), 1e-9);
  }
}

TEST(RaycastSceneTest, ReportsNothingBeyondTheRange) {
  RaycastScene scene = Room();
  scene.Commit();
  EXPECT_FALSE(scene.Cast({{1, 1, 0.1}, {1, 0, 0}}, 2.9).hit());
  EXPECT_TRUE(scene.Cast({{1, 1, 0.1}, {1, 0, 0}}, 3.1).hit());
}

TEST(RaycastSceneTest, SeesPrismsAndCylinders) {
  RaycastScene scene;
  const SurfaceId surface = scene.AddSurface({});
  const std::vector<Vec2> triangle = {{1, -1}, {2, 0}, {1, 1}};
  scene.AddPrism(triangle, 0, 1, surface);
  scene.AddCylinder({-2, 0}, 0.5, 0, 1, surface);
  scene.Commit();
  EXPECT_NEAR(scene.Cast({{0, 0, 0.5}, {1, 0, 0}}, 9).range_m, 1, 1e-9);
  // The prism's slanted face x = 2 - |y|: from (3, 0.5) towards -x it is met at x = 1.5.
  EXPECT_NEAR(scene.Cast({{3, 0.5, 0.5}, {-1, 0, 0}}, 9).range_m, 1.5, 1e-9);
  EXPECT_NEAR(scene.Cast({{0, 0, 0.5}, {-1, 0, 0}}, 9).range_m, 1.5, 1e-9);
  EXPECT_NEAR(scene.Cast({{-2, 0, 3}, {0, 0, -1}}, 9).range_m, 2, 1e-9);
}

TEST(RaycastSceneTest, LooksThroughGlassButNotThroughWalls) {
  RaycastScene scene;
  const SurfaceId glass = scene.AddSurface({.reflectivity = 0.05, .transmission = 0.9});
  const SurfaceId wall = scene.AddSurface({});
  scene.AddBox(ToPose3({1, 0, 0}, 0.5), {0.01, 2, 1}, glass);
  scene.AddBox(ToPose3({3, 0, 0}, 0.5), {0.01, 2, 1}, wall);
  scene.Commit();
  EXPECT_FALSE(scene.Blocked({0, 0, 0.5}, {2, 0, 0.5}));
  EXPECT_TRUE(scene.Blocked({0, 0, 0.5}, {4, 0, 0.5}));
}

TEST(RaycastSceneTest, StartsNoThreads) {
  RaycastScene scene = Room();
  scene.Commit();
  scene.Cast({{1, 1, 0.1}, {1, 0, 0}}, 5);
  int threads = 0;
  for ([[maybe_unused]] const auto& task : std::filesystem::directory_iterator("/proc/self/task"))
    ++threads;
  EXPECT_EQ(threads, 1);
}

}  // namespace
}  // namespace dustproof
