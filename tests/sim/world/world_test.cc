#include "sim/world/world.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <numbers>

#include "sim/plan/load_home.h"
#include "sim/plan/raster.h"

namespace dustproof {
namespace {

// Two rooms of 3 m × 3 m; centre lines of the walls at x = 0, 3, 6 and y = 0, 3, all 10 cm thick. A
// doorway at (3, 1.5).
FloorPlan TwoRooms() {
  FloorPlan plan;
  plan.rooms.push_back({"left", {{0, 0}, {3, 0}, {3, 3}, {0, 3}}, FloorMaterial::kHard});
  plan.rooms.push_back({"right", {{3, 0}, {6, 0}, {6, 3}, {3, 3}}, FloorMaterial::kLongCarpet});
  for (const auto& [a, b] : {std::pair{Vec2(0, 0), Vec2(6, 0)},
                             {Vec2(6, 0), Vec2(6, 3)},
                             {Vec2(6, 3), Vec2(0, 3)},
                             {Vec2(0, 3), Vec2(0, 0)},
                             {Vec2(3, 0), Vec2(3, 3)}}) {
    plan.walls.push_back({a, b});
  }
  plan.doorways.push_back({{3, 1.5}, 0.8});
  plan.furniture.push_back({.name = "table",
                            .shape = FurnitureShape::kTable,
                            .X_WF = {5, 1.5, 0},
                            .length_m = 1,
                            .width_m = 1,
                            .height_m = 0.75,
                            .reflectivity = 0.4});
  plan.furniture.push_back({.name = "column",
                            .shape = FurnitureShape::kCylinder,
                            .X_WF = {1.5, 2.5, 0},
                            .length_m = 0.4,
                            .height_m = 1});
  plan.X_WD = {1, 0.05, std::numbers::pi / 2};
  return plan;
}

Ray Level(double x, double y, double z, double dx, double dy) { return {{x, y, z}, {dx, dy, 0}}; }

TEST(WorldTest, IsWhatLightMeets) {
  const World world(TwoRooms());
  const RaycastScene& rays = world.rays();
  // From (1, 1) to the wall's face at x = 2.95.
  const RayHit wall = rays.Cast(Level(1, 1, 0.1, 1, 0), 20);
  EXPECT_NEAR(wall.range_m, 1.95, 1e-5);
  EXPECT_EQ(rays.surface(wall.surface).reflectivity, 0.8);
  // Through the doorway, over the legs (they begin at y = 1.05 and 1.95), to x = 5.95.
  EXPECT_NEAR(rays.Cast(Level(1, 1.5, 0.1, 1, 0), 20).range_m, 4.95, 1e-5);
  // A leg of 5 cm: its face is at x = 4.5.
  const RayHit leg = rays.Cast(Level(3.5, 1.025, 0.1, 1, 0), 20);
  EXPECT_NEAR(leg.range_m, 1.0, 1e-5);
  EXPECT_EQ(rays.surface(leg.surface).reflectivity, 0.4);
  // The table's top, at its own height.
  EXPECT_NEAR(rays.Cast(Level(3.5, 1.5, 0.74, 1, 0), 20).range_m, 1.0, 1e-5);
  // The column's front, at y = 2.3; facets lie a little inside the circle.
  EXPECT_NEAR(rays.Cast(Level(1.5, 1.0, 0.1, 0, 1), 20).range_m, 1.3, 0.002);
  // The dock is low: seen at 5 cm, missed at 10 cm.
  EXPECT_NEAR(rays.Cast(Level(1, 1, 0.05, 0, -1), 20).range_m, 1 - 0.05 - kDockDepth_m, 1e-5);
  EXPECT_NEAR(rays.Cast(Level(1, 1, 0.1, 0, -1), 20).range_m, 0.95, 1e-5);
  // The floor.
  EXPECT_NEAR(rays.Cast({{1, 1, 0.1}, {0, 0, -1}}, 20).range_m, 0.1, 1e-6);
}

TEST(WorldTest, IsWhatHullsTouch) {
  // 0.5 m/s along y = 0.5 from (2, 0.5): the hull's rim meets the wall's face (2.95) after 0.78 m,
  // and stays before it.
  World world(TwoRooms());
  ChassisBody body;
  world.physics().SetChassis(body);
  RigidState state;
  state.p_WC_W = {2, 0.5, 0.05};
  world.physics().PlaceChassis(state);
  bool touched = false;
  for (int i = 0; i < 1000; ++i) {
    RigidState predicted = world.physics().chassis();
    predicted.v_WC_W = {0.5, 0, 0};
    predicted.p_WC_W.x() += 0.5 * world.physics().step_s();
    touched |= world.physics().Step(predicted);
  }
  EXPECT_TRUE(touched);
  EXPECT_NEAR(world.physics().chassis().p_WC_W.x(), 2.95 - body.radius_m, 0.005);
}

TEST(WorldTest, KnowsTheFloor) {
  const World world(TwoRooms());
  EXPECT_EQ(world.floor().MaterialAt({1, 1}), FloorMaterial::kHard);
  EXPECT_EQ(world.floor().MaterialAt({4, 1}), FloorMaterial::kLongCarpet);
  EXPECT_EQ(world.floor().MaterialAt({-50, 1}), FloorMaterial::kHard);
  EXPECT_GT(world.floor().At({4, 1}).drag, world.floor().At({1, 1}).drag);
  EXPECT_EQ(world.floor().At({4, 1}).height_m, 0);
}

TEST(WorldTest, PutsContactsAtTheDocksFace) {
  const Pose2 face = World(TwoRooms()).dock_face();
  EXPECT_NEAR(face.x, 1, 1e-12);
  EXPECT_NEAR(face.y, 0.05 + kDockDepth_m, 1e-12);
}

// From the docked robot and from places all over its reach, every direction ends at something: no
// ray leaves the home.
void ExpectClosedToLight(const FloorPlan& plan, const std::string& name) {
  const World world(plan);
  const Reach reach = ReachableFloor(plan, {.resolution_m = 0.1});
  std::vector<Vec2> places = {DockedPose(plan.X_WD, 0.17).position()};
  size_t seen = 0;
  for (int y = 0; y < reach.centers.height; ++y) {
    for (int x = 0; x < reach.centers.width; ++x) {
      if (reach.centers.At(x, y) != 0 && seen++ % 97 == 0)
        places.push_back(reach.centers.CenterOf(x, y));
    }
  }
  EXPECT_GT(places.size(), 3u) << name;
  size_t escaped = 0;
  for (const Vec2& p : places) {
    for (int i = 0; i < 3600; ++i) {
      const double angle = i * std::numbers::pi / 1800;
      escaped += !world.rays()
                      .Cast(Level(p.x(), p.y(), 0.1, std::cos(angle), std::sin(angle)), 1000)
                      .hit();
    }
  }
  EXPECT_EQ(escaped, 0u) << name;
}

TEST(WorldTest, HoldsTheHomesThatShip) {
  for (const char* name : {"studio", "two_bedroom", "family_house"}) {
    const Result<FloorPlan> plan =
        LoadHome(std::string(DUSTPROOF_SOURCE_DIR) + "/scenarios/homes/" + name + ".yaml");
    ASSERT_TRUE(plan.ok()) << ToString(plan.error());
    ExpectClosedToLight(*plan, name);
  }
}

TEST(WorldTest, HoldsTheSharedMaps) {
  const std::string root = DUSTPROOF_SOURCE_DIR "/../shared/data/homes";
  if (!std::filesystem::exists(root)) GTEST_SKIP() << "no " << root << " here";
  for (const char* name :
       {"aws_small_house", "linorobot_house", "marekwiejak_home", "aldajo92_apto",
        "vacuumtiger_large_room_obstacles", "virtualhome/house_8", "virtualhome/house_14"}) {
    const Result<FloorPlan> plan = LoadHome(root + "/" + name + ".yaml");
    ASSERT_TRUE(plan.ok()) << ToString(plan.error());
    ExpectClosedToLight(*plan, name);
  }
}

}  // namespace
}  // namespace dustproof
