#include "hil/run/determinism.h"

#include <gtest/gtest.h>

namespace dustproof {
namespace {

size_t IndexOf(const std::string& factor) {
  const auto& factors = ConditionFactors();
  for (size_t i = 0; i < factors.size(); ++i) {
    if (factors[i].name == factor) return i;
  }
  return factors.size();
}

// Twenty runs as they are made; `hash` says what each gives.
template <typename Hash>
std::vector<RepeatedRun> Runs(Hash hash) {
  std::vector<RepeatedRun> runs(20);
  for (int i = 0; i < 20; ++i) {
    runs[i].number = i;
    runs[i].conditions = ConditionsOfRun(i);
    runs[i].hash = hash(runs[i]);
  }
  return runs;
}

TEST(FindSuspectsTest, SuspectsNothingWhereAllRunsAgree) {
  EXPECT_TRUE(FindSuspects(Runs([](const RepeatedRun&) { return "one"; })).empty());
}

TEST(FindSuspectsTest, NamesTheConditionWhoseValueDecidesTheHash) {
  const size_t zone = IndexOf("time_zone");
  const auto suspects = FindSuspects(
      Runs([&](const RepeatedRun& run) { return std::to_string(run.conditions[zone]); }));
  ASSERT_EQ(suspects.size(), 1u);
  EXPECT_EQ(suspects[0].factor, "time_zone");
  EXPECT_EQ(suspects[0].values.size(), 3u);
}

TEST(FindSuspectsTest, NamesTheConditionUnderWhichAloneRunsAgree) {
  // As with an address: some of the fixed ones agree, random ones never.
  const size_t addresses = IndexOf("addresses");
  const auto suspects = FindSuspects(Runs([&](const RepeatedRun& run) {
    const std::string half = run.number < 12 ? "fixed" : "fixed otherwise";
    return run.conditions[addresses] == 1 ? half : "run " + std::to_string(run.number);
  }));
  ASSERT_EQ(suspects.size(), 1u);
  EXPECT_EQ(suspects[0].factor, "addresses");
  EXPECT_EQ(suspects[0].values, std::vector<std::string>{"fixed"});
}

TEST(FindSuspectsTest, SuspectsNothingWhereNoConditionExplainsIt) {
  EXPECT_TRUE(FindSuspects(Runs([](const RepeatedRun& run) {
                return std::to_string(run.number);
              })).empty());
}

TEST(FindSuspectsTest, SuspectsNothingWhereOneRunOfManyDiffers) {
  EXPECT_TRUE(FindSuspects(Runs([](const RepeatedRun& run) {
                return run.number == 7 ? "odd" : "even";
              })).empty());
}

}  // namespace
}  // namespace dustproof
