#include "hil/matrix/cell.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace dustproof {
namespace {

VerdictRow Row(const std::string& category, const std::string& purpose, Verdict verdict, SimDuration withheld = {}) {
  VerdictRow row;
  row.emitter = "robot", row.category = category, row.party = "vendor", row.purpose = purpose, row.phase = "denied";
  row.consent = "C_MAP", row.verdict = verdict, row.withheld = withheld, row.clause = "L1", row.rule = "F1";
  return row;
}

AuditReport SomeAudit() {
  AuditReport audit;
  audit.end = SimTime::Zero() + SimDuration::Seconds(60);
  audit.verdicts = {Row("map", "a", Verdict::kPass), Row("map", "b", Verdict::kFail), Row("map", "c", Verdict::kUndetermined),
                    Row("path", "a", Verdict::kNotExercised, SimDuration::Seconds(20)), Row("log", "a", Verdict::kNotExercised)};
  audit.verdicts[1].evidence = {"f2", "f1"};
  Finding late, early;
  late.id = "f2", late.time = SimTime::Zero() + SimDuration::Seconds(9), late.protocol = "mqtt";
  early.id = "f1", early.time = SimTime::Zero() + SimDuration::Seconds(7), early.protocol = "http";
  early.sequence = 3, early.first_byte = 2, early.byte_count = 3;
  early.excerpt = {std::byte{'x'}, std::byte{'a'}, std::byte{'b'}, std::byte{'c'}, std::byte{'y'}};
  early.excerpt_offset = 1;
  audit.findings = {late, early};
  audit.usefulness = {{"docked", Verdict::kFail, ""}, {"session_up", Verdict::kPass, ""}};
  audit.paths_taken = {{"map", "vendor", SimDuration::Seconds(3)}};
  audit.warnings = {{{}, "", "something was not seen"}};
  return audit;
}

CellResult SomeResult() {
  MatrixCell cell{.name = "s.c.seed4", .scenario = "s", .seed = 4, .consents = *ParseAnswers("C_MAP=denied"), .key = "k"};
  cell.consents.name = "c";
  return SummarizeCell(cell, {.end = RunEnd::kFinished, .hash = "00ff", .seed = 4, .sim_s = 60, .cpu_share = {}, .diagnosis = {}}, SomeAudit(), {{"the coverage is at least 0.9", "the coverage is too low"}});
}

TEST(CellTest, SaysTheWorstOfEachCategoryAndParty) {
  const CellResult result = SomeResult();
  ASSERT_EQ(result.verdicts.size(), 2u);  // The log was neither exercised nor withheld.
  EXPECT_EQ(result.verdicts[0].category, "map");
  EXPECT_EQ(result.verdicts[0].by_reading[0], Verdict::kFail);
  EXPECT_EQ(result.verdicts[1].withheld[0], SimDuration::Seconds(20));
  EXPECT_EQ(result.unuseful, std::vector<std::string>{"docked"});
  EXPECT_TRUE(result.failed());
}

// SHA-256 of "abc", as FIPS 180-4 gives it.
TEST(CellTest, QuotesItsFirstEvidenceByHashAlone) {
  const CellResult result = SomeResult();
  ASSERT_EQ(result.failures.size(), 1u);
  EXPECT_EQ(result.failures[0].time_s, 7);
  EXPECT_EQ(result.failures[0].protocol, "http");
  EXPECT_EQ(result.failures[0].sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(result.failures[0].Signature(), "map to vendor while C_MAP is denied");
  EXPECT_EQ(ToJson(result).find("abc"), std::string::npos);
}

TEST(CellTest, ReadsWhatItWroteAndNothingElse) {
  const std::string folder = testing::TempDir() + "cells-" + std::to_string(getpid());
  std::filesystem::create_directories(folder + "/cells");
  MatrixCell cell{.name = "s.c.seed4", .scenario = "s", .seed = 4, .consents = {}, .key = "k"};
  EXPECT_FALSE(ReadResult(folder, cell));
  ASSERT_TRUE(WriteResult(folder, SomeResult()).ok());
  const auto result = ReadResult(folder, cell);
  ASSERT_TRUE(result);
  EXPECT_EQ(ToJson(*result), ToJson(SomeResult()));
  cell.key = "other";  // Of another build, say.
  EXPECT_FALSE(ReadResult(folder, cell));
  cell.key = "k";
  const std::string text = ToJson(SomeResult());
  for (const size_t length : {size_t{0}, size_t{1}, text.size() / 2, text.size() - 3}) {
    std::ofstream(ResultPath(folder, cell)) << text.substr(0, length);
    EXPECT_FALSE(ReadResult(folder, cell)) << length;
  }
  EXPECT_FALSE(CellResultFromJson(R"({"format": 1, "verdicts": 7})"));
  EXPECT_FALSE(CellResultFromJson(R"({"format": 2})"));
}

// The control sent the path 15 s after it could; here it was withheld for 20 s.
TEST(CellTest, LearnsFromAControlWhatSilenceMeans) {
  CellResult result = SomeResult();
  ApplyControl({{"path", "vendor", SimDuration::Seconds(21)}}, &result);
  EXPECT_EQ(result.verdicts[1].by_reading[0], Verdict::kNotExercised);
  ApplyControl({{"path", "vendor", SimDuration::Seconds(15)}, {"map", "vendor", SimDuration::Seconds(1)}}, &result);
  EXPECT_EQ(result.verdicts[1].by_reading[0], Verdict::kPass);
  EXPECT_EQ(result.verdicts[0].by_reading[0], Verdict::kFail);
  result = SomeResult();
  result.doubt = "part of it is missing: ";
  ApplyControl({{"path", "vendor", SimDuration::Seconds(15)}}, &result);
  EXPECT_EQ(result.verdicts[1].by_reading[0], Verdict::kUndetermined);
}

TEST(CellTest, DiesInTheSameWayWhateverTheTime) {
  const auto at = [](const char* time) {
    return DeathSignature(std::string("the firmware ended the run at ") + time + " s: accessed memory that it does not have\n  firmware: die 1\n  task: main, last HAL call: clock.sleep_us\n");
  };
  EXPECT_EQ(at("3.000"), "the firmware died: accessed memory that it does not have, in task main");
  EXPECT_EQ(at("3.000"), at("17.250"));
  EXPECT_EQ(DeathSignature("no more is known"), "the firmware died: no more is known");
}

}  // namespace
}  // namespace dustproof
