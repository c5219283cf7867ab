#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include <nlohmann/json.hpp>
#include <string>

#include "hil/report/run_table.h"

namespace dustproof {
namespace {

RunReport OneFailure() {
  RunReport report;
  report.scenario = "s";
  report.consent = "all_denied";
  report.end = "finished";
  Finding finding;
  finding.id = "f1";
  finding.category = "wifi_password";
  finding.party.key = "vendor_cloud_cn";
  finding.value = "hunter2-hunter2";
  for (const char c : std::string("xx hunter2-hunter2")) {
    finding.excerpt.push_back(static_cast<std::byte>(c));
  }
  report.audit.findings = {finding};
  VerdictRow row;
  row.emitter = "robot";
  row.category = "wifi_password";
  row.party = "vendor_cloud_cn";
  row.verdict = Verdict::kFail;
  row.basis = Basis::kDerived;
  row.reason = "it was sent <& may not be>";
  row.evidence = {"f1"};
  report.audit.verdicts = {row};
  return report;
}

std::string Between(const std::string& text, const std::string& begin, const std::string& end) {
  const size_t at = text.find(begin) + begin.size();
  return text.substr(at, text.find(end, at) - at);
}

// An independent reckoning of what a browser compares: the hash of exactly what stands inside the
// element.
std::string Sha256Base64(const std::string& text) {
  unsigned char digest[SHA256_DIGEST_LENGTH], base64[64];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
  EVP_EncodeBlock(base64, digest, sizeof digest);
  return reinterpret_cast<const char*>(base64);
}

TEST(HtmlTest, AllowsItsOwnScriptAndStyleByHashAndNothingElse) {
  const RunReport report = OneFailure();
  const std::string page = RenderHtml({&report});
  const std::string policy = Between(page, "Content-Security-Policy\" content=\"", "\"");
  EXPECT_NE(policy.find("default-src 'none'"), std::string::npos);
  EXPECT_NE(policy.find("script-src 'sha256-" +
                        Sha256Base64(Between(page, "<script>", "</script>")) + "'"),
            std::string::npos);
  EXPECT_NE(
      policy.find("style-src 'sha256-" + Sha256Base64(Between(page, "<style>", "</style>")) + "'"),
      std::string::npos);
  EXPECT_EQ(policy.find("unsafe"), std::string::npos);
}

// A browser drops them without a word: the policy above allows one style element.
TEST(HtmlTest, SetsNoStyleAttribute) {
  const RunReport report;
  const std::string page = RenderHtml({&report});
  for (const char* attribute : {" style=", "{style:", "'style'", "\"style\""}) EXPECT_EQ(page.find(attribute), std::string::npos) << attribute;
}

TEST(HtmlTest, KeepsDataFromEndingItsElement) {
  RunReport report = OneFailure();
  report.diagnosis = "</script><script>alert(1)</script><!--<script>";
  const std::string page = RenderHtml({&report});
  EXPECT_EQ(page.find("alert(1)</script>"), std::string::npos);
  const std::string element =
      Between(page, "<script type=\"application/json\" id=\"data\">", "</script>");
  // A browser goes on to the end of the page behind "<!--<script" in a script.
  EXPECT_EQ(element.find('<'), std::string::npos);
  const auto data = nlohmann::json::parse(element);
  EXPECT_EQ(data["runs"][0]["diagnosis"], report.diagnosis);
}

// A category's rows as the evidence table shows them: the worst first, and otherwise as they were.
TEST(HtmlTest, ListsTheWorstRowsOfACategoryFirst) {
  RunReport report = OneFailure();
  report.audit.verdicts.clear();
  const auto add = [&](const char* category, const char* party, Verdict verdict) {
    VerdictRow row;
    row.category = category, row.party = party, row.verdict = verdict;
    report.audit.verdicts.push_back(row);
  };
  add("wifi_ssid", "a", Verdict::kPass);
  add("home_map", "a", Verdict::kNotExercised);
  add("home_map", "b", Verdict::kPass);
  add("home_map", "c", Verdict::kUndetermined);
  add("home_map", "d", Verdict::kFail);
  add("home_map", "e", Verdict::kPass);
  const auto data = nlohmann::json::parse(Between(
      RenderHtml({&report}), "<script type=\"application/json\" id=\"data\">", "</script>"));
  std::string order;
  for (const auto& row : data["runs"][0]["verdicts"])
    order += row["category"].get<std::string>()[0] + row["party"].get<std::string>() + " ";
  EXPECT_EQ(order, "wa hd hc hb he ha ");
}

// JSON and JUnit get uploaded to other people's servers.
TEST(UploadedOutputsTest, HoldNoPayloadAndNoPlantedValue) {
  const RunReport report = OneFailure();
  for (const std::string& text : {RenderRunJson({&report}), RenderJunit({&report})}) {
    EXPECT_EQ(text.find("hunter2"), std::string::npos);
  }
}

TEST(JunitTest, EscapesTextAndHeadsAFailureByItsBasis) {
  const RunReport report = OneFailure();
  const std::string xml = RenderJunit({&report});
  EXPECT_NE(xml.find("failures=\"1\""), std::string::npos);
  EXPECT_NE(xml.find("it was sent &lt;&amp; may not be&gt;"), std::string::npos);
  EXPECT_NE(xml.find(HeadingFor(Basis::kDerived)), std::string::npos);
  EXPECT_EQ(xml.find("violates the policy"), std::string::npos);
}

TEST(SummaryTest, CountsCellsByTheirWorstVerdict) {
  const RunReport report = OneFailure();
  EXPECT_EQ(RenderSummaryLine({&report}),
            "1 run: 0 pass, 1 fail, 0 undetermined, 0 not exercised; usefulness 0 of 0");
  EXPECT_TRUE(report.failed());
}

TEST(SummaryTest, SaysWhatElseMakesARunFail) {
  RunReport report = OneFailure();
  report.failed_expectations = {{"expect.docked: true", "the robot did not end on its dock"}};
  report.end = "firmware_died";
  EXPECT_EQ(RenderSummaryLine({&report}),
            "1 run: 0 pass, 1 fail, 0 undetermined, 0 not exercised; usefulness 0 of 0; 1 not as "
            "expected; the firmware died in 1");
}

TEST(RunTableTest, NamesEachFailureWithItsPlace) {
  RunReport report = OneFailure();
  report.audit.findings[0].what = "the password in upper case";
  const std::string table = RenderRunTable({&report}, false);
  EXPECT_NE(table.find(": fail: "), std::string::npos) << table;
  EXPECT_NE(table.find("the password in upper case"), std::string::npos) << table;
}

TEST(RunTableTest, NamesMissedDeadlinesInOneLineAndIsQuietOfTheRest) {
  RunReport report = OneFailure();
  report.deadlines = {
      {.task = "motors", .within_s = 0.02, .worst_s = 0.02, .activations = 9, .missed = 0}};
  EXPECT_EQ(RenderRunTable({&report}, false).find("deadlines"), std::string::npos);
  report.deadlines.push_back(
      {.task = "slam", .within_s = 0.2, .worst_s = 0.3125, .activations = 7, .missed = 3});
  report.deadlines.push_back(
      {.task = "map", .within_s = 1, .worst_s = 2.5, .activations = 2, .missed = 1});
  EXPECT_NE(RenderRunTable({&report}, false)
                .find("all_denied: deadlines missed: slam 3 of 7 (worst 312.5 ms, may take 200), "
                      "map 1 of 2 (worst 2500 ms, may take 1000)\n"),
            std::string::npos)
      << RenderRunTable({&report}, false);
}

TEST(RunJsonTest, GivesDeadlinesAndWhatComputingTakes) {
  RunReport report = OneFailure();
  const auto run = [&] { return nlohmann::json::parse(RenderRunJson({&report}, ""))[0]; };
  EXPECT_EQ(run()["compute"], "zero");
  EXPECT_EQ(run()["deadlines"], nlohmann::json::array());
  report.compute = "2 cores; slam after lidar.read 1s";
  report.deadlines = {
      {.task = "slam", .within_s = 0.25, .worst_s = 0.5, .activations = 7, .missed = 3}};
  EXPECT_EQ(run()["compute"], report.compute);
  EXPECT_EQ(run()["deadlines"][0], nlohmann::json({{"task", "slam"},
                                                   {"within_s", 0.25},
                                                   {"worst_s", 0.5},
                                                   {"missed", 3},
                                                   {"activations", 7}}));
}

}  // namespace
}  // namespace dustproof
