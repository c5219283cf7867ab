#include "hil/matrix/failure_groups.h"

#include <gtest/gtest.h>

namespace dustproof {
namespace {

MatrixEntry Entry(const std::string& answers, const std::vector<std::string>& missed) {
  MatrixEntry entry;
  entry.cell.consents = *ParseAnswers(answers);
  entry.result.emplace();
  for (const std::string& expected : missed) entry.result->missed.push_back({expected, expected + " is not so"});
  return entry;
}

TEST(FailureGroupsTest, SayWhatTheirCellsHaveInCommon) {
  const std::vector<MatrixFailure> failures = GroupFailures({
      Entry("A=granted,B=granted", {"x"}),
      Entry("A=granted,B=denied", {"x", "y"}),
      Entry("A=denied,B=granted", {"x"}),
      Entry("A=denied,B=denied", {"x", "z"}),
      Entry("A=denied,B=denied/granted@5s", {"x", "z"}),
  });
  ASSERT_EQ(failures.size(), 3u);
  EXPECT_EQ(failures[0].signature, "expected: x");
  EXPECT_EQ(failures[0].when, "in every cell");
  EXPECT_EQ(failures[1].signature, "expected: z");  // In two cells, which no two traits tell from the rest.
  EXPECT_EQ(failures[1].when, "");
  EXPECT_EQ(failures[2].when, "where A granted and B denied");
  EXPECT_EQ(failures[2].cells, std::vector<size_t>{1});
}

TEST(FailureGroupsTest, LeaveOutWhatWasNotRun) {
  std::vector<MatrixEntry> entries = {Entry("A=granted", {"x"}), Entry("A=denied", {})};
  entries.emplace_back();
  const std::vector<MatrixFailure> failures = GroupFailures(entries);
  ASSERT_EQ(failures.size(), 1u);
  EXPECT_EQ(failures[0].when, "where A granted");
}

}  // namespace
}  // namespace dustproof
