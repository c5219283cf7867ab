#include <gtest/gtest.h>

#include <sstream>

#include "hil/matrix/matrix.h"

namespace dustproof {
namespace {

MatrixEntry EntryOf(const std::string& line, Verdict verdict) {
  MatrixEntry entry;
  entry.cell.scenario = "s";
  entry.cell.consents = *ParseAnswers(line);
  entry.result.emplace();
  entry.result->verdicts.push_back({"robot", "home_map", "cloud", {verdict, verdict, verdict}, {}});
  return entry;
}

std::vector<std::string> TableOf(const MatrixResult& result) {
  std::vector<std::string> lines;
  std::istringstream text(RenderMatrixTable(result, false));
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

// Thirty levels are thirty columns: AA to AD are the last.
TEST(MatrixReportTest, KeepsTheTableToAHundredColumns) {
  MatrixResult result;
  for (int i = 0; i < 30; ++i) {
    const std::string line = "A=granted/withdrawn@" + std::to_string(10 + i) + "s";
    for (const Verdict verdict : {Verdict::kPass, i == 7 ? Verdict::kUndetermined : Verdict::kFail}) result.entries.push_back(EntryOf(line, verdict));
  }
  const std::vector<std::string> lines = TableOf(result);
  EXPECT_EQ(lines[0], "  A  A=granted/withdrawn@10s (2 cells)");
  EXPECT_EQ(lines[29], "  AD  A=granted/withdrawn@39s (2 cells)");
  size_t rows = 0, failing = 0;
  for (const std::string& line : lines) {
    EXPECT_LE(line.size(), 100u) << line;
    rows += line.starts_with("home_map");
    for (size_t at = line.find("1/2 fail"); at != std::string::npos; at = line.find("1/2 fail", at + 1)) ++failing;
  }
  EXPECT_EQ(rows, 5u);  // Seven columns of eight letters and two spaces beside the first, which has 26.
  EXPECT_EQ(failing, 29u);
}

TEST(MatrixReportTest, GivesColumnsTheWidthThatTheyNeed) {
  MatrixResult result;
  result.entries = {EntryOf("A=granted", Verdict::kPass), EntryOf("A=denied", Verdict::kUndetermined), EntryOf("A=unset", Verdict::kNotExercised)};
  result.entries[0].cell.consents.name = "yes", result.entries[1].cell.consents.name = "no", result.entries[2].cell.consents.name = "none";
  const std::vector<std::string> lines = TableOf(result);
  EXPECT_EQ(lines[3], std::string(26, ' ') + "A     B             C");
  EXPECT_EQ(lines[4], "home_map" + std::string(18, ' ') + "pass  undetermined  -");
}

}  // namespace
}  // namespace dustproof
