#include "hil/report/failure_list.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "hil/report/baseline_file.h"
#include "hil/report/run_table.h"

namespace dustproof {
namespace {

using Json = nlohmann::json;

constexpr const char* kSecret = "hunter2-hunter2";

RunReport Failing(const std::string& consent, double at_s) {
  RunReport report;
  report.scenario = "s", report.consent = consent, report.end = "finished", report.build = "0.1.0 (build 12)";
  report.sources = {"homes/s.yaml", "policies/p.yaml", "runs/r.mcap", 12, {{"F1", 34}}, "dustproof run homes/s.yaml --consent " + consent};
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
  report.failed_expectations = {{"the coverage is at least 0.9", "the coverage is not at least 0.9 but 0.4"}};
  report.end = "firmware_died", report.diagnosis = "crash: null\nmore";
  const auto failures = ListFailures({&report});
  ASSERT_EQ(failures.size(), 3u);
  EXPECT_EQ(failures[0].identity.rule, "usefulness.docked");
  EXPECT_EQ(failures[1].identity.rule, "expectation");
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
  report.sources = {}, report.sources.recording_file = "runs/a.mcap";
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

constexpr const char* kAccepted = "kind: baseline\nformat_version: 1\naccepted:\n  - {category: wifi_password, reason: \"known <&> since\", until: 2027-01-31}\n";

RunReport Judged(const std::string& today) {
  RunReport report = Failing("a", 3);
  BaselineUse baseline(*ParseConfig<Baseline>(kAccepted, "b.yaml"), today);
  ApplyBaseline(baseline, &report);
  return report;
}

TEST(AcceptedFailureTest, FailsNothingAndIsShownWithItsReason) {
  const RunReport report = Judged("2027-01-31");
  EXPECT_FALSE(report.failed());
  const Json suppressions = Json::parse(RenderSarif({&report}))["runs"][0]["results"][0]["suppressions"];
  ASSERT_EQ(suppressions.size(), 1u);
  EXPECT_EQ(suppressions[0]["justification"], "accepted until 2027-01-31: known <&> since");
  EXPECT_TRUE(RenderGithubAnnotations({&report}).starts_with("::notice "));
  EXPECT_EQ(Json::parse(RenderGitlabCodeQuality({&report}))[0]["severity"], "info");
  const std::string markdown = RenderMarkdown({&report}), table = RenderRunTable({&report}, false), junit = RenderJunit({&report});
  EXPECT_NE(markdown.find("#### Accepted"), std::string::npos);
  EXPECT_EQ(markdown.find("❌"), std::string::npos);
  EXPECT_NE(table.find("accepted until 2027-01-31: known <&> since"), std::string::npos) << table;
  EXPECT_EQ(table.find(": fail: "), std::string::npos) << table;
  EXPECT_NE(junit.find("<skipped message=\"accepted until 2027-01-31: known &lt;&amp;&gt; since"), std::string::npos) << junit;
  EXPECT_NE(junit.find("failures=\"0\""), std::string::npos);
}

TEST(AcceptedFailureTest, FailsAgainOnceItsDayIsPastAndSaysSo) {
  const RunReport report = Judged("2027-02-01");
  EXPECT_TRUE(report.failed());
  const Json result = Json::parse(RenderSarif({&report}))["runs"][0]["results"][0];
  EXPECT_FALSE(result.contains("suppressions"));
  const std::string said = "no longer accepted, since 2027-01-31 is past";
  EXPECT_NE(result["message"]["text"].get<std::string>().find(said), std::string::npos);
  for (const std::string& text : {RenderMarkdown({&report}), RenderRunTable({&report}, false), RenderJunit({&report}), RenderGithubAnnotations({&report})})
    EXPECT_NE(text.find(said), std::string::npos) << text;
  EXPECT_NE(RenderJunit({&report}).find("failures=\"1\""), std::string::npos);
}

TEST(BaselineFileTest, IsReadOnceItsReasonsAreThere) {
  const RunReport report = Failing("a", 3);
  std::string text = RenderBaseline(ListFailures({&report}), "2027-01-31");
  const Result<Baseline> empty = ParseConfig<Baseline>(text, "b.yaml");
  ASSERT_FALSE(empty.ok());
  EXPECT_NE(ToString(empty.error()).find("accepted[0].reason"), std::string::npos) << ToString(empty.error());
  text.replace(text.find("reason: \"\""), 10, "reason: known");
  Result<Baseline> baseline = ParseConfig<Baseline>(text, "b.yaml");
  ASSERT_TRUE(baseline.ok()) << ToString(baseline.error());
  RunReport again = Failing("b", 4);
  BaselineUse use(std::move(*baseline), "2027-01-31");
  ApplyBaseline(use, &again);
  EXPECT_FALSE(again.failed());
  // What people wrote is kept by the next file.
  EXPECT_NE(RenderBaseline(ListFailures({&again}), "2028-01-01").find("reason: \"known\"\n    until: 2027-01-31"), std::string::npos);
}

TEST(FailureListTest, GivesAMissedExpectationOneFingerprintWhateverWasMeasured) {
  RunReport a = Failing("a", 3), b = Failing("b", 3);
  a.audit.verdicts.clear(), b.audit.verdicts.clear();
  a.failed_expectations = {{"the coverage is at least 0.9", "the coverage is not at least 0.9 but 0.4"}};
  b.failed_expectations = {{"the coverage is at least 0.9", "the coverage is not at least 0.9 but 0.5"}};
  EXPECT_EQ(ListFailures({&a})[0].fingerprint, ListFailures({&b})[0].fingerprint);
  b.failed_expectations[0].expected = "the coverage is at least 0.8";
  EXPECT_NE(ListFailures({&a})[0].fingerprint, ListFailures({&b})[0].fingerprint);
}

TEST(SarifTest, EscapesPathsAsUris) {
  RunReport report = Failing("a", 3);
  report.sources.scenario_file = "my homes/küche #1.yaml";
  const auto uri = [&] { return Json::parse(RenderSarif({&report}))["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]; };
  EXPECT_EQ(uri(), "my%20homes/k%C3%BCche%20%231.yaml");
  report.sources.scenario_file = "/else where/s.yaml";
  EXPECT_EQ(uri(), "file:///else%20where/s.yaml");
}

TEST(MarkdownTest, SetsACommandAsCodeWhateverIsInIt) {
  RunReport report = Failing("a", 3);
  report.sources.command = "dustproof run 'a`b.yaml'";
  EXPECT_NE(RenderMarkdown({&report}).find("`` dustproof run 'a`b.yaml' ``"), std::string::npos);
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
