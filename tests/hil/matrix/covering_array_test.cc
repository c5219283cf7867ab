#include "hil/matrix/covering_array.h"

#include <gtest/gtest.h>

#include <numeric>
#include <set>

#include "sim/core/random.h"

namespace dustproof {
namespace {

const std::vector<LevelClash> kNone;

bool Clashes(const LevelRow& row, const LevelClash& clash) {
  return std::all_of(clash.begin(), clash.end(), [&](const auto& member) { return row[member.first] == member.second; });
}

// Every row there is, by counting; only for few factors.
std::vector<LevelRow> EveryRow(const std::vector<size_t>& levels) {
  std::vector<LevelRow> rows = {{}};
  for (const size_t count : levels) {
    std::vector<LevelRow> longer;
    for (const LevelRow& row : rows) {
      for (size_t level = 0; level < count; ++level) {
        longer.push_back(row);
        longer.back().push_back(level);
      }
    }
    rows = std::move(longer);
  }
  return rows;
}

// The choices of levels for `strength` factors that rows hold, written down as (factor, level) pairs.
std::set<std::vector<std::pair<size_t, size_t>>> Held(const std::vector<LevelRow>& rows, size_t strength) {
  std::set<std::vector<std::pair<size_t, size_t>>> held;
  for (const LevelRow& row : rows) {
    for (uint32_t mask = 0; mask < (1u << row.size()); ++mask) {
      if (static_cast<size_t>(__builtin_popcount(mask)) != strength) continue;
      std::vector<std::pair<size_t, size_t>> choice;
      for (size_t i = 0; i < row.size(); ++i) {
        if (mask >> i & 1) choice.emplace_back(i, row[i]);
      }
      held.insert(choice);
    }
  }
  return held;
}

// Against every feasible row, listed by brute force: the array holds exactly what they hold.
TEST(CoveringArrayTest, MeetsEveryFeasibleChoiceAndNoOther) {
  RandomStream random = Seed(7).Stream("test");
  int with_infeasible = 0, with_nothing = 0;
  for (int round = 0; round < 2000; ++round) {
    std::vector<size_t> levels(2 + random.Below(4));
    for (size_t& count : levels) count = 1 + random.Below(4);
    const size_t strength = 1 + random.Below(std::min<uint64_t>(4, levels.size()));
    // Some levels can't come together: two, three, one alone, or none at all with what else there is.
    std::vector<LevelClash> clashes(random.Below(5));
    for (LevelClash& clash : clashes) {
      clash.resize(1 + (random.Chance(0.8) ? random.Below(3) : 0));
      for (auto& [factor, level] : clash) factor = random.Below(levels.size()), level = random.Below(levels[factor]);
    }
    if (random.Chance(0.02)) clashes.emplace_back();
    const auto allowed = [&](const LevelRow& row) {
      return std::none_of(clashes.begin(), clashes.end(), [&](const LevelClash& clash) { return Clashes(row, clash); });
    };
    std::vector<LevelRow> feasible = EveryRow(levels);
    const size_t all = Held(feasible, strength).size();
    std::erase_if(feasible, [&](const LevelRow& row) { return !allowed(row); });
    const auto array = CoverTuples(levels, strength, clashes);
    ASSERT_TRUE(array.ok()) << round;
    EXPECT_EQ(array->rows.empty(), feasible.empty()) << round;
    for (const LevelRow& row : array->rows) EXPECT_TRUE(allowed(row)) << round;
    EXPECT_EQ(Held(array->rows, strength), Held(feasible, strength)) << round;
    EXPECT_EQ(array->tuples, all) << round;
    EXPECT_EQ(array->infeasible_tuples, all - Held(feasible, strength).size()) << round;
    with_infeasible += array->infeasible_tuples > 0;
    with_nothing += feasible.empty();
  }
  EXPECT_GT(with_infeasible, 500);
  EXPECT_GT(with_nothing, 20);
}

// Colbourn's tables of covering arrays have 8, 16 and 24 rows at the least for these.
TEST(CoveringArrayTest, IsNotMuchLargerThanTheSmallestKnown) {
  EXPECT_LE(CoverTuples(std::vector<size_t>(17, 2), 2, kNone)->rows.size(), 11u);
  EXPECT_LE(CoverTuples(std::vector<size_t>(13, 3), 2, kNone)->rows.size(), 22u);
  EXPECT_LE(CoverTuples(std::vector<size_t>(10, 4), 2, kNone)->rows.size(), 36u);
}

// As large as a product has consents, and quick: 792,064 choices, where trying each anew took hours.
TEST(CoveringArrayTest, CoversSixOfSeventeen) {
  const auto array = CoverTuples(std::vector<size_t>(17, 2), 6, kNone);
  EXPECT_EQ(array->tuples, 792'064u);
  EXPECT_LE(array->rows.size(), 310u);
}

// A choice of the first factor is far from those that it forbids, and must not be found out by trying all that lies between.
TEST(CoveringArrayTest, SeesAtOnceWhatALevelForbids) {
  std::vector<LevelClash> clashes;
  for (size_t i = 1; i < 40; ++i) clashes.push_back({{0, 1}, {i, 0}});
  clashes.push_back({{0, 1}, {38, 1}, {39, 1}});
  const auto array = CoverTuples(std::vector<size_t>(40, 2), 2, clashes);
  for (const LevelRow& row : array->rows) EXPECT_EQ(row[0], 0u);  // With the other level nothing is left for the last two.
  EXPECT_EQ(array->infeasible_tuples, 39u * 2);
}

TEST(CoveringArrayTest, HasTheSameRowsForTheSameFactors) {
  const std::vector<size_t> levels = {2, 3, 4, 2, 3};
  EXPECT_EQ(CoverTuples(levels, 2, kNone)->rows, CoverTuples(levels, 2, kNone)->rows);
}

TEST(CoveringArrayTest, RefusesMoreThanCanBeCovered) {
  const auto array = CoverTuples(std::vector<size_t>(30, 4), 6, kNone);
  ASSERT_FALSE(array.ok());
  EXPECT_NE(ToString(array.error()).find("any 6 consents have 2432102400 combinations of levels to cover, where 2000000 fit; take 3-wise (259840), or fewer levels"),
            std::string::npos)
      << ToString(array.error());
}

}  // namespace
}  // namespace dustproof
