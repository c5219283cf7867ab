#include "hil/run/expectations.h"

#include <gtest/gtest.h>

namespace dustproof {
namespace {

TEST(ExpectationsTest, SayWhatWasMissedWithBothFigures) {
  ExpectSpec expect;
  expect.coverage_min = 0.95;
  expect.ate_m_max = 0.05;
  expect.docked = true;
  RunReport report;
  report.metrics.coverage = 0.5;
  report.metrics.ate_m = 0.1;
  report.audit.usefulness = {{"docked", Verdict::kFail, ""}};
  const std::vector<MissedExpectation> missed = MissedExpectations(expect, report);
  ASSERT_EQ(missed.size(), 3u);
  EXPECT_EQ(missed[0].sentence, "the coverage is not at least 0.950 but 0.500");
  EXPECT_EQ(missed[1].sentence, "the trajectory's error is not at most 0.050 m but 0.100 m");
  EXPECT_EQ(missed[2].sentence, "the robot did not end on its dock");
  EXPECT_EQ(missed[0].expected, "the coverage is at least 0.950");  // The same whatever was measured.
  EXPECT_EQ(missed[1].expected, "the trajectory's error is at most 0.050 m");
  EXPECT_EQ(missed[2].expected, "expect.docked: true");

  report.audit.ended_early = true;  // What is expected holds for the end.
  EXPECT_TRUE(MissedExpectations(expect, report).empty());
}

TEST(ExpectationsTest, AreQuietWhereEverythingHolds) {
  ExpectSpec expect;
  expect.coverage_min = 0.95;
  expect.docked = true;
  RunReport report;
  report.metrics.coverage = 0.96;
  report.audit.usefulness = {{"docked", Verdict::kPass, ""}};
  EXPECT_TRUE(MissedExpectations(expect, report).empty());
}

// Of a firmware that says nothing of where it believes itself to be, no error is known; that meets
// no bound.
TEST(ExpectationsTest, TakeAnUnknownErrorForAMiss) {
  ExpectSpec expect;
  expect.ate_m_max = 0.05;
  EXPECT_EQ(MissedExpectations(expect, RunReport()).size(), 1u);
}

TEST(ExpectationsTest, AskThatEveryDeadlineIsMet) {
  ExpectSpec expect;
  expect.deadlines = "met";
  RunReport report;
  report.compute = "1 core; slam after lidar.read 12ms";
  report.deadlines = {
      {.task = "motors", .within_s = 0.02, .worst_s = 0.02, .activations = 9, .missed = 0}};
  EXPECT_TRUE(MissedExpectations(expect, report).empty());

  report.deadlines.push_back(
      {.task = "slam", .within_s = 0.2, .worst_s = 0.3, .activations = 7, .missed = 3});
  const std::vector<MissedExpectation> missed = MissedExpectations(expect, report);
  ASSERT_EQ(missed.size(), 1u);
  EXPECT_EQ(missed[0].sentence,
            "the deadline of task slam was missed 3 of 7 times: it may take 200 ms and took up to "
            "300");
  report.audit.ended_early = true;  // What was missed stays missed.
  EXPECT_EQ(MissedExpectations(expect, report).size(), 1u);
}

TEST(ExpectationsTest, TakeNoDeadlineForMetThatWasNotTested) {
  ExpectSpec expect;
  expect.deadlines = "met";
  RunReport report;
  const auto sentence = [&] {
    const std::vector<MissedExpectation> missed = MissedExpectations(expect, report);
    return missed.size() == 1 ? missed[0].sentence : std::to_string(missed.size()) + " sentences";
  };
  EXPECT_EQ(sentence(), "no deadline was met, since robot.yaml declares none");
  report.deadlines = {{.task = "slam", .within_s = 0.2, .activations = 5}};
  EXPECT_EQ(sentence(), "deadlines can't be missed while robot.yaml has compute: zero");
  report.compute = "1 core; slam after lidar.read 12ms";
  report.deadlines[0].activations = 0;
  EXPECT_EQ(sentence(), "the deadline of task slam was never put to the test: it did not run");
  report.audit.ended_early = true;
  EXPECT_TRUE(MissedExpectations(expect, report).empty());
}

}  // namespace
}  // namespace dustproof
