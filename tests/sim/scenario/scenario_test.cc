#include "sim/scenario/scenario.h"

#include <gtest/gtest.h>

namespace dustproof {
namespace {

constexpr const char* kHead =
    "kind: scenario\nformat_version: 1\nhome: h.yaml\nrobot: r.yaml\npolicy: p.yaml\n";
constexpr const char* kOne = "consent_configurations:\n  one: {answers: {C_POLICY: granted}}\n";

std::string ErrorsOf(const std::string& text) {
  const Result<Scenario> scenario = ParseScenario(text, "s.yaml");
  return scenario ? "" : ToString(scenario.error());
}

TEST(ScenarioTest, ReadsTheShippedFirstRun) {
  const Result<Scenario> scenario = LoadScenario(DUSTPROOF_SOURCE_DIR "/scenarios/first_run.yaml");
  ASSERT_TRUE(scenario) << ToString(scenario.error());
  EXPECT_EQ(scenario->name, "first_run");
  // 09:00 in Shanghai is 01:00 UTC; 2026-03-02T00:00Z is 20514 days after 1970-01-01.
  EXPECT_EQ(scenario->start_utc.unix_seconds(), 20514LL * 86400 + 3600);
  const ConsentConfiguration* denied = scenario->FindConfiguration("all_denied");
  ASSERT_NE(denied, nullptr);
  EXPECT_EQ(denied->initial.at("C_POLICY"), ConsentState::kGranted);
  EXPECT_EQ(denied->initial.at("C_MAP_UPLOAD"), ConsentState::kDenied);
  const ConsentConfiguration* withdrawn = scenario->FindConfiguration("map_withdrawn");
  ASSERT_NE(withdrawn, nullptr);
  ASSERT_EQ(withdrawn->changes.size(), 1u);
  EXPECT_EQ(withdrawn->changes[0].state, ConsentState::kWithdrawn);
}

TEST(ScenarioTest, NamesEveryProblemAtOnce) {
  const std::string errors = ErrorsOf(
      std::string(kHead) + "start: 2026-02-31T00:00:00\ntime_zone: Mars/Base\nregoin: CN\n" + kOne +
      "script:\n  - {at: 5s, do: dance}\n");
  EXPECT_NE(errors.find("s.yaml:6:"), std::string::npos) << errors;
  EXPECT_NE(errors.find("must be a date and time"), std::string::npos) << errors;
  EXPECT_NE(errors.find("must be an IANA time zone"), std::string::npos) << errors;
  EXPECT_NE(errors.find("did you mean 'region'?"), std::string::npos) << errors;
  EXPECT_NE(errors.find("dance"), std::string::npos) << errors;
}

TEST(ScenarioTest, RefusesAGrantWithoutThePolicy) {
  const std::string errors = ErrorsOf(
      std::string(kHead) +
      "consent_configurations:\n  odd: {answers: {C_POLICY: denied, C_MAP_UPLOAD: granted}}\n");
  EXPECT_NE(errors.find("no consent can be granted before the policy is accepted"),
            std::string::npos)
      << errors;
}

TEST(ScenarioTest, SuggestsTheConsentThatWasMeant) {
  const std::string errors = ErrorsOf(
      std::string(kHead) +
      "consent_configurations:\n  odd: {answers: {C_POLICY: granted, C_MAP_UPLAOD: denied}}\n");
  EXPECT_NE(errors.find("did you mean 'C_MAP_UPLOAD'?"), std::string::npos) << errors;
}

// "../x" was recorded outside the run's folder.
TEST(ScenarioTest, RefusesNamesThatAreNoNamesOfFiles) {
  const std::string errors = ErrorsOf(std::string(kHead) + "name: a/b\n" +
                                      "consent_configurations:\n"
                                      "  ../x: {}\n  -rf: {}\n  'two words': {}\n  fine_1.a: {}\n");
  for (const char* part : {"s.yaml:6:7: name: it names files", "got 'a/b'", "got '../x'",
                           "got '-rf'", "got 'two words'"})
    EXPECT_NE(errors.find(part), std::string::npos) << part << "\n" << errors;
  EXPECT_EQ(errors.find("fine_1.a"), std::string::npos) << errors;
}

// It was handed to the file system, which threw.
TEST(ScenarioTest, RefusesATimeZoneTooLongForAFile) {
  const std::string errors =
      ErrorsOf(std::string(kHead) + "time_zone: " + std::string(5000, 'x') + "\n" + kOne);
  EXPECT_NE(errors.find("s.yaml:6:12: time_zone: must be an IANA time zone"), std::string::npos)
      << errors.substr(0, 200);
}

// The clock counts nanoseconds in 64 bits: it ends in 2262.
TEST(ScenarioTest, RefusesAStartThatNoClockHas) {
  for (const char* start :
       {"9999-01-01T00:00:00", "1600-01-01T00:00:00", "-999-01-01T00:00:00",
        "2026-03-02T09:00:00 and a bit", "2026-03-02T09:00:99", "2026-03-02T29:00:00"}) {
    const std::string errors = ErrorsOf(std::string(kHead) + "start: " + start + "\n" + kOne);
    EXPECT_NE(errors.find("must be a date and time such as"), std::string::npos) << start << "\n"
                                                                                 << errors;
  }
}

TEST(ScenarioTest, RefusesTimesThatNoRunReaches) {
  const std::string errors =
      ErrorsOf(std::string(kHead) +
               "network: {outages: [{at: 100000d, duration: 100000d}], "
               "bandwidth_bit_per_s: 1e308}\n" +
               "end: {linger: 100000d}\n" + kOne + "script:\n  - {at: 100000d, do: pair}\n");
  for (const char* part : {"network.outages[0].at: must be at most 60d",
                           "network.outages[0].duration: must be at most",
                           "network.bandwidth_bit_per_s: must be at most",
                           "end.linger: must be at most", "script[0].at: must be at most"})
    EXPECT_NE(errors.find(part), std::string::npos) << part << "\n" << errors;
}

const char kCloud[] = "parties: [{key: vendor, organisation: V, region: CN, hosts: [cloud.example]}]\n";

TEST(ScenarioTest, RefusesACloudThatIsNobodys) {
  EXPECT_NE(ErrorsOf(std::string(kHead) + kOne).find("cloud_host: 'cloud.example' must be a host of one of the parties"), std::string::npos);
}

TEST(ScenarioTest, ReadsTypingIntoTheDebugPort) {
  const Result<Scenario> scenario = ParseScenario(std::string(kHead) + kOne + kCloud + "script:\n  - {at: 1s, do: type, value: 'help\\x0D'}\n", "s.yaml");
  ASSERT_TRUE(scenario) << ToString(scenario.error());
  EXPECT_EQ(scenario->script[0].value, "help\\x0D");
  EXPECT_NE(ErrorsOf(std::string(kHead) + kOne + "script:\n  - {at: 1s, do: type}\n").find("type needs a value"), std::string::npos);
}

TEST(ScenarioTest, ReadsFaultsByTimeAndByEvent) {
  const Result<Scenario> scenario =
      ParseScenario(std::string(kHead) + kOne + kCloud +
                        "faults:\n  - {at: 3min, do: power_cut, duration: 5s}\n"
                        "  - {on: cloud.consent_sent, count: 2, after: 40ms, do: brownout}\n"
                        "  - {on: flash_erase, do: flash_lost_writes, value: 0.5}\n",
                    "s.yaml");
  ASSERT_TRUE(scenario) << ToString(scenario.error());
  ASSERT_EQ(scenario->faults.size(), 3u);
  EXPECT_EQ(scenario->faults[0].at, SimDuration::Seconds(180));
  EXPECT_EQ(scenario->faults[0].duration, SimDuration::Seconds(5));
  EXPECT_EQ(scenario->faults[1].on, "cloud.consent_sent");
  EXPECT_EQ(scenario->faults[1].count, 2);
  EXPECT_EQ(scenario->faults[2].value, 0.5);
}

TEST(ScenarioTest, RefusesFaultsThatMakeNoSense) {
  const std::string errors = ErrorsOf(std::string(kHead) + kOne +
                                      "faults:\n  - {do: power_cut}\n"
                                      "  - {at: 1s, on: flash_erase, do: power_cut}\n"
                                      "  - {on: whenever, do: power_cut}\n"
                                      "  - {at: 1s, do: battery_charge, value: 30}\n"
                                      "  - {at: 1s, do: power_cut, value: 1}\n");
  for (const char* part :
       {"s.yaml:9:5: faults[0].at: needs either at or on", "faults[1].at: needs either at or on",
        "faults[2].on: must be flash_program, flash_erase or source.name of an event, got "
        "'whenever'",
        "faults[3].value: battery_charge takes a share from 0 to 1, got 30",
        "faults[4].value: power_cut takes no value"})
    EXPECT_NE(errors.find(part), std::string::npos) << part << "\n" << errors;
}

}  // namespace
}  // namespace dustproof
