#pragma once

#include <memory>
#include <optional>

#include "hil/capture/forwarding_sink.h"
#include "hil/capture/recording_writer.h"
#include "hil/run/inputs.h"
#include "hil/run/run_request.h"
#include "hil/run/run_steps.h"
#include "hil/run/run_stop.h"
#include "hil/run/run_world.h"
#include "hil/run/simulate_run.h"
#include "sim/core/result.h"

namespace dustproof {

/// A run in this process, from its first record to the sealed recording, taken forward by whoever holds it: to its end at
/// once (`SimulateRun`), or step by step. In both cases the recording and its hash are the same.
///
/// A process makes one in its life. Where the firmware dies, the call that it died in does not return (see CrashReporter).
class RecordedRun {
 public:
  /// Builds the world, begins the recording, and boots the firmware. All borrowed but the consents, which are `request.consent`
  /// of the scenario. `observer` may be null: it hears all on its way to the recording.
  [[nodiscard]] static Result<std::unique_ptr<RecordedRun>> Begin(const RunInputs& inputs, const RunRequest& request,
                                                                  const RunHooks& hooks, ForwardingSink* observer = nullptr);

  RunWorld& world() { return *world_; }
  /// Whoever holds it does something to it that no scenario tells of: the recording says so, and can't be run again from itself.
  void NoteIntervention();
  /// The run's end at the latest.
  SimTime limit() const { return steps_->limit(); }
  /// Whether the firmware runs. Otherwise the user stopped waiting for it, and `Finish(kInterrupted)` is all that remains.
  bool booted() const { return booted_; }
  /// Goes on as `RunSteps::Step` does. `kFailed`: nothing can be recorded any more.
  std::optional<RunEnd> Step(SimTime until);
  /// Writes the run's last words and seals the recording. Once. An error where not all could be recorded.
  [[nodiscard]] Result<RunOutcome> Finish(RunEnd end);

 private:
  RecordedRun(const RunInputs& inputs, const RunRequest& request, const RunHooks& hooks)
      : inputs_(inputs), request_(request), hooks_(hooks) {}
  Result<void> Prepare(ForwardingSink* observer);
  void OnRunEvent(const RunEvent& event);

  const RunInputs& inputs_;
  const RunRequest& request_;
  const RunHooks& hooks_;
  int refusals_ = 0;  // Of the link.
  int64_t begin_ns_ = 0;
  bool booted_ = false;
  bool has_interventions_ = false;
  std::optional<RunStop> stop_;  // The recording asks it with each event, also with the world's last.
  std::unique_ptr<RecordingWriter> recording_;
  std::unique_ptr<RunWorld> world_;
  std::optional<RunSteps> steps_;
};

}  // namespace dustproof
