#include "hil/audit/policy.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace dustproof {
namespace {

std::string ReadPolicyText() {
  std::ifstream in(std::string(DUSTPROOF_SOURCE_DIR) + "/scenarios/policies/jt_innovation.yaml");
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(PolicyTest, ReadsTheShippedPolicy) {
  const auto policy = ParsePolicy(ReadPolicyText(), "p.yaml");
  ASSERT_TRUE(policy.ok()) << ToString(policy.error());
  const auto rules = policy->RulesFor("robot", "home_map");
  ASSERT_EQ(rules.size(), 1u);
  EXPECT_EQ(rules[0]->consent, "C_MAP_UPLOAD");
  EXPECT_TRUE(rules[0]->granted[0].allows("vendor_cloud_cn"));
  EXPECT_FALSE(rules[0]->denied[0].allows("vendor_cloud_cn"));
  EXPECT_TRUE(rules[0]->denied[2].allows("vendor_cloud_cn"));
  EXPECT_EQ(rules[0]->basis, Basis::kDerived);
  EXPECT_TRUE(policy->RulesFor("robot", "robot_status")[0]->granted[1].undetermined);
  EXPECT_EQ(policy->stop_bound.online, SimDuration::Seconds(5));
}

TEST(PolicyTest, HeadsOnlyTheTextsOwnRulesAsViolations) {
  EXPECT_STREQ(HeadingFor(Basis::kText), "violates the policy");
  for (const Basis basis : {Basis::kDerived, Basis::kStandard, Basis::kLaw, Basis::kHarness}) {
    EXPECT_EQ(std::string(HeadingFor(basis)).find("violates"), std::string::npos);
  }
}

TEST(PolicyTest, RefusesHolesAndUnknownNamesAtOnce) {
  std::string text =
      Replaced(ReadPolicyText(), "categories: [wifi_scan]", "categories: [wifi_ssid]");
  text = Replaced(
      text,
      "denied: {strict: [device], literal: [device], lenient: [device, app_lan, vendor_cloud_cn]}",
      "denied: {strict: [devise], literal: [device], lenient: [device, app_lan, vendor_cloud_cn]}");
  const auto policy = ParsePolicy(text, "p.yaml");
  ASSERT_FALSE(policy.ok());
  const std::string said = ToString(policy.error());
  EXPECT_NE(said.find("none for category 'wifi_scan'"), std::string::npos) << said;
  EXPECT_NE(said.find("no party 'devise' in parties; did you mean 'device'?"), std::string::npos)
      << said;
}

TEST(PolicyTest, RefusesARuleWithoutAReading) {
  const auto policy =
      ParsePolicy(Replaced(ReadPolicyText(), "denied: {strict: [], literal: [], lenient: []}",
                           "denied: {strict: [], literal: []}"),
                  "p.yaml");
  ASSERT_FALSE(policy.ok());
  EXPECT_NE(ToString(policy.error()).find("lenient"), std::string::npos)
      << ToString(policy.error());
}

}  // namespace
}  // namespace dustproof
