#include "hil/run/run_request.h"

#include <gtest/gtest.h>

namespace dustproof {
namespace {

TEST(RunRequestTest, ComesBackFromJsonAsItWas) {
  RunRequest request;
  request.scenario = "/a/s.yaml";
  request.consent = "all_denied";
  request.seed = 18446744073709551615u;  // The largest seed there is.
  request.firmware = "/f/vacuum.so";
  request.until = SimDuration::Milliseconds(90'500);
  request.recording = "/out/r.mcap";
  const RunRequest back = RunRequestFromJson(ToJson(request));
  EXPECT_EQ(back.scenario, request.scenario);
  EXPECT_EQ(back.consent, request.consent);
  EXPECT_EQ(back.seed, request.seed);
  EXPECT_EQ(back.firmware, request.firmware);
  EXPECT_EQ(back.until, request.until);
  EXPECT_EQ(back.recording, request.recording);
  EXPECT_EQ(back.home, "");
}

// A file's name is bytes: it once ended `run` in an exception.
TEST(RunRequestTest, KeepsEveryByteOfAPath) {
  RunRequest request;
  request.scenario = "/\xff\xfe/ü \n\x01\"\\/s.yaml";
  request.recording = "/\x80\xbf\xc0.mcap";
  const RunRequest back = RunRequestFromJson(ToJson(request));
  EXPECT_EQ(back.scenario, request.scenario);
  EXPECT_EQ(back.recording, request.recording);
}

TEST(RunOutcomeTest, TakesADiagnosisThatIsNoText) {
  RunOutcome outcome;
  outcome.diagnosis = "firmware \xff died";
  const std::optional<RunOutcome> back = RunOutcomeFromJson(ToJson(outcome));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->diagnosis, "firmware \uFFFD died");
}

TEST(RunOutcomeTest, ComesBackFromJsonAndRefusesAnythingElse) {
  RunOutcome outcome;
  outcome.end = RunEnd::kFirmwareDied;
  outcome.bad_input = true;
  outcome.hash = "00ff";
  outcome.diagnosis = "line\nline";
  const std::optional<RunOutcome> back = RunOutcomeFromJson(ToJson(outcome));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->end, RunEnd::kFirmwareDied);
  EXPECT_TRUE(back->bad_input);
  EXPECT_EQ(back->diagnosis, outcome.diagnosis);
  EXPECT_FALSE(RunOutcomeFromJson("half a li"));
  EXPECT_FALSE(RunOutcomeFromJson("{}"));
}

}  // namespace
}  // namespace dustproof
