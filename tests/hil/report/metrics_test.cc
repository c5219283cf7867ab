#include "hil/report/metrics.h"

#include <gtest/gtest.h>

#include <cmath>

namespace dustproof {
namespace {

constexpr double kRadius_m = 0.2;

// One room of 4 × 2 m inside walls of 0.1 m, whose dock stands at the left wall.
FloorPlan OneRoom() {
  FloorPlan plan;
  plan.name = "one room";
  plan.rooms = {{"room", {{0, 0}, {4, 0}, {4, 2}, {0, 2}}, FloorMaterial::kHard}};
  const Vec2 corners[] = {{0, 0}, {4, 0}, {4, 2}, {0, 2}};
  for (int i = 0; i < 4; ++i) {
    Wall wall;
    wall.a = corners[i];
    wall.b = corners[(i + 1) % 4];
    plan.walls.push_back(wall);
  }
  plan.X_WD = {0.05, 1, 0};
  plan.X_WStart = Pose2{1, 1, 0};
  return plan;
}

// Straight along y = 1 from x = 1 to x = 3, 0.1 m and 1 s a sample.
Track StraightLine() {
  Track track;
  for (int i = 0; i <= 20; ++i) {
    track.time_s.push_back(i);
    track.x_m.push_back(1 + 0.1 * i);
    track.y_m.push_back(1);
    track.yaw_rad.push_back(0);
  }
  return track;
}

// A disc of radius r that goes 2 m sweeps 2 · 2r + πr². The reachable floor is the room inside its
// walls, 3.9 × 1.9 m, less its four rounded corners, (4 − π) r², and what the dock (0.08 × 0.26 m
// from the wall's face) and the rounding about it take: less than 0.15 m² together.
TEST(MetricsTest, ReckonsTheSweptShareOfTheReachableFloor) {
  RunSeries series;
  series.truth = StraightLine();
  const RunMetrics metrics = Measure(OneRoom(), kRadius_m, 0.1, &series, 0);
  const double swept_m2 = 2 * 2 * kRadius_m + M_PI * kRadius_m * kRadius_m;
  const double floor_m2 = 3.9 * 1.9 - (4 - M_PI) * kRadius_m * kRadius_m;
  EXPECT_LT(metrics.reachable_m2, floor_m2 + 0.05);
  EXPECT_GT(metrics.reachable_m2, floor_m2 - 0.15);
  // Sampled every 0.1 m, the swept edge is scalloped by r − √(r² − 0.05²) = 6 mm at most.
  EXPECT_NEAR(metrics.coverage * metrics.reachable_m2, swept_m2, 0.03);
  EXPECT_NEAR(metrics.distance_m, 2.0, 1e-9);
  EXPECT_EQ(metrics.rooms_reachable, 1);
  EXPECT_EQ(metrics.rooms_entered, 1);
  EXPECT_EQ(metrics.time_to_90_s, 0);
}

TEST(MetricsTest, CountsASecondVisitAfterTenSeconds) {
  RunSeries series;
  series.truth = StraightLine();
  Track back = StraightLine();
  for (size_t i = 0; i < back.size(); ++i) {
    series.truth.time_s.push_back(100 + back.time_s[i]);
    series.truth.x_m.push_back(back.x_m[i]);
    series.truth.y_m.push_back(back.y_m[i]);
    series.truth.yaw_rad.push_back(0);
  }
  EXPECT_NEAR(Measure(OneRoom(), kRadius_m, 0.1, &series, 0).revisit_ratio, 2.0, 1e-9);
}

// A map frame that is turned by 90° and shifted is no error; a belief that errs by ±d across a
// straight way has an RMSE of d.
TEST(MetricsTest, MeasuresTrajectoryErrorAfterTheBestRigidAlignment) {
  for (const double error_m : {0.0, 0.03}) {
    RunSeries series;
    series.truth = StraightLine();
    const Pose2 X_MW{5, -2, M_PI / 2};
    for (size_t i = 0; i < series.truth.size(); ++i) {
      // + − − + + − − + …: uncorrelated with the way, so that no rotation takes any of it up.
      const double sign = (i % 4 == 0 || i % 4 == 3) ? 1 : -1;
      const Vec2 p = X_MW * Vec2(series.truth.x_m[i], series.truth.y_m[i] + sign * error_m);
      series.belief.time_s.push_back(series.truth.time_s[i]);
      series.belief.x_m.push_back(p.x());
      series.belief.y_m.push_back(p.y());
      series.belief.yaw_rad.push_back(M_PI / 2);
    }
    const RunMetrics metrics = Measure(OneRoom(), kRadius_m, 0.1, &series, 0);
    EXPECT_NEAR(metrics.ate_m, error_m, 0.001);
    EXPECT_NEAR(std::abs(WrapAngle(series.X_WM.yaw + M_PI / 2)), 0, 0.02);
  }
}

// A map that believes one half of the free floor free shares half of it.
TEST(MetricsTest, ComparesTheBelievedMapWithTheTrueFreeFloor) {
  RunSeries series;
  series.truth = series.belief = StraightLine();
  series.has_map = true;
  series.map.width = 40;  // From x = 0 to 2 m: the left half.
  series.map.height = 40;
  series.map.resolution_m = 0.05;
  series.map.cells.assign(1600, 0);
  for (int y = 0; y < 40; ++y) {
    for (int x = 0; x < 40; ++x) {
      const bool inside = x >= 1 && y >= 1 && y < 39;
      if (!inside) series.map.cells[static_cast<size_t>(y * 40 + x)] = 100;
    }
  }
  EXPECT_NEAR(Measure(OneRoom(), kRadius_m, 0.1, &series, 0).free_space_iou, 0.5, 0.02);
}

}  // namespace
}  // namespace dustproof
