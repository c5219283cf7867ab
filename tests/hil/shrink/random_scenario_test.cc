#include "hil/shrink/random_scenario.h"

#include <gtest/gtest.h>

#include <set>

#include "hil/matrix/consent_plan.h"
#include "sim/config/config.h"
#include "sim/plan/load_home.h"
#include "hil/shrink/candidate.h"

namespace dustproof {
namespace {

const std::string kBase = std::string(DUSTPROOF_SOURCE_DIR) + "/scenarios/first_run.yaml";

class DrawScenarioTest : public testing::Test {
 protected:
  void SetUp() override {
    inputs_.scenario = *LoadScenario(kBase);
    const Result<Policy> policy = LoadPolicy(PathBeside(kBase, inputs_.scenario.policy));
    ASSERT_TRUE(policy.ok());
    inputs_.policy = *policy;
    base_ = *LoadPortable(kBase, "");
  }
  RandomScenario Draw(uint64_t seed) {
    const Result<RandomScenario> drawn = DrawScenario(base_, inputs_, seed, "home.yaml");
    EXPECT_TRUE(drawn.ok());
    return *drawn;
  }
  RunInputs inputs_;
  ConfigNode base_;
};

TEST_F(DrawScenarioTest, GivesValidScenariosWithFeasibleAnswers) {
  std::set<std::string> different;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    const RandomScenario drawn = Draw(seed);
    const std::string text = ToYaml(drawn.scenario);
    different.insert(text);
    const Result<Scenario> scenario = ParseScenario(text, "drawn.yaml");
    ASSERT_TRUE(scenario.ok()) << ToString(scenario.error()) << text;
    ASSERT_EQ(scenario->configurations.size(), 1u);
    EXPECT_EQ(BrokenConstraint(inputs_.policy, scenario->consents, scenario->configurations[0]), "");
    const auto home = ParseHome(ToYaml(drawn.home), "home.yaml");
    ASSERT_TRUE(home.ok()) << ToString(home.error()) << ToYaml(drawn.home);
  }
  EXPECT_EQ(different.size(), 200u);
}

TEST_F(DrawScenarioTest, GivesTheSameForTheSameSeed) {
  EXPECT_EQ(ToYaml(Draw(5).scenario), ToYaml(Draw(5).scenario));
  EXPECT_EQ(ToYaml(Draw(5).home), ToYaml(Draw(5).home));
}

TEST_F(DrawScenarioTest, DrawsForAProductWithoutConsents) {
  inputs_.scenario.consents.clear();
  for (uint64_t seed = 1; seed <= 20; ++seed) EXPECT_NE(ToYaml(Draw(seed).scenario).find("answers: {}"), std::string::npos);
}

TEST_F(DrawScenarioTest, MeetsEveryKindOfTrouble) {
  std::string all;
  for (uint64_t seed = 1; seed <= 100; ++seed) all += ToYaml(Draw(seed).scenario);
  for (const char* word : {"power_cut", "brownout", "battery_charge", "wifi", "internet", "factory_reset", "delete_account", "withdrawn", "do: press"})
    EXPECT_NE(all.find(word), std::string::npos) << word;
}

}  // namespace
}  // namespace dustproof
