#include "hil/audit/internal/home_match.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

#include "sim/plan/generate.h"
#include "sim/plan/load_home.h"
#include "tests/hil/audit/plan_pictures.h"
#include "tests/hil/audit/synthetic_run.h"

namespace dustproof {
namespace {

using internal::HomeMatch;
using internal::HomeMatcher;
using internal::MapPrior;
using namespace test;  // NOLINT: maps and what can be done to them.

constexpr int kNullHomes = 39;
#if defined(__SANITIZE_ADDRESS__)
// The sanitizers look at the code; the rates are seen without them.
constexpr size_t kHomesMax = 1, kWaysMax = 1;
#else
constexpr size_t kHomesMax = 6, kWaysMax = 8;
#endif
/// Homes with enough rooms that a piece of one is no other's.
constexpr GenerateOptions kHomes{.length_m_min = 9, .length_m_max = 12};

/// The first few of several ways to show a map.
std::vector<double> Ways(std::vector<double> ways) {
  ways.resize(std::min(ways.size(), kWaysMax));
  return ways;
}

/// Seeds of homes to try.
std::vector<uint64_t> Seeds(uint64_t first, size_t count) {
  std::vector<uint64_t> seeds(std::min(count, kHomesMax));
  std::iota(seeds.begin(), seeds.end(), first);
  return seeds;
}

std::optional<HomeMatch> Match(const HomeMatcher& matcher, const GridMap& map) {
  return matcher.MatchGrid(ToBytes(map.cells), static_cast<size_t>(map.width), MapPrior::kNone);
}

TEST(HomeMatchTest, FindsWholeMapsAtAnyScaleAndTurn) {
  for (const uint64_t seed : Seeds(21, 3)) {
    const FloorPlan plan = GeneratePlan(seed, kHomes);
    const HomeMatcher matcher(plan, kNullHomes);
    for (const double yaw : Ways({0.35, 0.0, 2.0}))
      EXPECT_TRUE(Match(matcher, MapOf(plan, yaw))) << seed << ", turned by " << yaw;
    for (const double resolution_m : Ways({0.0371, 0.02, 0.1, 0.12}))
      EXPECT_TRUE(Match(matcher, MapOf(plan, 0, resolution_m))) << seed << " at " << resolution_m;
  }
}

TEST(HomeMatchTest, FindsPiecesOfMaps) {
  RandomStream random(5);
  for (const uint64_t seed : Seeds(31, 4)) {
    const FloorPlan plan = GeneratePlan(seed, kHomes);
    const HomeMatcher matcher(plan, kNullHomes);
    const GridMap piece = RandomCrop(MapOf(plan), 0.7, random);
    EXPECT_TRUE(Match(matcher, piece)) << seed;
    EXPECT_TRUE(Match(matcher, AxesSwapped(piece))) << seed;
    EXPECT_TRUE(Match(matcher, Scaled(piece, 0.73))) << seed;
  }
}

TEST(HomeMatchTest, FindsHalfOfAFurnishedFlat) {
  const auto plan =
      LoadHome(std::string(DUSTPROOF_SOURCE_DIR) + "/scenarios/homes/two_bedroom.yaml");
  ASSERT_TRUE(plan.ok());
  const HomeMatcher matcher(*plan, kNullHomes);
  RandomStream random(6);
  const GridMap map = MapOf(*plan);
  for (size_t i = 0; i < kWaysMax; ++i)
    EXPECT_TRUE(Match(matcher, RandomCrop(map, 0.5, random))) << "piece " << i;
}

TEST(HomeMatchTest, IsQuietAboutOtherHomesAndTheirPieces) {
  RandomStream random(7);
  for (const uint64_t seed : Seeds(41, 6)) {
    const HomeMatcher matcher(GeneratePlan(seed, kHomes), kNullHomes);
    for (uint64_t other = 0; other < 6; ++other) {
      const GridMap map = MapOf(GeneratePlan(1000 * seed + other, kHomes));
      EXPECT_FALSE(Match(matcher, map)) << seed << " and " << other;
      EXPECT_FALSE(Match(matcher, RandomCrop(map, 0.6, random))) << seed << " and " << other;
    }
  }
}

TEST(HomeMatchTest, IsQuietAboutBlotsAndShuffledMaps) {
  RandomStream random(8);
  for (const uint64_t seed : Seeds(51, 3)) {
    const FloorPlan plan = GeneratePlan(seed, kHomes);
    const HomeMatcher matcher(plan, kNullHomes);
    const GridMap map = RandomCrop(MapOf(plan), 0.9, random);
    for (int i = 0; i < 4; ++i) {
      EXPECT_FALSE(Match(matcher, Blots(map, random))) << seed << ", blot " << i;
      EXPECT_FALSE(Match(matcher, Shuffled(map, 24, random))) << seed << ", shuffle " << i;
    }
  }
}

}  // namespace
}  // namespace dustproof
