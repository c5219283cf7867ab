#include "hil/run/run_conditions.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

namespace dustproof {
namespace {

TEST(RunConditionsTest, TheFirstRunHasTheDefaultsInEverything) {
  for (const size_t value : ConditionsOfRun(0)) EXPECT_EQ(value, 0u);
}

TEST(RunConditionsTest, TwentyRunsSeeEveryValueOfEveryFactorSeveralTimes) {
  const auto& factors = ConditionFactors();
  for (size_t i = 0; i < factors.size(); ++i) {
    std::map<size_t, int> counts;
    for (int run = 0; run < 20; ++run) ++counts[ConditionsOfRun(run)[i]];
    EXPECT_EQ(counts.size(), factors[i].values.size()) << factors[i].name;
    // Nineteen runs in rounds over at most four values: four times each at least.
    for (const auto& [value, count] : counts) EXPECT_GE(count, 4) << factors[i].name;
  }
}

TEST(RunConditionsTest, FactorsDoNotGoTogether) {
  // Of two factors, each pair of values comes up: else one could hide behind the other.
  const auto& factors = ConditionFactors();
  for (size_t a = 0; a < factors.size(); ++a) {
    for (size_t b = 0; b < a; ++b) {
      std::set<std::pair<size_t, size_t>> pairs;
      for (int run = 0; run < 200; ++run) {
        const RunConditions conditions = ConditionsOfRun(run);
        pairs.emplace(conditions[a], conditions[b]);
      }
      EXPECT_EQ(pairs.size(), factors[a].values.size() * factors[b].values.size())
          << factors[a].name << " and " << factors[b].name;
    }
  }
}

}  // namespace
}  // namespace dustproof
