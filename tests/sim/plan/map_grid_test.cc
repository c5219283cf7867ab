#include "sim/plan/map_grid.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "sim/core/random.h"

namespace dustproof {
namespace {

// Rows from the top down, as one sees them; '#' is 1.
Grid Draw(const std::vector<std::string>& rows) {
  Grid grid;
  grid.resolution_m = 1;
  grid.width = static_cast<int>(rows[0].size());
  grid.height = static_cast<int>(rows.size());
  grid.cells.assign(rows.size() * rows[0].size(), 0);
  for (int y = 0; y < grid.height; ++y) {
    for (int x = 0; x < grid.width; ++x) {
      grid.At(x, y) = rows[rows.size() - 1 - static_cast<size_t>(y)][static_cast<size_t>(x)] == '#';
    }
  }
  return grid;
}

Grid Noise(uint64_t seed, int width, int height, double share) {
  Grid grid = Draw(std::vector<std::string>(static_cast<size_t>(height),
                                            std::string(static_cast<size_t>(width), '.')));
  RandomStream random(seed);
  for (uint8_t& cell : grid.cells) cell = random.Chance(share);
  return grid;
}

TEST(MergeRectanglesTest, KeepsWallsInOnePiece) {
  const std::vector<CellRect> rects = MergeRectangles(Draw({"#######",  //
                                                            "#.....#",  //
                                                            "#.....#",  //
                                                            "#######"}));
  // The two long rows, and what is left of the two columns.
  ASSERT_EQ(rects.size(), 4u);
  EXPECT_EQ(rects[0].width, 7);
  EXPECT_EQ(
      std::count_if(rects.begin(), rects.end(), [](const CellRect& r) { return r.width == 1; }), 2);
}

TEST(MergeRectanglesTest, CoversExactlyTheCells) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    const Grid grid = Noise(seed, 40, 30, 0.1 + 0.016 * static_cast<double>(seed));
    Grid covered = grid;
    std::fill(covered.cells.begin(), covered.cells.end(), uint8_t{0});
    for (const CellRect& r : MergeRectangles(grid)) {
      for (int y = r.y; y < r.y + r.height; ++y) {
        for (int x = r.x; x < r.x + r.width; ++x) ++covered.At(x, y);
      }
    }
    EXPECT_EQ(covered.cells, grid.cells) << seed;
  }
}

TEST(SquaredDistancesTest, EqualBruteForce) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Grid grid = Noise(seed, 23, 17, 0.03);
    const std::vector<int32_t> squared = SquaredDistances(grid);
    for (int y = 0; y < grid.height; ++y) {
      for (int x = 0; x < grid.width; ++x) {
        int32_t best = 1 << 29;
        for (int v = 0; v < grid.height; ++v) {
          for (int u = 0; u < grid.width; ++u) {
            if (grid.At(u, v) != 0) best = std::min(best, (u - x) * (u - x) + (v - y) * (v - y));
          }
        }
        EXPECT_EQ(squared[grid.Index(x, y)], best);
      }
    }
  }
}

TEST(LabelComponentsTest, ConnectsCornersOnlyWhenAsked) {
  const Grid grid = Draw({"##.#", "..#.", "#..#"});
  int32_t count = 0;
  LabelComponents(grid, 1, Neighbours::kEdges, &count);
  EXPECT_EQ(count, 5);
  LabelComponents(grid, 1, Neighbours::kEdgesAndCorners, &count);
  EXPECT_EQ(count, 2);
}

TEST(TraceOutlineTest, GoesRoundAnL) {
  const std::vector<Vec2> outline = TraceOutline(Draw({"#..", "#..", "###"}), 0, 0);
  EXPECT_EQ(outline, (std::vector<Vec2>{{3, 0}, {3, 1}, {1, 1}, {1, 3}, {0, 3}, {0, 0}}));
}

// The hole at the middle meets the outside at a corner: the outline passes there twice, and is cut
// so as not to touch itself.
TEST(TraceOutlineTest, CutsACornerThatItPassesTwice) {
  const Grid grid = Draw({"###", "#.#", "##."});
  const std::vector<Vec2> outline = TraceOutline(grid, 0, 0);
  EXPECT_NEAR(SignedArea(outline), 7, 0.05);
  EXPECT_EQ(std::count(outline.begin(), outline.end(), Vec2(2, 1)), 0);
}

}  // namespace
}  // namespace dustproof
