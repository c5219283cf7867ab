#include "robots/vacuum/firmware/navigation/tour.h"

#include <gtest/gtest.h>

#include <vector>

namespace vacuum::test {
namespace {

// A room of 4 × 3 m, walls on all sides, corner at M's origin; known altogether. A wall at x = 3 m,
// where `partition_x` says so, shuts the rest off.
HomeMap Room(int partition_x = -1) {
  constexpr int kWidth = 80, kHeight = 60;
  std::vector<uint8_t> cells(kWidth * kHeight, 0);
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      const bool wall = x == 0 || y == 0 || x == kWidth - 1 || y == kHeight - 1 || x == partition_x;
      cells[y * kWidth + x] = wall ? 1 : 0;
    }
  }
  HomeMap map;
  map.Restore(kWidth, kHeight, 0, 0, cells);
  return map;
}

// A stretch worth `cells` cells of floor.
SweepTask Stretch(Point2 from, Point2 to, size_t cells = 100) {
  return {{from, to}, std::vector<Point2>(cells, from), false};
}

TEST(PlanTourTest, DrivesNeighbouringLanesToAndFro) {
  const HomeMap map = Room();
  const Pose2 X_MR{0.4, 0.5, 0};
  const FloorView view(map, X_MR.position());
  const std::vector<SweepTask> lanes = {Stretch({0.5, 1.14}, {3.5, 1.14}),
                                        Stretch({0.5, 0.50}, {3.5, 0.50}),
                                        Stretch({0.5, 0.82}, {3.5, 0.82})};
  const auto tour = PlanTour(view, X_MR, lanes, {});
  ASSERT_EQ(tour.size(), 3u);
  EXPECT_EQ(tour[0].task, 1);
  EXPECT_FALSE(tour[0].from_back);
  EXPECT_EQ(tour[1].task, 2);
  EXPECT_TRUE(tour[1].from_back);
  EXPECT_EQ(tour[2].task, 0);
  EXPECT_FALSE(tour[2].from_back);
}

// The nearest stretch is 0.3 m to the right, and more follow there. Whoever goes there first has to
// come back 1.3 m for the one at 0.4 m to the left: in all 0.9 + 1.4 m, against 0.4 + 1.4 m.
TEST(PlanTourTest, TakesFirstWhatItWouldHaveToComeBackFor) {
  const HomeMap map = Room();
  const Pose2 X_MR{2.0, 1.5, kPi / 2};
  const FloorView view(map, X_MR.position());
  std::vector<SweepTask> stretches = {Stretch({1.6, 1.5}, {1.5, 1.5})};
  for (const double x : {2.3, 2.6, 2.9}) stretches.push_back(Stretch({x, 1.5}, {x + 0.1, 1.5}));
  const auto tour = PlanTour(view, X_MR, stretches, {});
  ASSERT_EQ(tour.size(), 4u);
  EXPECT_EQ(tour[0].task, 0);
  EXPECT_EQ(tour[3].task, 3);
}

// 20 s there and back for 0.005 m² are not worth it at 0.01 m² a second; 0.25 m² on the way are.
TEST(PlanTourTest, LeavesOutWhatIsNotWorthItsTime) {
  const HomeMap map = Room();
  const Pose2 X_MR{0.5, 0.5, 0};
  const FloorView view(map, X_MR.position());
  const std::vector<SweepTask> stretches = {Stretch({1.0, 0.5}, {1.5, 0.5}, 100),
                                            Stretch({3.5, 2.5}, {3.6, 2.5}, 2)};
  const auto tour =
      PlanTour(view, X_MR, stretches, {.gain_m2_per_s_min = 0.01, .way_counted_s = 5});
  ASSERT_EQ(tour.size(), 1u);
  EXPECT_EQ(tour[0].task, 0);
  EXPECT_EQ(PlanTour(view, X_MR, stretches, {}).size(), 2u);
}

TEST(PlanTourTest, LeavesOutWhatIsBehindAWall) {
  const HomeMap map = Room(60);
  const Pose2 X_MR{0.5, 0.5, 0};
  const FloorView view(map, X_MR.position());
  const std::vector<SweepTask> stretches = {Stretch({3.5, 0.5}, {3.5, 1.5}),
                                            Stretch({1.0, 0.5}, {1.5, 0.5})};
  const auto tour = PlanTour(view, X_MR, stretches, {});
  ASSERT_EQ(tour.size(), 1u);
  EXPECT_EQ(tour[0].task, 1);
}

}  // namespace
}  // namespace vacuum::test
