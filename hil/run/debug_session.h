#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hil/run/run_request.h"
#include "hil/run/run_scenario.h"
#include "sim/core/result.h"

namespace dustproof {

/// A run that is going to be debugged.
struct DebugPlan {
  RunRequest request;  ///< `recording` and `break_at` are still open.
  std::string scenario;
  std::string out;  ///< Folder for the result, as in ScenarioRunOptions.
  /// After how many events the newest earlier recording of the same run (scenario, consent, seed,
  /// firmware) ended, and which one that is: what `-1ev` counts from.
  std::optional<uint64_t> earlier_events;
  std::string earlier_recording;
};

/// Of a scenario: of the configuration that `options.consent` names, or of the scenario's only
/// default one.
Result<DebugPlan> PlanDebugRun(const ScenarioRunOptions& options);
/// Of a recording, which is itself the earlier one. `firmware` as in RequestFromRecording.
Result<DebugPlan> PlanDebugReplay(const std::string& recording, const std::string& firmware);

struct DebuggedRun {
  RunOutcome outcome;
  std::string recording;
};

/// Makes a run under gdb, with the commands of `dustproof_gdb.py`, and returns once the debugger
/// has ended. The recording is sealed as far as the run came; a run that was left in the debugger
/// ends as `RunEnd::kStopped`.
///
/// `commands` are executed by gdb once it has stopped for the first time, then it ends; without any
/// it reads them from the terminal. Fails where there is no gdb.
Result<DebuggedRun> DebugRun(const DebugPlan& plan, const StopInstant& break_at,
                             const std::vector<std::string>& commands);

}  // namespace dustproof
