#pragma once

#include <functional>

#include "hil/run/inputs.h"
#include "hil/run/run_request.h"
#include "hil/run/supervisor.h"
#include "sim/core/result.h"

namespace dustproof {

/// What the run's process tells and asks its surroundings while it runs.
struct RunHooks {
  std::function<void(const RunProgress&)> on_progress;  ///< About once per simulated second.
  std::function<bool()> stop_requested;                 ///< True once the run should end early.
  std::function<void(const std::string&)> on_notice = {};   ///< What a person should do now.
  std::function<void(const std::string&)> on_warning = {};  ///< What a person should know at once.
};

/// Makes one run in this process, from world to sealed recording. A process makes one run in its
/// life: firmware may leave anything behind. Where the firmware dies, this does not return (see
/// CrashReporter).
Result<RunOutcome> SimulateRun(const RunInputs& inputs, const RunRequest& request,
                               const RunHooks& hooks);

}  // namespace dustproof
