#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "hil/run/power_cut_plan.h"
#include "hil/run/run_request.h"
#include "sim/core/result.h"

namespace dustproof {

/// What a user asks of `dustproof powercut`. Paths may be relative to the working folder.
struct PowerCutOptions {
  std::string scenario;
  std::optional<uint64_t> seed;  ///< Of everything random, the cuts too.
  std::string consent;           ///< "" takes the default configuration that changes most.
  std::string firmware;          ///< A name or a path, instead of the scenario's.
  std::optional<SimDuration> until;
  CutMode mode = CutMode::kMixed;
  int count = 0;            ///< 0: as many as the mode has, see `PlanPowerCuts`.
  std::optional<int> only;  ///< This one cut of the plan.
  int workers = 2;          ///< Branches at a time. > 0.
  std::string out;  ///< Folder, new or empty, that keeps each branch's recording; "" keeps none.
};

/// A robot that did not come through.
struct PowerCutFailure {
  int cut = 0;
  double at_s = 0;
  std::string operation;  ///< Where in the run the power went.
  std::string what;       ///< What is wrong afterwards; one failure for each thing.
  std::string command;    ///< Repeats exactly this cut.
};

struct PowerCutResult {
  std::string consent;
  uint64_t seed = 0;
  int cuts = 0;              ///< Branches that were lived to their end.
  int flash_operations = 0;  ///< Of the run without cuts.
  double run_s = 0;          ///< Its simulated length.
  int sends_judged = 0, sessions_judged = 0, motions_judged = 0, maps_judged = 0;
  std::vector<PowerCutFailure> failures;  ///< By cut.
  double wall_s = 0;
  bool interrupted = false;
};

/// Told how things go, for a progress line.
struct PowerCutObserver {
  std::function<void(double sim_s, double duration_s)> on_survey;
  std::function<void(int done, int planned, int failed, double sim_s)> on_cut;
};

/// Runs the scenario once without a cut to learn its flash operations; runs it again and, at each
/// instant of the plan, forks a branch in which the power is cut, given back, and the robot judged
/// (`LivePowerCut`). All in a process of its own: firmware that dies harms nothing else.
Result<PowerCutResult> RunPowerCuts(const PowerCutOptions& options,
                                    const PowerCutObserver& observer);

/// What that process executes, and its entry; returns its exit code.
inline constexpr const char* kPowerCutWord = "--powercut-worker";
int RunPowerCutWorker(const std::string& request_json);

/// One job for that process.
struct PowerCutRequest {
  RunRequest run;
  CutMode mode = CutMode::kMixed;
  int count = 0;
  std::optional<int> only;
  int workers = 2;
  std::string scratch;  ///< An empty folder.
  std::string out;      ///< A folder for recordings of the branches; "" keeps none.
};
std::string ToJson(const PowerCutRequest& request);
PowerCutRequest PowerCutRequestFromJson(const std::string& json);

}  // namespace dustproof
