#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "hil/run/compare_recordings.h"
#include "hil/run/run_conditions.h"
#include "sim/core/result.h"

namespace dustproof {

struct DeterminismOptions {
  std::string scenario;
  std::string consent;  ///< "" takes the scenario's first default configuration.
  std::optional<uint64_t> seed;
  std::string home, firmware, kind;  ///< Instead of the scenario's.
  std::optional<SimDuration> until;
  int runs = 20;    ///< >= 2
  int workers = 1;  ///< Runs at a time. >= 1
  std::string
      out;  ///< Where recordings that differ are kept; "" makes a fresh folder under `runs/`.
};

/// One of the runs.
struct RepeatedRun {
  int number = 0;
  RunConditions conditions;
  std::vector<std::string> refused;  ///< Factors that the machine would not change.
  RunEnd end = RunEnd::kFailed;
  std::string hash;  ///< Of every message of its recording, its end and its state hash.
  double wall_s = 0;
  double sim_s = 0;
  std::string diagnosis;
};

/// Two runs that should have been the same.
struct DeterminismBreak {
  int first = 0, second = 0;                      ///< Numbers of the runs.
  std::string first_recording, second_recording;  ///< Kept.
  RecordingComparison comparison;
};

/// A condition that goes with the difference: no two runs agree that don't share its value.
struct Suspect {
  std::string factor;
  std::vector<std::string> values;  ///< Those within which runs agree.
};

struct DeterminismResult {
  std::string scenario, consent;
  uint64_t seed = 0;
  std::vector<RepeatedRun> runs;  ///< By number.
  std::map<std::string, int> hash_counts;
  std::optional<DeterminismBreak> first_difference;  ///< Of the first run and the first unlike it.
  std::vector<Suspect> suspects;
  double wall_s = 0;
  bool interrupted = false;
};

/// Makes one run again and again, each time under other conditions, and compares.
///
/// `on_run` hears of each run as it ends, in any order.
Result<DeterminismResult> CheckDeterminism(const DeterminismOptions& options,
                                           const std::function<void(const RepeatedRun&)>& on_run);

/// Which conditions go with the difference; empty where all runs agree or none of them explains it.
std::vector<Suspect> FindSuspects(const std::vector<RepeatedRun>& runs);

}  // namespace dustproof
