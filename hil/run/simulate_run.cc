#include "hil/run/simulate_run.h"

#include <optional>

#include "hil/run/recorded_run.h"

namespace dustproof {
namespace {

RunEnd StepToEnd(RecordedRun& run, const RunHooks& hooks) {
  while (true) {
    const std::optional<RunEnd> end = run.Step(run.limit());
    if (end == RunEnd::kFailed) return *end;
    const RunWorld& world = run.world();
    hooks.on_progress({world.now().seconds(), run.limit().seconds(), world.bridge().activity()});
    if (hooks.stop_requested()) return RunEnd::kInterrupted;
    if (end) return *end;
  }
}

}  // namespace

Result<RunOutcome> SimulateRun(const RunInputs& inputs, const RunRequest& request,
                               const RunHooks& hooks) {
  const Result<std::unique_ptr<RecordedRun>> run = RecordedRun::Begin(inputs, request, hooks);
  if (!run) return run.error();
  // Otherwise the user stopped waiting for a firmware that was to come.
  return (*run)->Finish((*run)->booted() ? StepToEnd(**run, hooks) : RunEnd::kInterrupted);
}

}  // namespace dustproof
