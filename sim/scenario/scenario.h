#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/core/result.h"
#include "sim/core/time.h"
#include "sim/scenario/consent.h"

namespace dustproof {

class Fields;
struct SchemaNode;

/// Who owns which hosts; the fake cloud and the third parties live there.
struct PartySpec {
  std::string key;  ///< As in the policy, e.g. `vendor_cloud_cn`.
  std::string organisation;
  std::string role = "third_party";
  std::string region;
  std::vector<std::string> hosts;
  void Describe(Fields& f);
};

/// A span in which the home's internet link or the Wi-Fi is down.
struct OutageSpec {
  SimDuration at;
  SimDuration duration = SimDuration::Seconds(30);
  std::string what = "internet";  ///< internet, wifi.
  void Describe(Fields& f);
};

struct NetworkSpec {
  SimDuration latency = SimDuration::Milliseconds(25);  ///< One way, robot to cloud.
  SimDuration jitter = SimDuration::Milliseconds(
      5);  ///< Standard deviation, added to the latency, never below zero.
  double bandwidth_bit_per_s = 20e6;  ///< Each direction.
  double loss_probability = 0.002;    ///< Of one segment; costs a retransmission.
  std::vector<OutageSpec> outages;
  void Describe(Fields& f);
};

/// The vendor's own certificate authority for firmware that pins it. Paths are relative to the
/// scenario.
struct TrustSpec {
  std::string ca_certificate, ca_key, device_certificate, device_key;
  void Describe(Fields& f);
};

/// Something that goes wrong in the robot's hardware, at a time or at an event of the run.
struct FaultSpec {
  std::optional<SimDuration> at;  ///< Since the start; this or `on`.
  /// `flash_program` or `flash_erase` (when one begins), or an event of the recording as
  /// `source.name`, e.g. `cloud.consent_sent`; "" where `at` is given.
  std::string on;
  int count = 1;                        ///< It happens at the `count`-th of these.
  SimDuration after;                    ///< How long after that.
  std::string action;                   ///< One of `FaultActions()`.
  std::optional<SimDuration> duration;  ///< Absent: as long as the action has by itself.
  double value = 0;                     ///< What the action takes.
  SourceLocation where;
  void Describe(Fields& f);
};

/// All actions a fault may name.
const std::vector<std::string>& FaultActions();

/// Something that the user, the app or fate does at an instant.
struct ScriptStep {
  SimDuration at;
  std::string action;  ///< One of `ScriptActions()`.
  std::string value;   ///< What it takes: a command, a button; "" where it takes nothing.
  SourceLocation where;
  void Describe(Fields& f);
};

/// All actions a script may name.
const std::vector<std::string>& ScriptActions();

/// When a run ends before its `duration`.
struct EndSpec {
  bool when_docked_after_cleaning = true;
  SimDuration linger = SimDuration::Seconds(30);  ///< How long it goes on after that.
  void Describe(Fields& f);
};

/// What must hold of a run beside the policy; a miss is exit code 1.
struct ExpectSpec {
  std::optional<double> coverage_min;  ///< Share of the reachable floor, 0–1.
  std::optional<double> ate_m_max;
  std::optional<bool> docked;
  std::optional<bool> cleaning_finished;
  std::optional<std::string> deadlines;  ///< "met": all that the robot declares.
  bool app_gets_map_where_granted = true;
  bool commands_work = true;
  void Describe(Fields& f);
};

/// One scenario file, checked.
struct Scenario {
  static constexpr const char* kKind = "scenario";
  static constexpr int kFormatVersion = 1;

  std::string path;  ///< As given; messages use it, hashes don't.
  std::string name;
  std::string description;
  std::string home = "";  ///< As written, relative to the file.
  std::string robot = "";
  std::string firmware = "vacuum";  ///< A name of `list firmware`, or a path.
  std::string firmware_kind = "library";
  std::vector<std::string> board_labels;  ///< What `dustproof bench run` looks for in a board.
  std::string policy = "";
  std::string start = "2026-03-02T09:00:00";  ///< Local time in `time_zone`.
  std::string time_zone = "Asia/Shanghai";
  WallTime start_utc;  ///< Reckoned from the two.
  SimDuration duration = SimDuration::Seconds(20 * 60);
  int64_t seed = 1;
  std::string region = "CN";  ///< Where the robot is registered.
  std::string cloud_host = "cloud.example";
  NetworkSpec network;
  TrustSpec trust;
  std::vector<PartySpec> parties;
  std::vector<std::string> consents = {"C_POLICY", "C_MAP_UPLOAD", "C_IMPROVE", "C_DEVID",
                                       "C_LOCATION"};
  bool lists_consents = false;  ///< Whether the file names them.
  std::vector<ConsentConfiguration> configurations;
  std::vector<ScriptStep> script;
  std::vector<FaultSpec> faults;
  EndSpec end;
  ExpectSpec expect;

  void Describe(Fields& f);

  /// A configuration by name, or null.
  const ConsentConfiguration* FindConfiguration(const std::string& name) const;
};

/// Reads and checks a scenario; every problem of the file at once.
Result<Scenario> LoadScenario(const std::string& path);
Result<Scenario> ParseScenario(const std::string& text, const std::string& file_name);

/// `kind: scenario` as a schema, for `dustproof schema`.
SchemaNode ScenarioSchema();

}  // namespace dustproof
