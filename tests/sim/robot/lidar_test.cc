#include "sim/robot/lidar.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace dustproof {
namespace {

LidarSpec Noiseless() {
  LidarSpec spec;
  spec.position_m = {0, 0, 0.1};
  spec.noise_m = spec.noise_share = spec.angle_noise_rad = spec.scale_error = spec.speed_jitter = 0;
  spec.dropout_probability = 0;
  spec.spin_up = SimDuration();
  return spec;
}

/// A room of 4 x 3 m whose inner corner is W's origin, of one surface.
RaycastScene Room(const SurfaceOptics& optics = {.reflectivity = 0.8}) {
  RaycastScene scene;
  const SurfaceId wall = scene.AddSurface(optics);
  scene.AddBox(ToPose3({-0.05, 1.5, 0}, 1.25), {0.1, 3.2, 2.5}, wall);
  scene.AddBox(ToPose3({4.05, 1.5, 0}, 1.25), {0.1, 3.2, 2.5}, wall);
  scene.AddBox(ToPose3({2, -0.05, 0}, 1.25), {4.2, 0.1, 2.5}, wall);
  scene.AddBox(ToPose3({2, 3.05, 0}, 1.25), {4.2, 0.1, 2.5}, wall);
  scene.Commit();
  return scene;
}

double RoomRange(const Vec2& p, double angle) {
  const double c = std::cos(angle), s = std::sin(angle);
  return std::min((c > 0 ? 4 - p.x() : p.x()) / std::abs(c),
                  (s > 0 ? 3 - p.y() : p.y()) / std::abs(s));
}

/// Turns at `rate_rad_s` about (1, 1) for a turn of the lidar, in steps of 4 ms.
LidarTurn TakeTurn(const LidarSpec& spec, const RaycastScene& scene, double rate_rad_s,
                   uint64_t seed = 1) {
  Lidar lidar(spec, Seed(seed), &scene);
  lidar.Start(SimTime());
  BodyTrack track;
  const auto end = [&](int step) {
    BodyTrack::End e;
    e.time = SimTime() + SimDuration::Milliseconds(4) * step;
    const Pose3 X = ToPose3({1, 1, rate_rad_s * e.time.seconds()});
    e.p_WR_W = X.translation();
    e.R_WR = X.linear();
    return e;
  };
  track.after = end(0);
  for (int step = 1; step <= 60; ++step) {
    track.before = track.after;
    track.after = end(step);
    lidar.Advance(track);
  }
  return lidar.TakeTurn();
}

TEST(LidarTest, MeasuresARectangularRoomClockwise) {
  const RaycastScene scene = Room();
  const LidarTurn turn = TakeTurn(Noiseless(), scene, 0);
  ASSERT_EQ(turn.range_m.size(), 360u);
  EXPECT_EQ(turn.period, SimDuration::Milliseconds(200));
  for (size_t i = 0; i < 360; ++i) {
    EXPECT_NEAR(turn.angle_rad[i], WrapAngle(-static_cast<double>(i) * std::numbers::pi / 180),
                1e-12);
    EXPECT_NEAR(turn.range_m[i], RoomRange({1, 1}, turn.angle_rad[i]), 1e-6) << i;
    EXPECT_EQ(turn.offset[i].nanoseconds(), static_cast<int64_t>(i) * 200'000'000 / 360);
  }
}

// At 1 rad/s beam i looks along its own angle plus 1 rad/s x its own time.
TEST(LidarTest, SmearsWhileTheRobotTurns) {
  const RaycastScene scene = Room();
  const LidarTurn turn = TakeTurn(Noiseless(), scene, 1.0);
  for (size_t i = 0; i < 360; ++i) {
    EXPECT_NEAR(turn.range_m[i], RoomRange({1, 1}, turn.angle_rad[i] + turn.offset[i].seconds()),
                2e-5)
        << i;
  }
}

TEST(LidarTest, HasTheDatasheetsNoise) {
  LidarSpec spec = Noiseless();
  spec.noise_m = 0.01;
  const RaycastScene scene = Room();
  double sum = 0, squares = 0;
  int count = 0;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const LidarTurn turn = TakeTurn(spec, scene, 0, seed);
    for (size_t i = 0; i < 360; ++i) {
      const double error = turn.range_m[i] - RoomRange({1, 1}, turn.angle_rad[i]);
      sum += error;
      squares += error * error;
      ++count;
    }
  }
  // 7200 samples: the deviation is known to 1/sqrt(2·7200) = 0.8 %, the mean to 0.12 mm.
  EXPECT_NEAR(std::sqrt(squares / count), 0.01, 0.0003);
  EXPECT_NEAR(sum / count, 0, 0.0004);
}

TEST(LidarTest, LosesBlackWalls) {
  const RaycastScene scene = Room({.reflectivity = 0.002});
  const LidarTurn turn = TakeTurn(Noiseless(), scene, 0);
  // Beam 0 meets the wall 3 m away head on: 0.002/0.8·(8/3)² = 1.8 % of what is needed.
  EXPECT_EQ(turn.range_m[0], 0);
  EXPECT_EQ(turn.quality[0], 0);
}

TEST(LidarTest, SeesGlassOnlyHeadOn) {
  RaycastScene scene;
  const SurfaceId glass = scene.AddSurface({.reflectivity = 0.3, .transmission = 0.9});
  const SurfaceId wall = scene.AddSurface({.reflectivity = 0.8});
  scene.AddBox(ToPose3({2.005, 1, 0}, 0.5), {0.01, 10, 1}, glass);
  scene.AddBox(ToPose3({4.05, 1, 0}, 0.5), {0.1, 20, 1}, wall);
  scene.Commit();
  const LidarTurn turn = TakeTurn(Noiseless(), scene, 0);
  EXPECT_NEAR(turn.range_m[0], 1, 1e-6);
  EXPECT_NEAR(turn.range_m[30], 3 / std::cos(std::numbers::pi / 6), 1e-3);
}

}  // namespace
}  // namespace dustproof
