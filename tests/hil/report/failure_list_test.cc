#include "hil/report/failure_list.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace dustproof {
namespace {

using Json = nlohmann::json;

constexpr const char* kSecret = "hunter2-hunter2";

RunReport Failing(const std::string& consent, double at_s) {
  RunReport report;
  report.scenario = "s", report.consent = consent, report.end = "finished", report.build = "0.1.0 (build 12)";
  report.sources = {"homes/s.yaml", "policies/p.yaml", 12, {{"F1", 34}}, "dustproof run homes/s.yaml --consent " + consent};
  Finding finding;
  finding.id = "f1", finding.category = "wifi_password", finding.value = kSecret, finding.what = std::string("it sent ") + kSecret;
  finding.time = SimTime::Zero() + SimDuration::FromSeconds(at_s), finding.sequence = 9, finding.protocol = "mqtt", finding.party.host = "iot.example";
  for (const char c : std::string("xx") + kSecret) finding.excerpt.push_back(static_cast<std::byte>(c));
  finding.first_byte = 7, finding.excerpt_offset = 5, finding.byte_count = 15;
  report.audit.findings = {finding};
  VerdictRow row;
  row.emitter = "robot", row.category = "wifi_password", row.party = "cloud", row.purpose = "none", row.rule = "F1", row.clause = "L1, 100 %";
  row.consent = "C_POLICY", row.phase = "granted", row.verdict = Verdict::kFail, row.basis = Basis::kText, row.reason = "it was sent, and may not be", row.evidence = {"f1"};
  report.audit.verdicts = {row};
  row.reading = Reading::kLenient;  // Not the one that decides.
  report.audit.verdicts.push_back(row);
  return report;
}

// SHA-256 of "hunter2-hunter2", by coreutils' sha256sum.
constexpr const char* kSha256 = "84ca44583745ccf15b7bf24814907969c6afa3e380daf3bbe35a353fe192dace";

TEST(FailureListTest, GathersTheRunsInWhichTheSameFails) {
  const RunReport a = Failing("a", 3), b = Failing("b", 4);
  const auto failures = ListFailures({&a, &b});
  ASSERT_EQ(failures.size(), 1u);
  EXPECT_EQ(failures[0].title, "wifi_password to cloud (none) while C_POLICY is granted");
  EXPECT_EQ(failures[0].consents, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(failures[0].time_s, 3);
  EXPECT_EQ(failures[0].scenario.line, 12);
  EXPECT_EQ(failures[0].policy.line, 34);
  EXPECT_EQ(failures[0].sha256, kSha256);
}

TEST(FailureListTest, HasAFingerprintThatOutlivesTimesLinesAndOrder) {
  const RunReport a = Failing("a", 3);
  RunReport b = Failing("b", 99);
  b.sources.scenario_line = 77, b.sources.rule_lines["F1"] = 1, b.seed = 5;
  EXPECT_EQ(ListFailures({&a})[0].fingerprint, ListFailures({&b})[0].fingerprint);
  b.audit.verdicts[0].party = "other";
  EXPECT_NE(ListFailures({&a})[0].fingerprint, ListFailures({&b})[0].fingerprint);
}

TEST(FailureListTest, ListsWhatIsNoVerdictToo) {
  RunReport report = Failing("a", 3);
  report.audit.verdicts.clear();
  report.audit.usefulness = {{"docked", Verdict::kFail, "it stood elsewhere"}, {"session_up", Verdict::kPass, ""}};
  report.failed_expectations = {"the coverage is not at least 0.9"};
  report.end = "firmware_died", report.diagnosis = "crash: null\nmore";
  const auto failures = ListFailures({&report});
  ASSERT_EQ(failures.size(), 3u);
  EXPECT_EQ(failures[0].rule, "usefulness.docked");
  EXPECT_EQ(failures[1].rule, "expectation");
  EXPECT_EQ(failures[2].reason, "crash: null");
}

TEST(FailureListTest, NeverQuotesWhatWasSent) {
  const RunReport report = Failing("a", 3);
  for (const std::string& text : {RenderSarif({&report}), RenderMarkdown({&report}), RenderGithubAnnotations({&report}), RenderGitlabCodeQuality({&report})}) {
    EXPECT_NE(text.find("wifi"), std::string::npos);
    EXPECT_EQ(text.find(kSecret), std::string::npos);
  }
}

TEST(SarifTest, PointsAtTheScenarioAndThePolicysRule) {
  const RunReport report = Failing("a", 3);
  const Json log = Json::parse(RenderSarif({&report}));
  EXPECT_EQ(log["version"], "2.1.0");
  const Json& run = log["runs"][0];
  EXPECT_EQ(run["tool"]["driver"]["rules"][0]["id"], "F1");
  const Json& result = run["results"][0];
  EXPECT_EQ(result["ruleIndex"], 0);
  const Json& place = result["locations"][0]["physicalLocation"];
  EXPECT_EQ(place["artifactLocation"]["uri"], "homes/s.yaml");
  EXPECT_EQ(place["artifactLocation"]["uriBaseId"], "%SRCROOT%");
  EXPECT_EQ(place["region"]["startLine"], 12);
  EXPECT_EQ(result["relatedLocations"][0]["physicalLocation"]["region"]["startLine"], 34);
  EXPECT_EQ(result["properties"]["sha256"], kSha256);
}

TEST(SarifTest, PointsAtTheRecordingWhereNothingElseIsKnown) {
  RunReport report = Failing("a", 3);
  report.sources = {}, report.recording = "runs/a.mcap";
  const Json result = Json::parse(RenderSarif({&report}))["runs"][0]["results"][0];
  EXPECT_EQ(result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "runs/a.mcap");
  EXPECT_FALSE(result["locations"][0]["physicalLocation"].contains("region"));
  EXPECT_FALSE(result.contains("relatedLocations"));
}

TEST(SarifTest, HasNoResultWhereAllIsWell) {
  RunReport report = Failing("a", 3);
  report.audit.verdicts.clear();
  EXPECT_EQ(Json::parse(RenderSarif({&report}))["runs"][0]["results"], Json::array());
}

TEST(MarkdownTest, StaysShortHoweverMuchFails) {
  RunReport report = Failing("a", 3);
  const VerdictRow row = report.audit.verdicts[0];
  for (int i = 0; i < 2000; ++i) {
    report.audit.verdicts.push_back(row);
    report.audit.verdicts.back().purpose = "purpose " + std::to_string(i);
  }
  const std::string text = RenderMarkdown({&report});
  EXPECT_LT(text.size(), 65'000u);
  EXPECT_NE(text.find("more failures are in the report"), std::string::npos);
}

// As GitHub's toolkit encodes them: % CR LF in messages, : and , in properties as well.
TEST(AnnotationsTest, AreEscapedAsGithubReadsThem) {
  RunReport report = Failing("a", 3);
  report.audit.verdicts[0].purpose = "a, b: c";
  const std::string text = RenderGithubAnnotations({&report});
  EXPECT_TRUE(text.starts_with("::error file=homes/s.yaml,line=12,title=wifi_password to cloud (a%2C b%3A c) while C_POLICY is granted::violates the policy. ")) << text;
  EXPECT_NE(text.find("%0AL1, 100 %25%0A"), std::string::npos) << text;
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
}

TEST(AnnotationsTest, AreACodeQualityReportForGitlab) {
  const RunReport report = Failing("a", 3);
  const Json rows = Json::parse(RenderGitlabCodeQuality({&report}));
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0]["check_name"], "F1");
  EXPECT_EQ(rows[0]["location"]["lines"]["begin"], 12);
  EXPECT_EQ(rows[0]["fingerprint"].get<std::string>().size(), 32u);
}

}  // namespace
}  // namespace dustproof
