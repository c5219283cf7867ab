#include "sim/plan/raster.h"

#include <gtest/gtest.h>

#include <numbers>

#include "sim/plan/solids.h"

namespace dustproof {
namespace {

// A room of 4 m by 3 m inside walls 10 cm thick, whose centre lines are at ±2.05 and ±1.55. The
// dock's back is on the lower wall.
FloorPlan BoxRoom() {
  FloorPlan plan;
  plan.rooms.push_back({"room", {{-2.05, -1.55}, {2.05, -1.55}, {2.05, 1.55}, {-2.05, 1.55}}});
  const Polygon& p = plan.rooms[0].polygon;
  for (size_t i = 0; i < 4; ++i) plan.walls.push_back({p[i], p[(i + 1) % 4]});
  plan.X_WD = {0, -1.5, std::numbers::pi / 2};
  return plan;
}

// A disc of radius r reaches all of a 4 m × 3 m rectangle but (4 - pi) r² in its corners, and what
// the dock takes: its body of 8 × 26 cm and, at each of its two inner corners, a (1 - pi/4) r² that
// the disc can't get into... where the dock is lower than the disc, h < r: the corner is cut by the
// chord, so that one is measured without the dock's surroundings (see tolerance).
TEST(ReachableFloorTest, IsTheRoomWithoutItsCorners) {
  const FloorPlan plan = BoxRoom();
  const double r = 0.17;
  const Reach reach = ReachableFloor(plan, {.radius_m = r, .height_m = 0.1, .resolution_m = 0.01});
  ASSERT_TRUE(reach.start_is_free);
  EXPECT_FALSE(reach.leaves_at);
  // Beside the dock a disc that touches wall and dock leaves a sliver of at most 8 cm × 17 cm
  // uncovered on each side.
  const double without_corners_m2 =
      12 - (4 - std::numbers::pi) * r * r - kDockDepth_m * kDockWidth_m;
  EXPECT_LT(reach.area_m2, without_corners_m2 + 0.01);
  EXPECT_GT(reach.area_m2, without_corners_m2 - 2 * kDockDepth_m * r - 0.01);
}

// A wall with a gap splits the room in two: 0.34 m of disc pass 0.40 m and not 0.30 m.
TEST(ReachableFloorTest, EndsAtADoorwayThatIsTooNarrow) {
  for (const double width_m : {0.40, 0.30}) {
    FloorPlan plan = BoxRoom();
    plan.walls.push_back({{0.5, -1.55}, {0.5, 1.55}});
    plan.doorways.push_back({{0.5, 0.5}, width_m});
    const Reach reach =
        ReachableFloor(plan, {.radius_m = 0.17, .height_m = 0.1, .resolution_m = 0.01});
    const Eigen::Vector2i beyond = reach.floor.CellOf({1.5, 0});
    EXPECT_EQ(reach.floor.At(beyond.x(), beyond.y()), width_m > 0.34 ? 1 : 0) << width_m;
    // The left part is 2.45 m × 3 m; the right one 1.45 m × 3 m.
    EXPECT_NEAR(reach.area_m2, width_m > 0.34 ? 11.7 : 7.35, 0.12);
  }
}

TEST(ReachableFloorTest, SaysWhereAHoleLeadsOut) {
  FloorPlan plan = BoxRoom();
  plan.doorways.push_back({{2.05, 0}, 0.9});
  const Reach reach = ReachableFloor(plan);
  ASSERT_TRUE(reach.leaves_at);
  EXPECT_TRUE(reach.leaves_at->x() > 2 || std::abs(reach.leaves_at->y()) > 1.5);
}

// A table of 1 m × 1 m with 5 cm legs: the robot fits between the legs, and the top hangs above it.
TEST(ReachableFloorTest, GoesUnderATable) {
  FloorPlan plan = BoxRoom();
  plan.furniture.push_back({.name = "table",
                            .shape = FurnitureShape::kTable,
                            .X_WF = {0, 0.5, 0.3},
                            .length_m = 1,
                            .width_m = 1,
                            .height_m = 0.75});
  const Reach reach = ReachableFloor(plan);
  const Eigen::Vector2i middle = reach.floor.CellOf({0, 0.5});
  EXPECT_EQ(reach.floor.At(middle.x(), middle.y()), 1);
  const Grid low = OccupancyOf(plan, 0.01, 0.1), high = OccupancyOf(plan, 0.01, 1.0);
  EXPECT_NEAR(static_cast<double>(high.Count(1) - low.Count(1)) * 1e-4, 1 - 4 * 0.0025, 0.005);
}

// A bar of 2 m × 0.1 m turned by 30°: its cells add up to its area, in every row.
TEST(OccupancyTest, OfATurnedBoxHasItsArea) {
  FloorPlan plan = BoxRoom();
  plan.walls.clear();
  plan.furniture.push_back({.name = "bar",
                            .X_WF = {0.3, 0.2, std::numbers::pi / 6},
                            .length_m = 2,
                            .width_m = 0.1,
                            .height_m = 1});
  const Grid grid = OccupancyOf(plan, 0.005, 0.1);
  EXPECT_NEAR(static_cast<double>(grid.Count(1)) * 25e-6, 0.2 + kDockDepth_m * kDockWidth_m, 0.002);
}

TEST(SolidsOfTest, CutsAWallAtItsDoorway) {
  FloorPlan plan;
  plan.walls.push_back({{0, 0}, {5, 0}});
  plan.doorways.push_back({{2, 0.04}, 1.0});
  const std::vector<Solid> solids = SolidsOf(plan);
  ASSERT_EQ(solids.size(), 3u);                  // Two pieces and the dock.
  EXPECT_NEAR(solids[0].length_m, 1.55, 1e-12);  // From -0.05 to 1.5.
  EXPECT_NEAR(solids[0].X_WS.x, 0.725, 1e-12);
  EXPECT_NEAR(solids[1].length_m, 2.55, 1e-12);  // From 2.5 to 5.05.
  EXPECT_NEAR(DistanceTo(solids[0], {2, 0}), 0.5, 1e-12);
}

TEST(ForEachCellInsideTest, TilesShareNoCell) {
  Grid grid = MakeGrid(
      [] {
        Bounds b;
        b.Add({0, 0});
        b.Add({2, 2});
        return b;
      }(),
      0.1, 0);
  for (const Polygon& half : {Polygon{{0, 0}, {2, 0}, {2, 2}}, Polygon{{0, 0}, {2, 2}, {0, 2}}}) {
    ForEachCellInside(half, grid, [&](int x, int y) { ++grid.At(x, y); });
  }
  EXPECT_EQ(grid.Count(1), 400u);
}

}  // namespace
}  // namespace dustproof
