#include "hil/audit/internal/bit_grid.h"

#include <gtest/gtest.h>

#include "sim/core/random.h"

namespace dustproof::internal {
namespace {

BitGrid Random(int width, int height, uint64_t seed) {
  RandomStream random(seed);
  BitGrid grid(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      if (random.Chance(0.4)) grid.Set(x, y);
    }
  }
  return grid;
}

// Cell by cell, across the edges of words and of the grids.
TEST(BitGridTest, CountsCommonCellsUnderAnyShift) {
  const BitGrid below = Random(130, 40, 1), above = Random(70, 25, 2);
  for (const int dx : {-80, -64, -63, -1, 0, 1, 5, 63, 64, 65, 100}) {
    const MovedGrid moved(above, dx);
    for (const int dy : {-30, -3, 0, 7, 39}) {
      size_t expected = 0;
      for (int y = 0; y < above.height(); ++y) {
        for (int x = 0; x < above.width(); ++x)
          expected += above.Get(x, y) && below.Get(x + dx, y + dy) ? 1 : 0;
      }
      EXPECT_EQ(moved.CountCommon(below, dy), expected) << dx << ", " << dy;
    }
  }
}

TEST(BitGridTest, GrowsShrinksAndLooksBeside) {
  const BitGrid grid = Random(67, 9, 3);
  const BitGrid grown = grid.Grown(), shrunk = grid.Shrunk(), beside = grid.Beside();
  for (int y = 0; y < grid.height(); ++y) {
    for (int x = 0; x < grid.width(); ++x) {
      bool any = false, all = true;
      for (int dy = -1; dy <= 1; ++dy) {
        for (int dx = -1; dx <= 1; ++dx) {
          any = any || grid.Get(x + dx, y + dy);
          all = all && grid.Get(x + dx, y + dy);
        }
      }
      EXPECT_EQ(grown.Get(x, y), any) << x << ", " << y;
      EXPECT_EQ(shrunk.Get(x, y), all) << x << ", " << y;
      EXPECT_EQ(beside.Get(x, y), grid.Get(x - 1, y) || grid.Get(x + 1, y) || grid.Get(x, y - 1) ||
                                      grid.Get(x, y + 1))
          << x << ", " << y;
    }
  }
}

// An L of three cells lies differently in each of the eight ways.
TEST(BitGridTest, LaysASheetInEightWays) {
  BitGrid sheet(3, 2);
  sheet.Set(0, 0), sheet.Set(1, 0), sheet.Set(2, 0), sheet.Set(0, 1);
  EXPECT_TRUE(sheet.Laid(0).Get(0, 1));
  // A quarter turn takes (x, y) to (height - 1 - y, x).
  const BitGrid quarter = sheet.Laid(1);
  EXPECT_EQ(quarter.width(), 2);
  EXPECT_TRUE(quarter.Get(1, 0) && quarter.Get(1, 1) && quarter.Get(1, 2) && quarter.Get(0, 0));
  EXPECT_TRUE(sheet.Laid(2).Get(2, 0) && sheet.Laid(2).Get(0, 1));
  EXPECT_TRUE(sheet.Laid(3).Get(1, 2) && sheet.Laid(3).Get(0, 0));
  EXPECT_TRUE(sheet.Laid(4).Get(2, 1));
  for (int i = 0; i < 8; ++i) EXPECT_EQ(sheet.Laid(i).Count(), 4u) << i;
}

}  // namespace
}  // namespace dustproof::internal
