#include "hil/matrix/consent_plan.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <set>

#include "sim/core/random.h"

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
  std::filesystem::remove(path);  // Some file systems take long to write over a file.
  std::ofstream(path) << "kind: consents\nformat_version: 1\n" << text;
  return path;
}

constexpr SimDuration kEnd = SimDuration::Seconds(60);

std::vector<std::string> Planned(const std::string& how) {
  const auto planned = PlanConsents(SomeScenario(), SomePolicy(), {how, 100, kEnd});
  if (!planned) return {ToString(planned.error())};
  return Lines(planned->configurations);
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

// What each consent does in a row, for any `strength` of them.
std::set<std::vector<std::string>> Held(const std::vector<ConsentConfiguration>& rows, size_t strength) {
  std::set<std::vector<std::string>> held;
  for (const ConsentConfiguration& row : rows) {
    std::vector<std::string> each;
    for (const auto& [consent, state] : row.initial) {
      ConsentConfiguration own;
      own.initial[consent] = state;
      std::copy_if(row.changes.begin(), row.changes.end(), std::back_inserter(own.changes), [&](const ConsentStep& step) { return step.consent == consent; });
      each.push_back(consent + " " + ToText(own));
    }
    for (uint32_t mask = 0; mask < (1u << each.size()); ++mask) {
      if (static_cast<size_t>(__builtin_popcount(mask)) != std::min(strength, each.size())) continue;
      std::vector<std::string> choice;
      for (size_t i = 0; i < each.size(); ++i) {
        if (mask >> i & 1) choice.push_back(each[i]);
      }
      held.insert(choice);
    }
  }
  return held;
}

template <size_t N>
std::vector<std::string> SomeOf(const std::array<const char*, N>& words, RandomStream* random) {
  std::vector<std::string> some;
  for (const char* word : words) {
    if (random->Chance(0.4)) some.emplace_back(word);
  }
  return some;
}

constexpr std::array kConsents = {"A", "B", "C", "D", "MASTER"};
constexpr std::array kStates = {"unset", "granted", "denied", "withdrawn"};
constexpr std::array kLevels = {"granted", "denied", "unset", "withdrawn@5s", "granted@5s", "granted/withdrawn@2s/granted@9s", "unset/granted@7s"};

Policy RandomPolicy(RandomStream* random) {
  Policy policy;
  policy.master_consent = random->Chance(0.8) ? "MASTER" : "";
  policy.consent_constraints.resize(1 + random->Below(3));
  for (ConsentConstraint& constraint : policy.consent_constraints)
    constraint = {.consent = kConsents[random->Below(kConsents.size())], .states = SomeOf(kStates, random), .others = SomeOf(kConsents, random),
                  .may_be = SomeOf(kStates, random), .what = {}, .cite = {}, .where = {}};
  return policy;
}

// Scenario's consents in any order; each with some levels, or none, which leaves it unset.
std::string RandomLevels(Scenario* scenario, RandomStream* random) {
  scenario->consents = {kConsents.begin(), kConsents.end()};
  for (size_t i = scenario->consents.size(); i > 1; --i) std::swap(scenario->consents[i - 1], scenario->consents[random->Below(i)]);
  scenario->consents.resize(3 + random->Below(3));
  std::string levels;
  for (const std::string& consent : scenario->consents) {
    std::string words;
    for (const std::string& word : SomeOf(kLevels, random)) words += " " + word;
    if (!words.empty()) levels += (levels.empty() ? "" : ", ") + consent + ":" + words;
  }
  return levels;
}

// Against all combinations, each judged as a whole: the rows hold exactly what the feasible ones hold, whichever consent governs.
TEST(ConsentPlanTest, CoversExactlyWhatThePolicyLetsComeTogether) {
  RandomStream random = Seed(11).Stream("policies");
  int covered = 0, without_any = 0;
  for (int round = 0; round < 3000; ++round) {
    const Policy policy = RandomPolicy(&random);
    Scenario scenario = SomeScenario();
    const std::string levels = RandomLevels(&scenario, &random);
    const size_t strength = 2 + random.Below(2);
    if (levels.empty()) continue;
    const auto all = PlanConsents(scenario, policy, {File("levels: {" + levels + "}\n"), 100'000, kEnd});
    const auto some = PlanConsents(scenario, policy, {File("levels: {" + levels + "}\ncombine: " + (strength == 2 ? "pairwise" : "3-wise") + "\n"), 100'000, kEnd});
    ASSERT_TRUE(all.ok()) << ToString(all.error());
    std::vector<ConsentConfiguration> feasible, rows;
    for (const PlannedConfiguration& p : all->configurations) {
      if (p.infeasible.empty()) feasible.push_back(p.configuration);
    }
    ASSERT_EQ(some.ok(), !feasible.empty()) << round << " " << levels;
    without_any += feasible.empty();
    if (!some) continue;
    for (const PlannedConfiguration& p : some->configurations) {
      EXPECT_EQ(p.infeasible, "") << round << " " << ToText(p.configuration);
      rows.push_back(p.configuration);
    }
    ASSERT_EQ(Held(rows, strength), Held(feasible, strength)) << round << " " << levels;
    ++covered;
  }
  EXPECT_GT(covered, 1000);
  EXPECT_GT(without_any, 100);
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
  EXPECT_NE(Planned("al")[0].find("must be own, all, pairwise, 3-wise to 6-wise or a file, got 'al'"), std::string::npos);
  const std::string text = Planned(File("levels: {MPA: granted, LOG: maybe}\ncombine: 9-wise\n"))[0];
  EXPECT_NE(text.find("combine: must be all, pairwise or 3-wise to 6-wise, got '9-wise'"), std::string::npos) << text;
  EXPECT_NE(text.find("'maybe' is none of unset, granted, denied, withdrawn"), std::string::npos) << text;
  EXPECT_NE(Planned(File("levels: {MPA: granted}\n"))[0].find("no consent 'MPA'; did you mean 'MAP'?"), std::string::npos);
  EXPECT_NE(Planned(File("combine: all\n"))[0].find("holds neither levels nor configurations"), std::string::npos);
}

struct Mistake {
  const char *file, *told;
};

// The first two lines of a file say what it is.
TEST(ConsentPlanTest, SaysAtWhichEntryAMistakeIs) {
  constexpr Mistake kMistakes[] = {
      {"levels:\n  MAP: granted\n  LOG: maybe\n", "yaml:5:8: levels.LOG: 'maybe' is none of unset, granted, denied, withdrawn"},
      {"levels:\n  MAP: granted\n  LOG: granted denied granted\n", "yaml:5:8: levels.LOG: 'granted' stands there twice"},
      {"levels:\n  MAP: withdrawn@3min granted/withdrawn@180s\n", "yaml:4:8: levels.MAP: 'withdrawn@3min' and 'granted/withdrawn@180s' are the same"},
      {"levels:\n  MAP: granted\n  MPA: granted\n", "yaml:5:8: levels.MPA: s.yaml has no consent 'MPA'; did you mean 'MAP'?"},
      {"levels:\n  MAP: ' '\n", "yaml:4:8: levels.MAP: has no level"},
      {"levels:\n  MAP: granted/denied@9s/granted@5s\n", "yaml:4:8: levels.MAP: changes stand in the order of their times, and 'granted@5s' comes before"},
      {"configurations:\n  fine: MAP=denied\n  odd: MAP=maybe\n", "yaml:5:8: configurations.odd: MAP: 'maybe' is none of"},
      {"configurations:\n  fine: MAP=denied\n  odd: MPA=denied\n", "yaml:5:8: configurations.odd: s.yaml has no consent 'MPA'; did you mean 'MAP'?"},
      {"configurations:\n  fine: MAP=denied\n  control: MAP=denied\n", "yaml:5:12: configurations.control: is the name of the cell that shows the ways out"},
      {"configurations:\n  '../x': MAP=denied\n", "yaml:4:11: configurations.../x: a configuration's name names files: at most 64 letters"},
      {"configurations:\n  'a/b': MAP=denied\n", "got 'a/b'"},
      {"levels: {MAP: granted denied}\nconfigurations:\n  all-2: MAP=denied\n", "yaml:5:10: configurations.all-2: is the name of a combination of the levels"},
      {"levels: {MAP: granted denied}\ncombine: pairwise\nconfigurations: {pairwise-1: MAP=denied}\n", "yaml:5:30: configurations.pairwise-1: is the name of a combination"},
      {"levels: {MASTER: denied, MAP: granted}\ncombine: pairwise\n",
       "yaml:4:10: combine: the policy's constraints between consents allow none of the combinations; the first breaks this one: MAP can't be granted while MASTER is "
       "denied: nothing before the policy (L1)"},
  };
  for (const Mistake& mistake : kMistakes) {
    const std::vector<std::string> planned = Planned(File(mistake.file));
    ASSERT_EQ(planned.size(), 1u) << mistake.file;
    EXPECT_NE(planned[0].find(mistake.told), std::string::npos) << planned[0] << "\n" << mistake.told;
  }
}

TEST(ConsentPlanTest, TakesNamesThatCombinationsDoNotHave) {
  EXPECT_EQ(Planned(File("levels: {MAP: granted denied}\nconfigurations: {all-3: MAP=denied}\n")).size(), 3u);
}

TEST(ConsentPlanTest, SaysWhatComesTooLate) {
  const auto planned = PlanConsents(SomeScenario(), SomePolicy(),
                                    {File("levels:\n  MAP: granted withdrawn@60s withdrawn@61s granted@2min unset/granted@2min\nconfigurations:\n  late: MASTER=granted,LOG=granted@2min\n"), 100, kEnd});
  ASSERT_TRUE(planned.ok()) << ToString(planned.error());
  ASSERT_EQ(planned->warnings.size(), 2u);
  EXPECT_NE(ToString(planned->warnings[0]).find("yaml:6:9: configurations.late: LOG granted at 2min: comes after the run's end at 1min: it never happens"), std::string::npos)
      << ToString(planned->warnings[0]);
  EXPECT_NE(ToString(planned->warnings[1]).find("yaml:4:8: levels.MAP: MAP withdrawn at 1min1s, MAP granted at 2min: comes after the run's end"), std::string::npos);
}

TEST(ConsentPlanTest, RefusesMoreThanFits) {
  Scenario scenario = SomeScenario();
  for (int i = 0; i < 17; ++i) scenario.consents.push_back("C" + std::to_string(i));
  const auto planned = PlanConsents(scenario, SomePolicy(), {"all", 10'000, kEnd});
  ASSERT_FALSE(planned.ok());
  EXPECT_NE(ToString(planned.error()).find("are 524288 configurations, where 10000 fit; try pairwise"), std::string::npos);
}

}  // namespace
}  // namespace dustproof
