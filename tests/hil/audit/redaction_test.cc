#include "hil/audit/redaction.h"

#include <gtest/gtest.h>

#include "tests/hil/audit/synthetic_run.h"

namespace dustproof {
namespace {

const std::map<std::string, std::vector<std::string>> kPlanted = {{"wifi_password", {"hunter2-hunter2"}},
                                                                  {"robot_mac", {"a4:c1:38:0b:5e:99"}},
                                                                  {"precise_location", {"48.1234567,11.7654321"}},
                                                                  {"nickname", {"Ada7"}}};

// By coreutils, and `xxhsum -H3`.
constexpr const char* kHex = "68756e746572322d68756e74657232";
constexpr const char* kBase64 = "aHVudGVyMi1odW50ZXIy";

TEST(RedactorTest, PutsCategoryLengthAndHashInThePlaceOfAValue) {
  Redactor redactor(kPlanted);
  const std::string text = redactor.Redact("log: psk hunter2-hunter2, next");
  EXPECT_TRUE(text.starts_with("log: psk [wifi_password, 15 bytes, xxh3 ")) << text;
  EXPECT_TRUE(text.ends_with("], next")) << text;
}

TEST(RedactorTest, KnowsAValueInOtherSpellings) {
  Redactor redactor(kPlanted);
  for (const std::string& spelling : {std::string("HUNTER2-HUNTER2"), std::string("2retnuh-2retnuh"), std::string(kHex), std::string(kBase64), std::string("hunter2%2Dhunter2"),
                                      "{\"psk\": \"" + std::string(kBase64) + "\"}", std::string("A4-C1-38-0B-5E-99"), std::string("a4c1380b5e99"), std::string("at 48.1234567 north"),
                                      std::string("11.7654321"), std::string("Ada7")}) {
    const std::string text = redactor.Redact("it died of " + spelling + " at 3 s");
    EXPECT_NE(text.find("bytes, xxh3 "), std::string::npos) << spelling << " -> " << text;
    EXPECT_EQ(text.find(spelling), std::string::npos) << text;
    EXPECT_TRUE(text.starts_with("it died of ")) << text;
  }
}

TEST(RedactorTest, LeavesEverythingElseAsItIs) {
  Redactor redactor(kPlanted);
  for (const std::string text : {"", "the firmware ended the run at 12.345 s: crash", "json $.wifi_psk", "mqtt PUBLISH s/17/up/state", "0123456789abcdef0123456789abcdef", "hunter2"})
    EXPECT_EQ(redactor.Redact(text), text);
}

TEST(RedactorTest, RedactsWhatAnAuditsOutputsShow) {
  Redactor redactor(kPlanted);
  AuditReport report;
  Finding finding;
  finding.decoders = {"json $.hunter2-hunter2"}, finding.party.host = "hunter2-hunter2.example", finding.value = "hunter2-hunter2";
  report.findings = {finding};
  report.warnings = {{{}, "", "what went to hunter2-hunter2.example could not be decrypted"}};
  RedactTexts(redactor, &report);
  EXPECT_TRUE(report.findings[0].decoders[0].starts_with("json $.[wifi_password, ")) << report.findings[0].decoders[0];
  EXPECT_TRUE(report.findings[0].party.host.ends_with("].example")) << report.findings[0].party.host;
  EXPECT_EQ(report.warnings[0].message.find("hunter2"), std::string::npos);
  EXPECT_EQ(report.findings[0].value, "hunter2-hunter2");  // The page quotes it.
}

// A firmware chooses its hosts and the keys of its JSON: what it hides there must not come out with the outputs.
TEST(RedactorTest, IsAppliedToEveryAudit) {
  test::SyntheticRun run("redaction");
  const std::string secret = test::SyntheticRun::kPassword;
  run.Publish(100, "up/state", "{\"" + secret + "\": {\"mac\": \"" + test::SyntheticRun::kMac + "\"}}");
  const AuditReport report = run.Audit();
  bool found = false;
  for (const Finding& finding : report.findings) {
    for (const std::string& decoder : finding.decoders) {
      found = found || decoder.find("[wifi_password, 16 bytes, xxh3 ") != std::string::npos;
      EXPECT_EQ(decoder.find(secret), std::string::npos) << decoder;
    }
  }
  EXPECT_TRUE(found);
}

}  // namespace
}  // namespace dustproof
