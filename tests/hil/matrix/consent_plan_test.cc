#include "hil/matrix/consent_plan.h"

#include <gtest/gtest.h>

#include <fstream>

namespace dustproof {
namespace {

Scenario SomeScenario() {
  Scenario scenario;
  scenario.path = "s.yaml";
  scenario.consents = {"MASTER", "MAP", "LOG"};
  scenario.configurations = {*ParseAnswers("MASTER=granted,MAP=granted"), *ParseAnswers("MASTER=denied")};
  scenario.configurations[0].name = "one", scenario.configurations[1].name = "two";
  scenario.configurations[1].run_by_default = false;
  return scenario;
}

Policy SomePolicy() {
  Policy policy;
  policy.master_consent = "MASTER";
  policy.consent_constraints = {{.consent = "MASTER", .states = {"unset", "denied", "withdrawn"}, .others = {}, .may_be = {"unset", "denied", "withdrawn"},
                                 .what = "nothing before the policy", .cite = "L1", .where = {}}};
  return policy;
}

std::vector<std::string> Lines(const std::vector<PlannedConfiguration>& planned) {
  std::vector<std::string> lines;
  for (const PlannedConfiguration& p : planned) lines.push_back(ToText(p.configuration) + (p.infeasible.empty() ? "" : " !"));
  return lines;
}

std::string File(const std::string& text) {
  const std::string path = testing::TempDir() + "consents-" + std::to_string(getpid()) + ".yaml";
  std::ofstream(path) << "kind: consents\nformat_version: 1\n" << text;
  return path;
}

std::vector<std::string> Planned(const std::string& how) {
  const auto planned = PlanConsents(SomeScenario(), SomePolicy(), how, 100);
  if (!planned) return {ToString(planned.error())};
  return Lines(*planned);
}

TEST(ConsentPlanTest, TakesTheScenariosOwnConfigurationsByDefault) {
  EXPECT_EQ(Planned(""), std::vector<std::string>{"MAP=granted,MASTER=granted"});
}

TEST(ConsentPlanTest, CombinesAllAnswersWithThePolicyAccepted) {
  EXPECT_EQ(Planned("all"), (std::vector<std::string>{"LOG=granted,MAP=granted,MASTER=granted", "LOG=denied,MAP=granted,MASTER=granted",
                                                      "LOG=granted,MAP=denied,MASTER=granted", "LOG=denied,MAP=denied,MASTER=granted"}));
  EXPECT_EQ(Planned("pairwise").size(), 4u);  // Two consents with two answers each: nothing can be saved.
}

TEST(ConsentPlanTest, ReadsLevelsAndConfigurationsFromAFile) {
  EXPECT_EQ(Planned(File("levels: {MAP: granted withdrawn@5s, others: denied}\n"
                         "configurations: {late: 'MASTER=granted,LOG=granted@7s'}\n")),
            (std::vector<std::string>{"LOG=denied/granted@7s,MASTER=granted", "LOG=denied,MAP=granted,MASTER=granted",
                                      "LOG=denied,MAP=granted/withdrawn@5s,MASTER=granted"}));
}

// Two of the three feasible ways to answer, since nothing can be granted with the policy declined.
TEST(ConsentPlanTest, CoversPairsWithoutInfeasibleRows) {
  for (const std::string& line : Planned(File("levels: {MASTER: granted denied, others: granted denied}\ncombine: pairwise\n"))) {
    EXPECT_EQ(line.find('!'), std::string::npos) << line;
  }
  const auto all = Planned(File("levels: {MASTER: granted denied, others: granted denied}\n"));
  EXPECT_EQ(std::count_if(all.begin(), all.end(), [](const std::string& line) { return line.ends_with("!"); }), 3);
}

TEST(ConsentPlanTest, SaysWhichConstraintIsBrokenFromWhen) {
  const Policy policy = SomePolicy();
  const std::vector<std::string> consents = {"MASTER", "MAP"};
  EXPECT_EQ(BrokenConstraint(policy, consents, *ParseAnswers("MASTER=denied,MAP=granted")),
            "MAP can't be granted while MASTER is denied: nothing before the policy (L1)");
  EXPECT_EQ(BrokenConstraint(policy, consents, *ParseAnswers("MASTER=granted/withdrawn@5s,MAP=granted/granted@7s")),
            "from 7s on MAP can't be granted while MASTER is withdrawn: nothing before the policy (L1)");
  // The app takes back all others together with the policy.
  EXPECT_EQ(BrokenConstraint(policy, consents, *ParseAnswers("MASTER=granted/withdrawn@5s,MAP=granted")), "");
}

TEST(ConsentPlanTest, RefusesWhatItDoesNotKnowAllAtOnce) {
  EXPECT_NE(Planned("al")[0].find("must be all, pairwise, 3-wise to 6-wise or a file, got 'al'"), std::string::npos);
  const std::string text = Planned(File("levels: {MPA: granted, LOG: maybe}\ncombine: 9-wise\n"))[0];
  EXPECT_NE(text.find("combine: must be all, pairwise or 3-wise to 6-wise, got '9-wise'"), std::string::npos) << text;
  EXPECT_NE(text.find("'maybe' is none of unset, granted, denied, withdrawn"), std::string::npos) << text;
  EXPECT_NE(Planned(File("levels: {MPA: granted}\n"))[0].find("no consent 'MPA'; did you mean 'MAP'?"), std::string::npos);
  EXPECT_NE(Planned(File("combine: all\n"))[0].find("holds neither levels nor configurations"), std::string::npos);
}

TEST(ConsentPlanTest, RefusesMoreThanFits) {
  Scenario scenario = SomeScenario();
  for (int i = 0; i < 17; ++i) scenario.consents.push_back("C" + std::to_string(i));
  const auto planned = PlanConsents(scenario, SomePolicy(), "all", 10'000);
  ASSERT_FALSE(planned.ok());
  EXPECT_NE(ToString(planned.error()).find("are 524288 configurations, where 10000 fit; try pairwise"), std::string::npos);
}

}  // namespace
}  // namespace dustproof
