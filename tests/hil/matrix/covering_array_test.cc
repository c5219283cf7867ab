#include "hil/matrix/covering_array.h"

#include <gtest/gtest.h>

#include <numeric>
#include <set>

#include "sim/core/random.h"

namespace dustproof {
namespace {

using Allowed = std::function<bool(const LevelRow&)>;
const Allowed kAnything = [](const LevelRow&) { return true; };

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
  int with_infeasible = 0;
  for (int round = 0; round < 60; ++round) {
    std::vector<size_t> levels(2 + random.Below(4));
    for (size_t& count : levels) count = 1 + random.Below(4);
    const size_t strength = 1 + random.Below(std::min<uint64_t>(4, levels.size()));
    // Some pairs of levels can't come together.
    std::vector<std::array<size_t, 4>> forbidden(random.Below(4));
    for (auto& f : forbidden) {
      f[0] = random.Below(levels.size()), f[2] = random.Below(levels.size());
      f[1] = random.Below(levels[f[0]]), f[3] = random.Below(levels[f[2]]);
    }
    const Allowed allowed = [&](const LevelRow& row) {
      return std::none_of(forbidden.begin(), forbidden.end(), [&](const auto& f) { return row[f[0]] == f[1] && row[f[2]] == f[3]; });
    };
    std::vector<LevelRow> feasible = EveryRow(levels);
    const size_t all = Held(feasible, strength).size();
    std::erase_if(feasible, [&](const LevelRow& row) { return !allowed(row); });
    const auto array = CoverTuples(levels, strength, allowed);
    ASSERT_EQ(array.ok(), !feasible.empty()) << round;
    if (!array) continue;
    for (const LevelRow& row : array->rows) EXPECT_TRUE(allowed(row)) << round;
    EXPECT_EQ(Held(array->rows, strength), Held(feasible, strength)) << round;
    EXPECT_EQ(array->tuples, all) << round;
    EXPECT_EQ(array->infeasible_tuples, all - Held(feasible, strength).size()) << round;
    with_infeasible += array->infeasible_tuples > 0;
  }
  EXPECT_GT(with_infeasible, 10);
}

// Colbourn's tables of covering arrays have 8, 16 and 24 rows at the least for these.
TEST(CoveringArrayTest, IsNotMuchLargerThanTheSmallestKnown) {
  EXPECT_LE(CoverTuples(std::vector<size_t>(17, 2), 2, kAnything)->rows.size(), 11u);
  EXPECT_LE(CoverTuples(std::vector<size_t>(13, 3), 2, kAnything)->rows.size(), 22u);
  EXPECT_LE(CoverTuples(std::vector<size_t>(10, 4), 2, kAnything)->rows.size(), 36u);
}

TEST(CoveringArrayTest, HasTheSameRowsForTheSameFactors) {
  const std::vector<size_t> levels = {2, 3, 4, 2, 3};
  EXPECT_EQ(CoverTuples(levels, 2, kAnything)->rows, CoverTuples(levels, 2, kAnything)->rows);
}

TEST(CoveringArrayTest, RefusesMoreThanCanBeCovered) {
  const auto array = CoverTuples(std::vector<size_t>(30, 4), 6, kAnything);
  ASSERT_FALSE(array.ok());
  EXPECT_NE(ToString(array.error()).find("take a lower strength"), std::string::npos);
}

}  // namespace
}  // namespace dustproof
