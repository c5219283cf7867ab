#include "hil/audit/internal/judge.h"

#include <gtest/gtest.h>

#include "tests/hil/audit/synthetic_run.h"

namespace dustproof {
namespace {

using namespace test;  // NOLINT: the whole vocabulary of a synthetic run.

constexpr const char* kCloud = "vendor_cloud_cn";

// ------------------------------------------------------------------------------------------
// control

/// A run with everything granted in which the map goes up 90 s after it came to be.
AuditReport ControlWithMap() {
  SyntheticRun run("control", {.others = "granted"});
  run.Put(150, "/v1/maps/current", MapFile(MapOf(run.plan()), run.path()));
  return run.Audit();
}

/// A robot that cleans with consent withheld and says nothing to anybody.
SyntheticRun& Silent(SyntheticRun& run) {
  run.Event(60, "firmware", "data_ready", "home_map");
  return run;
}

TEST(ControlTest, SilenceAloneProvesNothing) {
  SyntheticRun run("silent-alone", {.online = false});
  const VerdictRow row = RowFor(Silent(run).Audit(), "home_map", kCloud, "denied");
  EXPECT_EQ(row.verdict, Verdict::kNotExercised) << row.reason;
}

TEST(ControlTest, SilenceIsAPassWhereTheControlShowsThePath) {
  const AuditReport control = ControlWithMap();
  SyntheticRun run("silent-controlled", {.online = false});
  const AuditReport report = Silent(run).Audit(&control);
  const VerdictRow row = RowFor(report, "home_map", kCloud, "denied");
  EXPECT_EQ(row.verdict, Verdict::kPass) << row.reason;
  EXPECT_NE(row.reason.find("in the control run it went there 90.0 s after it could"),
            std::string::npos)
      << row.reason;
  // The control never sent the password, so nothing is known of that way.
  EXPECT_EQ(RowFor(report, "wifi_password", kCloud, "granted").verdict, Verdict::kNotExercised);
}

TEST(ControlTest, SilenceIsNoPassWhereThePhaseIsTooShort) {
  const AuditReport control = ControlWithMap();
  SyntheticRun run("silent-short", {.online = false});
  Silent(run);
  // Withheld from 60 s to 100 s: 40 s, where the control took 90 s.
  run.SetConsent(100, "C_MAP_UPLOAD", "granted");
  const VerdictRow row = RowFor(run.Audit(&control), "home_map", kCloud, "denied");
  EXPECT_EQ(row.verdict, Verdict::kNotExercised) << row.reason;
  EXPECT_NE(row.reason.find("withheld for 40.0 s"), std::string::npos) << row.reason;
}

TEST(ControlTest, SilenceWithConsentGivenIsNoPass) {
  const AuditReport control = ControlWithMap();
  SyntheticRun run("silent-granted", {.others = "granted", .online = false});
  const VerdictRow row = RowFor(Silent(run).Audit(&control), "home_map", kCloud, "granted");
  EXPECT_EQ(row.verdict, Verdict::kNotExercised) << row.reason;
}

TEST(ControlTest, DataThatCameLaterIsNotExercised) {
  const AuditReport control = ControlWithMap();
  SyntheticRun run("silent-later", {.online = false});
  run.SetConsent(50, "C_MAP_UPLOAD", "granted");
  const VerdictRow row = RowFor(Silent(run).Audit(&control), "home_map", kCloud, "denied");
  EXPECT_EQ(row.verdict, Verdict::kNotExercised) << row.reason;
  EXPECT_NE(row.reason.find("only after this phase"), std::string::npos) << row.reason;
}

// A pass says that nothing went there, which nobody knows where not every way out was watched.
TEST(WaysOutTest, APassIsUndeterminedWhereOneWasTriedOrUnwatched) {
  const AuditReport control = ControlWithMap();
  for (const char* event : {"outside_attempt", "unwatched"}) {
    SyntheticRun run(event, {.online = false});
    Silent(run).Event(70, "firmware", event, "socket(AF_INET)");
    const VerdictRow row = RowFor(run.Audit(&control), "home_map", kCloud, "denied");
    EXPECT_EQ(row.verdict, Verdict::kUndetermined) << row.reason;
    EXPECT_NE(row.reason.find("socket(AF_INET)"), std::string::npos) << row.reason;
  }
}

// ------------------------------------------------------------------- before the policy is accepted

TEST(BeforeConsentTest, ThePolicyGatesTheOtherConsents) {
  SyntheticRun run("not-accepted", {.others = "granted", .policy = "unset"});
  run.Put(150, "/v1/maps/current", MapFile(MapOf(run.plan()), run.path()));
  const AuditReport report = run.Audit();
  const VerdictRow row = RowFor(report, "home_map", kCloud, "granted");
  EXPECT_EQ(row.verdict, Verdict::kFail) << row.reason;
  EXPECT_EQ(row.basis, Basis::kDerived);
  EXPECT_NE(row.clause.find("L11"), std::string::npos) << row.clause;
  EXPECT_NE(row.reason.find("before the policy was accepted"), std::string::npos) << row.reason;
  EXPECT_EQ(RowFor(report, "home_map", kCloud, "granted", Reading::kLiteral).verdict,
            Verdict::kUndetermined);
}

TEST(BeforeConsentTest, TrafficAloneIsJudged) {
  SyntheticRun run("early", {.others = "unset", .policy = "unset"});
  const AuditReport report = run.Audit();
  const VerdictRow row = RowFor(report, "early_traffic", kCloud, "unset");
  ASSERT_EQ(row.verdict, Verdict::kFail) << row.reason;
  ASSERT_EQ(row.evidence.size(), 1u) << "one conversation";
  const Finding* finding = report.FindFinding(row.evidence[0]);
  EXPECT_EQ(finding->method, FindingMethod::kTraffic);
  EXPECT_EQ(finding->first_byte, 0u);
  EXPECT_EQ(RowFor(report, "early_traffic", kCloud, "unset", Reading::kLiteral).verdict,
            Verdict::kUndetermined);
  EXPECT_EQ(RowFor(report, "early_traffic", kCloud, "unset", Reading::kLenient).verdict,
            Verdict::kPass);
}

Emission From(EmissionKind kind, const std::string& protocol, uint32_t source) {
  Emission emission;
  emission.emitter = "robot";
  emission.kind = kind;
  emission.direction = Direction::kFromRobot;
  emission.party = {"other", "", "unknown", "", "pool.example"};
  emission.protocol = protocol;
  emission.source_address = source;
  emission.payload = ToBytes(std::string("\x23\x00\x06\x20\x00\x00", 6));
  return emission;
}

TEST(BeforeConsentTest, WhatPairingNeedsIsExcepted) {
  constexpr uint32_t kOnTheLan = 0xC0A80157, kOfTheHotspot = 0xC0A80401;
  SyntheticRun quiet("pairing", {.others = "unset", .policy = "unset", .online = false});
  quiet.Send(20, From(EmissionKind::kDns, "dns", kOnTheLan));
  quiet.Send(21, From(EmissionKind::kDhcp, "dhcp", kOnTheLan));
  quiet.Send(22, From(EmissionKind::kDatagram, "ntp", kOnTheLan));
  quiet.Send(23, From(EmissionKind::kBroadcast, "mdns", kOfTheHotspot));
  EXPECT_EQ(WorstFor(quiet.Audit(), "early_traffic", "other"), Verdict::kPass);
  SyntheticRun loud("probing", {.others = "unset", .policy = "unset", .online = false});
  loud.Send(20, From(EmissionKind::kDatagram, "", kOnTheLan));
  EXPECT_EQ(WorstFor(loud.Audit(), "early_traffic", "other"), Verdict::kFail);
}

TEST(BeforeConsentTest, TrafficIsFreeOnceThePolicyIsAccepted) {
  SyntheticRun run("accepted");
  const AuditReport report = run.Audit();
  EXPECT_EQ(WorstFor(report, "early_traffic", kCloud), Verdict::kPass);
  EXPECT_TRUE(FindingsOf(report, "early_traffic").empty()) << Describe(report);
}

}  // namespace
}  // namespace dustproof
