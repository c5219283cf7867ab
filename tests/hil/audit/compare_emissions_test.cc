#include "hil/audit/compare_emissions.h"

#include <gtest/gtest.h>

#include <functional>

#include "hil/audit/audit.h"
#include "tests/hil/audit/synthetic_run.h"

namespace dustproof {
namespace {

using namespace test;  // NOLINT: the whole vocabulary of a synthetic run.

constexpr const char* kCloud = "vendor_cloud_cn";

// Two runs that are the same but for what is done to each.
struct Pair {
  using Deed = std::function<void(SyntheticRun&)>;
  Pair(const Deed& first_does, const Deed& second_does) : first("first"), second("second") {
    first_does(first), second_does(second);
    first.Audit(), second.Audit();  // Closes the recordings.
  }
  EmissionComparison Compare() const {
    const auto comparison = CompareEmissions(first.path_of_recording(), second.path_of_recording());
    EXPECT_TRUE(comparison.ok());
    return *comparison;
  }
  SyntheticRun first, second;
};

Pair::Deed Says(double seconds, const std::string& text) {
  return [=](SyntheticRun& run) { run.Publish(seconds, "up/log", text); };
}

TEST(CompareEmissionsTest, FindsNothingBetweenEqualRuns) {
  const EmissionComparison comparison = Pair(Says(70, "all is well"), Says(70, "all is well")).Compare();
  EXPECT_TRUE(comparison.same());
  ASSERT_FALSE(comparison.parties.empty());
  EXPECT_GT(comparison.parties.back().messages, 0u);
}

TEST(CompareEmissionsTest, NamesTheBytesThatDiffer) {
  const EmissionComparison comparison = Pair(Says(70, "id=abcdef ok"), Says(70, "id=abXdYf ok")).Compare();
  ASSERT_EQ(comparison.first.size(), 1u);
  const EmissionDifference& d = comparison.first[0];
  EXPECT_EQ(d.kind, DifferenceKind::kBytes);
  EXPECT_EQ(d.byte_count, 3u);  // "cde".
  EXPECT_EQ(std::to_integer<char>(d.excerpt[0]), 'c');
  EXPECT_EQ(std::to_integer<char>(d.other_excerpt[0]), 'X');
  EXPECT_TRUE(comparison.second.empty());
}

TEST(CompareEmissionsTest, SeesWhatOneSideOnlySaysMoreOf) {
  for (const auto& [shorter, longer] : {std::pair("x", "x and more"), std::pair("ends", "middle ends")}) {
    EXPECT_FALSE(Pair(Says(70, shorter), Says(70, longer)).Compare().same()) << longer;
    EXPECT_FALSE(Pair(Says(70, longer), Says(70, shorter)).Compare().same()) << longer;
  }
}

TEST(CompareEmissionsTest, SeesAMessageThatOnlyTheOtherSends) {
  const auto nothing = [](SyntheticRun&) {};
  const EmissionComparison one = Pair(Says(70, "hello"), nothing).Compare();
  EXPECT_FALSE(one.first.empty());
  const EmissionComparison other = Pair(nothing, Says(70, "hello")).Compare();
  EXPECT_FALSE(other.second.empty());
  EXPECT_EQ(other.second[0].kind, DifferenceKind::kAbsent);
  ASSERT_FALSE(other.parties.empty());
  EXPECT_TRUE(std::any_of(other.parties.begin(), other.parties.end(), [](const PartyDifference& p) { return p.other_alone == 1; }));
}

TEST(CompareEmissionsTest, SeesTheSameBytesAtAnotherTime) {
  const EmissionComparison comparison = Pair(Says(70, "tick"), Says(70.25, "tick")).Compare();
  ASSERT_EQ(comparison.first.size(), 1u);
  EXPECT_EQ(comparison.first[0].kind, DifferenceKind::kTime);
  EXPECT_EQ(comparison.first[0].time.seconds(), 70);
  EXPECT_EQ(comparison.first[0].other_time.seconds(), 70.25);
}

TEST(CompareEmissionsTest, FailsWhereARecordingIsNoneAtAll) {
  EXPECT_FALSE(CompareEmissions("/nowhere.mcap", "/nowhere.mcap").ok());
}

// What is known to depend on a secret, in a run that says `text`.
AuditReport AuditDependent(const std::string& name, const std::string& text, const std::string& category) {
  SyntheticRun run(name);
  const uint64_t sequence = run.Publish(70, "up/log", text);
  run.Audit();
  AuditOptions options;
  options.dependent.push_back({category, sequence, 12, 4, "its bytes depend on it"});
  const auto report = AuditRecording(run.path_of_recording(), TestPolicy(), options);
  EXPECT_TRUE(report.ok());
  return *report;
}

TEST(DependenceTest, IsAFindingThatThePolicyJudges) {
  const AuditReport report = AuditDependent("hidden", "nothing that anybody would know", "wifi_password");
  const VerdictRow row = RowFor(report, "wifi_password", kCloud, "granted");
  EXPECT_EQ(row.verdict, Verdict::kFail) << row.reason;
  ASSERT_EQ(row.evidence.size(), 1u);
  EXPECT_EQ(report.FindFinding(row.evidence[0])->method, FindingMethod::kCounterfactual);
}

TEST(DependenceTest, AddsNothingWhereAMatcherKnowsMore) {
  const AuditReport report = AuditDependent("plain", std::string("psk=") + SyntheticRun::kPassword, "wifi_password");
  const VerdictRow row = RowFor(report, "wifi_password", kCloud, "granted");
  ASSERT_EQ(row.evidence.size(), 1u);
  EXPECT_EQ(report.FindFinding(row.evidence[0])->method, FindingMethod::kExact);
}

TEST(DependenceTest, OfOneCategoryIsNoneOfAnother) {
  const AuditReport report = AuditDependent("other", "nothing that anybody would know", "wifi_password");
  EXPECT_NE(RowFor(report, "wifi_ssid", kCloud, "granted").verdict, Verdict::kFail);
}

}  // namespace
}  // namespace dustproof
