#include "hil/run/simulate_run.h"

#include <algorithm>
#include <optional>

#include "hil/capture/recording_writer.h"
#include "hil/run/run_attachments.h"
#include "hil/run/run_outcome.h"
#include "hil/run/run_steps.h"
#include "hil/run/run_stop.h"
#include "hil/run/run_world.h"
#include "hil/shim/lockstep/crash_reporter.h"

namespace dustproof {
namespace {

constexpr int kRefusalsTold = 3;  // At once; the recording has more.

RunEnd StepToEnd(RunWorld& world, RecordingWriter& recording, const RunHooks& hooks, RunStop& stop, SimTime limit) {
  RunSteps steps(world, recording, limit);
  while (true) {
    const std::optional<RunEnd> end = steps.Step(limit, &stop);
    if (recording.error()) return RunEnd::kFailed;  // Nobody could judge what is not recorded.
    hooks.on_progress({world.now().seconds(), limit.seconds(), world.bridge().activity()});
    if (hooks.stop_requested()) return RunEnd::kInterrupted;
    if (end) return *end;
  }
}

// The user stopped waiting for a firmware that was to come.
Result<RunOutcome> EndBeforeBoot(const RunWorld& world, uint64_t seed, RecordingWriter& recording) {
  const RunOutcome outcome = OutcomeOf(world, RunEnd::kInterrupted, seed);
  WriteOutcome(outcome, recording);
  if (const Result<void> closed = recording.Close(); !closed) return closed.error();
  return outcome;
}

Error CutShort(const Error& error, SimTime now) {
  return Error::Environment(error.diagnostics.front().message + "; the run ended there, at " +
                            ToString(now) + ", and what was recorded before can be read");
}

}  // namespace

Result<RunOutcome> SimulateRun(const RunInputs& inputs, const RunRequest& request,
                               const RunHooks& hooks) {
  const ConsentConfiguration* consents = inputs.scenario.FindConfiguration(request.consent);
  if (consents == nullptr)
    return Error::BadInput("no consent configuration '" + request.consent + "'");
  std::optional<RunStop> stop;
  RecordingWriter::Config config = RecordingConfigOf(inputs);
  config.on_run_event = [&stop, &hooks, refusals = 0](const RunEvent& event) mutable {
    if (stop) stop->OnRunEvent(event);
    if (event.name != "link_refusal" || !hooks.on_warning || ++refusals > kRefusalsTold) return;
    hooks.on_warning("the link refused a message: " + event.detail);
  };
  Result<std::unique_ptr<RecordingWriter>> recording = RecordingWriter::Create(request.recording, config);
  if (!recording) return recording.error();
  const Result<std::unique_ptr<RunWorld>> created =
      RunWorld::Create(inputs, *consents, **recording);
  if (!created) return created.error();
  RunWorld& world = **created;

  stop.emplace(request.break_at, world.events(), [&recording] { (*recording)->Flush(); });
  WriteRunFacts(inputs, request, *consents, world.planted(), **recording);
  if (const Result<void> booted = world.Boot(hooks); !booted) {
    if (!hooks.stop_requested()) return booted.error();
    return EndBeforeBoot(world, inputs.seed, **recording);
  }
  if (!request.link.empty()) (*recording)->WriteMetadata("firmware", {{"name", world.host().firmware_name()}});
  const SimDuration duration = request.until.value_or(inputs.scenario.duration);
  const int64_t begin_ns = RealMonotonicNanoseconds();
  const RunEnd end = StepToEnd(world, **recording, hooks, *stop,
                          SimTime::Zero() + std::min(duration, inputs.scenario.duration));
  if (const auto& error = (*recording)->error()) return CutShort(*error, world.now());
  CheckHeap();
  world.WriteEnd();
  RunOutcome outcome = OutcomeOf(world, end, inputs.seed);
  outcome.wall_s = static_cast<double>(RealMonotonicNanoseconds() - begin_ns) * 1e-9;
  WriteOutcome(outcome, **recording);
  if (const Result<void> closed = (*recording)->Close(); !closed) return closed.error();
  return outcome;
}

}  // namespace dustproof
