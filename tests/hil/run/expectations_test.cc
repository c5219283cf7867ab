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
  const std::vector<std::string> missed = MissedExpectations(expect, report);
  ASSERT_EQ(missed.size(), 3u);
  EXPECT_EQ(missed[0], "the coverage is not at least 0.950 but 0.500");
  EXPECT_EQ(missed[1], "the trajectory's error is not at most 0.050 m but 0.100 m");
  EXPECT_EQ(missed[2], "the robot did not end on its dock");

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

}  // namespace
}  // namespace dustproof
