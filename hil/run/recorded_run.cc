#include "hil/run/recorded_run.h"

#include <algorithm>

#include "hil/run/run_attachments.h"
#include "hil/run/run_outcome.h"
#include "hil/shim/lockstep/crash_reporter.h"

namespace dustproof {
namespace {

constexpr int kRefusalsTold = 3;  // At once; the recording has more.

Error CutShort(const Error& error, SimTime now) {
  return Error::Environment(error.diagnostics.front().message + "; the run ended there, at " +
                            ToString(now) + ", and what was recorded before can be read");
}

}  // namespace

Result<std::unique_ptr<RecordedRun>> RecordedRun::Begin(const RunInputs& inputs, const RunRequest& request,
                                                        const RunHooks& hooks, ForwardingSink* observer) {
  std::unique_ptr<RecordedRun> run(new RecordedRun(inputs, request, hooks));
  if (const Result<void> prepared = run->Prepare(observer); !prepared) return prepared.error();
  return run;
}

Result<void> RecordedRun::Prepare(ForwardingSink* observer) {
  const ConsentConfiguration* consents = inputs_.scenario.FindConfiguration(request_.consent);
  if (consents == nullptr)
    return Error::BadInput("no consent configuration '" + request_.consent + "'");
  RecordingWriter::Config config = RecordingConfigOf(inputs_);
  config.on_run_event = [this](const RunEvent& event) { OnRunEvent(event); };
  Result<std::unique_ptr<RecordingWriter>> recording = RecordingWriter::Create(request_.recording, config);
  if (!recording) return recording.error();
  recording_ = std::move(*recording);
  if (observer != nullptr) observer->ForwardTo(recording_.get());
  CaptureSink& sink = observer != nullptr ? static_cast<CaptureSink&>(*observer) : *recording_;
  Result<std::unique_ptr<RunWorld>> world = RunWorld::Create(inputs_, *consents, sink);
  if (!world) return world.error();
  world_ = std::move(*world);
  stop_.emplace(request_.break_at, world_->events(), [this] { recording_->Flush(); });
  WriteRunFacts(inputs_, request_, *consents, world_->planted(), *recording_);
  const SimDuration duration = inputs_.scenario.duration;
  steps_.emplace(*world_, *recording_, SimTime::Zero() + std::min(request_.until.value_or(duration), duration));
  if (const Result<void> booted = world_->Boot(hooks_); !booted) {
    if (hooks_.stop_requested()) return {};
    return booted;
  }
  booted_ = true;
  if (!request_.link.empty()) recording_->WriteMetadata("firmware", {{"name", world_->host().firmware_name()}});
  begin_ns_ = RealMonotonicNanoseconds();
  return {};
}

void RecordedRun::OnRunEvent(const RunEvent& event) {
  if (stop_) stop_->OnRunEvent(event);
  if (event.name != "link_refusal" || !hooks_.on_warning || ++refusals_ > kRefusalsTold) return;
  hooks_.on_warning("the link refused a message: " + event.detail);
}

void RecordedRun::NoteIntervention() {
  if (has_interventions_) return;
  has_interventions_ = true;
  recording_->WriteMetadata("run", {{"interventions", "by the program that stepped it"}});
}

std::optional<RunEnd> RecordedRun::Step(SimTime until) {
  const std::optional<RunEnd> end = steps_->Step(until, &*stop_);
  if (recording_->error()) return RunEnd::kFailed;  // Nobody could judge what is not recorded.
  return end;
}

Result<RunOutcome> RecordedRun::Finish(RunEnd end) {
  if (const auto& error = recording_->error()) return CutShort(*error, world_->now());
  if (booted_) {
    CheckHeap();
    world_->WriteEnd();
  }
  RunOutcome outcome = OutcomeOf(*world_, end, inputs_.seed);
  if (booted_) outcome.wall_s = static_cast<double>(RealMonotonicNanoseconds() - begin_ns_) * 1e-9;
  WriteOutcome(outcome, *recording_);
  if (const Result<void> closed = recording_->Close(); !closed) return closed.error();
  return outcome;
}

}  // namespace dustproof
