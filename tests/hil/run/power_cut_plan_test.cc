#include "hil/run/power_cut_plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace dustproof {
namespace {

SimTime At(int64_t ms) { return SimTime::Zero() + SimDuration::Milliseconds(ms); }

// Ten programs of 1 ms and one erase of 50 ms, at 1 s, 2 s, …; a send every 100 ms; 60 s long.
RunSurvey Survey() {
  RunSurvey survey;
  for (int i = 1; i <= 10; ++i) {
    const auto address = static_cast<uint32_t>(i) * 256;
    survey.operations.push_back(
        {At(1000 * i), At(1000 * i + 1), {.erase = false, .address = address, .bytes = 200}});
  }
  survey.operations.push_back(
      {At(11000), At(11050), {.erase = true, .address = 0x4000, .bytes = 4096}});
  for (int i = 0; i < 600; ++i) survey.sends.push_back(At(100 * i));
  survey.end = At(60'000);
  return survey;
}

int CountWith(const std::vector<PowerCut>& cuts, const std::string& beginning) {
  return static_cast<int>(std::count_if(cuts.begin(), cuts.end(), [&](const PowerCut& cut) {
    return cut.operation.rfind(beginning, 0) == 0;
  }));
}

TEST(PlanPowerCutsTest, CutsBeforeDuringAndAfterEveryWrite) {
  const RunSurvey survey = Survey();
  const std::vector<PowerCut> cuts = PlanPowerCuts(survey, CutMode::kEveryWrite, 0, Seed(1));
  ASSERT_EQ(cuts.size(), 33u);
  EXPECT_EQ(CountWith(cuts, "before "), 11);
  EXPECT_EQ(CountWith(cuts, "during "), 11);
  EXPECT_EQ(CountWith(cuts, "after "), 11);
  for (int i = 0; i < 11; ++i) {
    const FlashOperation& operation = survey.operations[static_cast<size_t>(i)];
    const auto at = [&](int place) { return cuts[static_cast<size_t>(3 * i + place)].at; };
    EXPECT_EQ(at(0), operation.begin);
    EXPECT_GT(at(1), operation.begin);
    EXPECT_LT(at(1), operation.end);
    EXPECT_EQ(at(2), operation.end);
  }
  EXPECT_EQ(cuts.back().operation, "after erase of block 0x4000");
}

TEST(PlanPowerCutsTest, MoreCutsThanPlacesTearTheOperationsAtMoreInstants) {
  const std::vector<PowerCut> cuts = PlanPowerCuts(Survey(), CutMode::kEveryWrite, 143, Seed(1));
  ASSERT_EQ(cuts.size(), 143u);
  EXPECT_EQ(CountWith(cuts, "before "), 11);
  EXPECT_EQ(CountWith(cuts, "during "), 121);
  EXPECT_EQ(CountWith(cuts, "during erase"), 11);  // 110 more over 11 operations, ten each.
}

TEST(PlanPowerCutsTest, MixesFlashOperationsSendsAndSamples) {
  const std::vector<PowerCut> cuts = PlanPowerCuts(Survey(), CutMode::kMixed, 40, Seed(1));
  ASSERT_EQ(cuts.size(), 40u);
  EXPECT_EQ(CountWith(cuts, "after a send"), 10);
  EXPECT_EQ(CountWith(cuts, "sensors'"), 10);
  for (size_t i = 0; i < cuts.size(); ++i) {
    EXPECT_EQ(cuts[i].number, static_cast<int>(i) + 1);
    if (i > 0) {
      EXPECT_LE(cuts[i - 1].at, cuts[i].at);
    }
    if (cuts[i].operation.rfind("sensors'", 0) == 0) {
      EXPECT_EQ(cuts[i].at.nanoseconds() % 10'000'000, 0);
    }
  }
}

TEST(PlanPowerCutsTest, SpreadsRandomInstantsOverTheWholeRun) {
  const std::vector<PowerCut> cuts = PlanPowerCuts(Survey(), CutMode::kRandom, 60, Seed(1));
  std::map<int64_t, int> by_second;
  for (const PowerCut& cut : cuts) ++by_second[cut.at.nanoseconds() / 1'000'000'000];
  EXPECT_EQ(by_second.size(), 60u);  // 60 stretches of a second, one cut in each.
}

// Three pages one after another are one write; the fourth a second later is another.
TEST(ReferencesTest, AllowWhatWasBeforeAndAfterTheWriteThatIsCut) {
  std::vector<FlashOperation> operations;
  for (int i = 0; i < 3; ++i) operations.push_back({At(1000 + i), At(1001 + i), {}});
  operations.push_back({At(2000), At(2001), {}});
  const std::vector<FlashSpan> writes = FindWrites(operations);
  ASSERT_EQ(writes.size(), 2u);
  EXPECT_EQ(writes[0].end, At(1003));
  const std::vector<ReferenceCut> references = PlanReferences(writes);
  ASSERT_EQ(references.size(), 3u);
  EXPECT_EQ(references[0].at, At(1000));
  EXPECT_EQ(references[2].at, At(2001));
  using Numbers = std::vector<int>;
  EXPECT_EQ(ReferencesOf(At(500), writes), (Numbers{0}));
  EXPECT_EQ(ReferencesOf(At(1000), writes), (Numbers{0}));  // Begun, but no bit has changed.
  EXPECT_EQ(ReferencesOf(At(1001), writes), (Numbers{0, 1}));
  EXPECT_EQ(ReferencesOf(At(1003), writes), (Numbers{1}));
  EXPECT_EQ(ReferencesOf(At(1500), writes), (Numbers{1}));
  EXPECT_EQ(ReferencesOf(At(2001), writes), (Numbers{2}));
  EXPECT_TRUE(ReferencesOf(At(1), {}).empty());
}

TEST(PlanPowerCutsTest, RepeatsItselfAndDiffersByItsSeed) {
  const auto plan = [](uint64_t seed) {
    std::vector<int64_t> at;
    for (const PowerCut& cut : PlanPowerCuts(Survey(), CutMode::kMixed, 50, Seed(seed)))
      at.push_back(cut.at.nanoseconds());
    return at;
  };
  EXPECT_EQ(plan(1), plan(1));
  EXPECT_NE(plan(1), plan(2));
}

TEST(PlanPowerCutsTest, MakesDoWithARunThatNeverWrites) {
  RunSurvey survey;
  survey.end = At(1000);
  EXPECT_TRUE(PlanPowerCuts(survey, CutMode::kEveryWrite, 0, Seed(1)).empty());
  EXPECT_EQ(PlanPowerCuts(survey, CutMode::kMixed, 8, Seed(1)).size(), 8u);
}

}  // namespace
}  // namespace dustproof
