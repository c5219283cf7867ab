#include "hil/shrink/reduce.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "hil/shrink/candidate.h"
#include "sim/core/random.h"

namespace dustproof {
namespace {

using Subset = std::vector<size_t>;

bool Holds(const Subset& all, const std::set<size_t>& some) {
  return std::all_of(some.begin(), some.end(), [&](size_t i) { return std::find(all.begin(), all.end(), i) != all.end(); });
}

TEST(MinimalSubsetTest, FindsExactlyWhatItTakes) {
  RandomStream random = Seed(3).Stream("needed");
  for (int round = 0; round < 200; ++round) {
    const size_t count = 1 + random.Below(40);
    std::set<size_t> needed;
    for (uint64_t i = random.Below(5); i > 0; --i) needed.insert(random.Below(count));
    const Subset kept = MinimalSubset(count, [&](const Subset& some) { return Holds(some, needed); });
    EXPECT_EQ(kept, Subset(needed.begin(), needed.end()));
  }
}

TEST(MinimalSubsetTest, IsMinimalWhereThereAreSeveralWays) {
  // Fails with any three of ten: no two do.
  const Subset kept = MinimalSubset(10, [](const Subset& some) { return some.size() >= 3; });
  EXPECT_EQ(kept.size(), 3u);
}

TEST(MinimalSubsetTest, AsksOfNothingWhereNothingIsNeeded) {
  int asked = 0;
  EXPECT_TRUE(MinimalSubset(1000, [&](const Subset&) { return ++asked, true; }).empty());
  EXPECT_EQ(asked, 1);
  EXPECT_TRUE(MinimalSubset(0, [&](const Subset&) { return ++asked, true; }).empty());
  EXPECT_EQ(asked, 1);
}

TEST(MinimalSubsetTest, EndsWhereNothingCanGo) {
  const Subset kept = MinimalSubset(7, [](const Subset& some) { return some.size() == 7; });
  EXPECT_EQ(kept.size(), 7u);
}

ConfigNode Parsed(const std::string& text) { return *ParseYaml(text, "test.yaml"); }

bool Has(const ConfigNode& root, const std::string& text) { return ToYaml(root).find(text) != std::string::npos; }

TEST(ReduceTreeTest, LeavesWhatItFailsWith) {
  ConfigNode root = Parsed(
      "kind: scenario\nnetwork: {latency: 5ms, jitter: 1ms, outages: [{at: 1s}, {at: 2s, what: wifi}, {at: 3s}]}\n"
      "script: [{at: 1s, do: pair}, {at: 2s, do: clean}, {at: 3s, do: locate}]\nconsents: [A, B, C]\npolygon: [[0, 0], [1, 2]]\n");
  TreeReduction reduction;
  reduction.fails = [](const ConfigNode& tree) { return Has(tree, "wifi") && Has(tree, "locate") && Has(tree, "B") && Has(tree, "polygon"); };
  reduction.may_go = [](const std::string& path, const std::string& key) { return !path.empty() || key != "kind"; };
  ReduceTree(reduction, &root);
  EXPECT_EQ(ToYaml(root), ToYaml(Parsed("kind: scenario\nnetwork: {outages: [{what: wifi}]}\nscript: [{do: locate}]\nconsents: [B]\npolygon: [[0, 0], [1, 2]]\n")));
}

TEST(ReduceTreeTest, LeavesListsAloneWhoseItemsMayNotGo) {
  ConfigNode root = Parsed("script: [{at: 1s, do: pair}, {at: 2s, do: clean}]\nfaults: [{at: 1s}, {at: 2s}]\n");
  const TreeReduction reduction{[](const ConfigNode&) { return true; }, [](const std::string& path, const std::string& key) { return !path.starts_with("script") && key.empty(); }};
  ReduceTree(reduction, &root);
  EXPECT_EQ(ToYaml(root), ToYaml(Parsed("script: [{at: 1s, do: pair}, {at: 2s, do: clean}]\nfaults: []\n")));
}

TEST(ReduceTreeTest, ComesBackToWhatWasHeldBySomethingThatWentLater) {
  // `a` is needed as long as `z` is there, and stands before it.
  ConfigNode root = Parsed("top: {a: 1}\nother: {z: 1}\nkept: 1\n");
  TreeReduction reduction;
  reduction.fails = [](const ConfigNode& tree) { return Has(tree, "kept") && (!Has(tree, "z") || Has(tree, "a: 1")); };
  reduction.may_go = [](const std::string& path, const std::string&) { return !path.empty(); };
  ReduceTree(reduction, &root);
  EXPECT_FALSE(Has(root, "a: 1")) << ToYaml(root);
}

TEST(RoundTimesTest, TakesTheRoundestThatStillFailsAndLeavesTheRest) {
  ConfigNode root = Parsed("a: 3min4.56s\nb: 61.25s\nc: 0.5\nd: 1min\nname: '61s'\n");
  const auto seconds = [](const ConfigNode& tree, const char* key) { return tree.Find(key)->value.text; };
  RoundTimes([&](const ConfigNode& tree) { return seconds(tree, "b") != "1min" && seconds(tree, "b") != "0s"; }, &root);
  EXPECT_EQ(seconds(root, "a"), "3min");
  EXPECT_EQ(seconds(root, "b"), "1min1s");
  EXPECT_EQ(seconds(root, "c"), "0.5");
  EXPECT_EQ(seconds(root, "d"), "1min");
  EXPECT_EQ(seconds(root, "name"), "61s");
}

TEST(RoundTimesTest, PutsBackWhatDoesNotFailRounded) {
  ConfigNode root = Parsed("a: 12.34s\n");
  RoundTimes([](const ConfigNode&) { return false; }, &root);
  EXPECT_EQ(ToYaml(root), "a: 12.34s\n");
}

TEST(ChangePathsTest, KnowsFilesFromNames) {
  for (const auto& [firmware, after] : {std::pair("vacuum", "vacuum"), std::pair("mine.so", "/x/mine.so"), std::pair("bin/mine", "/x/bin/mine"), std::pair("bot.py:Bot", "/x/bot.py:Bot")}) {
    ConfigNode scenario = Parsed(std::string("home: a.yaml\nfirmware: '") + firmware + "'\ntrust: {ca_key: k.pem}\n");
    ChangePaths(&scenario, [](const std::string& path) { return "/x/" + path; });
    EXPECT_EQ(TextOf(scenario, "firmware"), after);
    EXPECT_EQ(TextOf(scenario, "home"), "/x/a.yaml");
    EXPECT_EQ(TextOf(scenario.Find("trust")->value, "ca_key"), "/x/k.pem");
  }
}

TEST(KindOfFailureTest, LeavesOutWhatMayDifferTheNextTime) {
  EXPECT_EQ(KindOfFailure("the firmware died: SIGSEGV at 0x7f12ab in task nav after 12.5 s"), KindOfFailure("the firmware died: SIGSEGV at 0x55d0 in task nav after 3.25 s"));
  EXPECT_NE(KindOfFailure("robot home_map vendor_cloud_cn while C_MAP denied"), KindOfFailure("robot home_map other while C_MAP denied"));
}

}  // namespace
}  // namespace dustproof
