#pragma once

#include <array>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "hil/audit/audit_report.h"
#include "hil/audit/baseline.h"
#include "hil/report/metrics.h"
#include "sim/core/result.h"

namespace dustproof {

/// What a recording doesn't hold, since it differs from machine to machine: how fast the run was.
/// Zero where unknown.
struct RunTiming {
  double wall_s = 0;
  double physics = 0, lidar = 0, firmware = 0, network = 0, audit = 0,
         other = 0;  ///< Shares of CPU time, 0–1.
};

struct TimelineEmission {
  double time_s = 0;
  std::string party;
  uint64_t bytes = 0;
};

/// How a task of the firmware kept its deadline.
struct DeadlineResult {
  std::string task;
  double within_s = 0, worst_s = 0;
  uint64_t activations = 0, missed = 0;
};

/// Milliseconds that something took, over a run in real time.
struct Latency {
  /// Upper edges of the histogram's bins; the last bin holds what is beyond.
  static constexpr double kEdgesMs[] = {0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100};
  static constexpr size_t kBins = std::size(kEdgesMs) + 1;

  std::string what;
  uint64_t count = 0;
  double p50_ms = 0, p99_ms = 0, worst_ms = 0;
  double jitter_ms = 0;  ///< Mean difference between one and the next, as RFC 3550 has it but over the whole run.
  std::array<uint64_t, kBins> bins{};
};

/// How a run in real time kept up with the clock.
struct RealTimeResult {
  uint64_t events = 0, late_events = 0;  ///< Of the engine; late by more than a millisecond.
  double worst_late_ms = 0;
  std::optional<double> drift_ppm;  ///< How much faster the board's clock runs than the host's; nothing for a run of less than a minute.
  std::vector<Latency> latencies;  ///< The link's round trip first, then the tasks' turnarounds.
};

/// Where people wrote what a run rests on, for outputs that point there. Empty for a recording whose files are elsewhere.
struct RunSources {
  std::string scenario_file, policy_file;  ///< `SourcePath` of them.
  std::string recording_file;              ///< Likewise, for what has nothing else to point at.
  int scenario_line = 0;                   ///< Of the consent configuration; 0 where it has none.
  std::map<std::string, int> rule_lines;   ///< In the policy, by the rule's id.
  std::string command;                     ///< Makes the run again.
};

/// What a scenario expects and a run did not do.
struct MissedExpectation {
  std::string expected;  ///< "the coverage is at least 0.900": the same whatever was measured.
  std::string sentence;  ///< "the coverage is not at least 0.900 but 0.412".
};

/// Everything that the outputs say of one run.
struct RunReport {
  std::string recording;
  std::string scenario, description, consent, consent_description;
  std::string home, robot, firmware, policy;  ///< Names.
  std::string end, diagnosis, hash, build;
  std::string firmware_kind;
  std::string board, board_build_id;  ///< Of a bench, and what it said it runs; "" where there is none.
  std::optional<RealTimeResult> real_time;  ///< Of a board; then the run is statistical.
  std::string compute = "zero";  ///< What computing was declared to take, in words.
  std::vector<DeadlineResult> deadlines;
  RunSources sources;
  uint64_t seed = 0;
  double sim_s = 0;
  double robot_radius_m = 0.17, robot_height_m = 0.1;
  RunTiming timing;
  AuditReport audit;
  bool has_plan = false;
  FloorPlan plan;
  RunMetrics metrics;
  RunSeries series;
  std::vector<RunEvent> events;
  std::vector<TimelineEmission> emissions;  ///< From the robot, gathered by second and party.
  std::vector<MissedExpectation> failed_expectations;
  std::map<std::string, Acceptance> acceptances;  ///< What a baseline says of what fails, by fingerprint.
  int reading = 0;          ///< The reading that decides: strict.

  /// Findings under the deciding reading, failed usefulness, a missed expectation or firmware that died, unless a baseline
  /// accepts it: exit code 1.
  bool failed() const;
};

/// Gathers a report from a sealed recording and its audit.
Result<RunReport> BuildRunReport(const std::string& recording, AuditReport audit,
                                 const RunTiming& timing = {});

}  // namespace dustproof
