#include "sim/core/random.h"

#include <gtest/gtest.h>

#include <cmath>

namespace dustproof {
namespace {

// The first output of xoshiro256** is rotl(s1 * 5, 7) * 9; s1 is SplitMix64's second output from
// seed 0, 0x6e789e6aa1b965f4 in the reference implementation's published test values.
TEST(RandomStreamTest, StartsAsTheReferenceDoes) {
  RandomStream stream(0);
  const uint64_t s1 = 0x6e789e6aa1b965f4u;
  const uint64_t x = s1 * 5;
  EXPECT_EQ(stream.NextBits(), ((x << 7) | (x >> 57)) * 9);
}

TEST(RandomStreamTest, HasTheMomentsOfANormal) {
  RandomStream stream = Seed(7).Stream("test");
  const int n = 200'000;
  double sum = 0, squares = 0;
  for (int i = 0; i < n; ++i) {
    const double x = stream.Normal();
    sum += x;
    squares += x * x;
  }
  EXPECT_NEAR(sum / n, 0, 4 / std::sqrt(n));            // Four standard errors of the mean.
  EXPECT_NEAR(squares / n, 1, 4 * std::sqrt(2.0 / n));  // And of the variance.
}

TEST(RandomStreamTest, StaysBelowItsBound) {
  RandomStream stream(3);
  for (int i = 0; i < 1000; ++i) EXPECT_LT(stream.Below(7), 7u);
}

TEST(SeedTest, GivesEachNameItsOwnStream) {
  const Seed seed(1);
  EXPECT_NE(seed.Stream("a").NextBits(), seed.Stream("b").NextBits());
  EXPECT_EQ(seed.Stream("a").NextBits(), Seed(1).Stream("a").NextBits());
  EXPECT_NE(seed.Stream("a").NextBits(), Seed(2).Stream("a").NextBits());
}

}  // namespace
}  // namespace dustproof
