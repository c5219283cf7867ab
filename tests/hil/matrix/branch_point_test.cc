#include "hil/matrix/branch_point.h"

#include <gtest/gtest.h>

namespace dustproof {
namespace {

ConsentConfiguration Of(const std::string& line) { return *ParseAnswers(line); }

SimTime At(int s) { return SimTime::Zero() + SimDuration::Seconds(s); }

std::optional<BranchPoint> Find(const std::vector<std::string>& lines, SimTime now, SimTime answers_at) {
  static std::vector<ConsentConfiguration> configurations;
  configurations.clear();
  std::vector<const ConsentConfiguration*> pointers;
  for (const std::string& line : lines) configurations.push_back(Of(line));
  for (const ConsentConfiguration& c : configurations) pointers.push_back(&c);
  return FindBranchPoint(pointers, now, answers_at);
}

using Branches = std::vector<std::vector<size_t>>;

TEST(BranchPointTest, LiesWhereTheFirstOfThemDoesSomethingElse) {
  const auto point = Find({"A=granted/denied@20s", "A=granted", "A=granted/denied@20s/granted@30s"}, At(0), At(2));
  ASSERT_TRUE(point);
  EXPECT_EQ(point->at, At(20));
  EXPECT_EQ(point->branches, (Branches{{0, 2}, {1}}));
}

TEST(BranchPointTest, LiesAtTheConsentScreensForOtherAnswers) {
  const auto point = Find({"A=granted/denied@20s", "A=denied", "A=granted"}, At(0), At(2));
  ASSERT_TRUE(point);
  EXPECT_EQ(point->at, At(2));
  EXPECT_EQ(point->branches, (Branches{{0, 2}, {1}}));
}

TEST(BranchPointTest, IsNoneForTheSameAndWhereNobodyIsAsked) {
  EXPECT_FALSE(Find({"A=granted,B=denied", "B=denied,A=granted"}, At(0), At(2)));
  EXPECT_FALSE(Find({"A=granted", "A=denied"}, At(0), SimTime::Max()));
  EXPECT_FALSE(Find({"A=unset", "A=unset,B=unset"}, At(0), At(2)));
}

// Both change two consents at one instant, one of them to something else.
TEST(BranchPointTest, TellsStepsOfOneInstantApart) {
  const auto point = Find({"A=granted/denied@20s,B=granted/denied@20s", "A=granted/denied@20s,B=granted/withdrawn@20s"}, At(3), At(2));
  ASSERT_TRUE(point);
  EXPECT_EQ(point->at, At(20));
  EXPECT_EQ(point->branches.size(), 2u);
}

TEST(BranchPointTest, FirstAnswersAreThoseOfTheFirstPairing) {
  Scenario scenario;
  EXPECT_EQ(FirstAnswers(scenario), SimTime::Max());
  scenario.script = {{.at = SimDuration::Seconds(9), .action = "pair", .value = "", .where = {}},
                     {.at = SimDuration::Seconds(4), .action = "clean", .value = "", .where = {}},
                     {.at = SimDuration::Seconds(5), .action = "pair", .value = "", .where = {}}};
  EXPECT_EQ(FirstAnswers(scenario), At(5));
}

}  // namespace
}  // namespace dustproof
