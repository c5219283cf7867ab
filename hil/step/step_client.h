#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hil/run/run_request.h"
#include "hil/step/happening.h"
#include "hil/step/step_view.h"
#include "sim/core/result.h"
#include "sim/core/time.h"
#include "sim/scenario/consent.h"

namespace dustproof {

/// Kinds of samples that a stepped run can be taken to.
enum class SampleKind : uint32_t { kLidar, kOdometry, kImu, kHazard, kDock, kBattery };
/// How many of a kind there were.
uint64_t SequenceOf(const StepView& view, SampleKind kind);

/// A run that is taken forward by a program, step by step. It runs in a process of its own, which this starts and owns: firmware
/// that crashes there takes nothing else with it.
///
/// Recording, hash and outcome are those of the same run unstepped. Each step returns when all events up to its instant have
/// run, with what happened meanwhile. What the user or fate is told to do happens at the instant where the run stands, as an
/// event of its own, with the next step.
///
/// Fails with an `Error`: bad input (an unknown consent, a step after the run's end), or environment (the process died;
/// `outcome()` then says how, also where it was the firmware's doing, and the recording is sealed). Used by one thread at a time.
class StepClient {
 public:
  struct Options {
    /// The `dustproof` to start; "" is this program itself.
    std::string executable;
    /// Asked when a signal comes while a command is under way: true ends the run, as Ctrl-C ends `dustproof run`. The command
    /// then returns when the run has ended.
    std::function<bool()> interrupted;
  };

  /// Begins a run: its firmware has booted when this returns, and no event has run. `request.firmware` may be a name; "" and
  /// no kind are the scenario's. `request.recording` names a file in a folder that exists.
  [[nodiscard]] static Result<std::unique_ptr<StepClient>> Start(const RunRequest& request, const Options& options);
  /// Ends the run, where it has not been finished, as an interrupt would: its recording is sealed.
  ~StepClient();
  StepClient(const StepClient&) = delete;
  StepClient& operator=(const StepClient&) = delete;

  /// Goes on by `duration` > 0, or until `time`; ends early where the run ends.
  [[nodiscard]] Result<void> Step(SimDuration duration);
  [[nodiscard]] Result<void> Until(SimTime time);
  /// Goes on until there is a new sample of `kind`, or until `limit`. The time then is that of the sample's arrival.
  [[nodiscard]] Result<void> UntilSample(SampleKind kind, SimTime limit);

  /// The user makes up their mind: on the app's consent screen where it is still to come, else in its settings.
  [[nodiscard]] Result<void> SetConsent(const std::string& consent, ConsentState state);
  /// Somebody presses `clean` or `home`, or holds `reset`.
  [[nodiscard]] Result<void> Press(const std::string& button);
  /// The user does something in the app, or somebody types into the robot's debug port: a `do` of a scenario's script, with
  /// its `value`.
  [[nodiscard]] Result<void> Perform(const std::string& action, const std::string& value = "");
  /// Makes a fault happen: a `do` of a scenario's faults. Without `duration` it lasts as long as it does there.
  [[nodiscard]] Result<void> InjectFault(const std::string& action, std::optional<SimDuration> duration = {}, double value = 0);

  /// Seals the recording, and ends the process. A run that is not over counts as interrupted. Again, it returns the same.
  [[nodiscard]] Result<RunOutcome> Finish();

  SimTime now() const { return SimTime::FromNanoseconds(view_->now_ns); }
  /// What the run shows of itself. The memory stays valid as long as somebody holds it, also after the run.
  const std::shared_ptr<const StepView>& view() const { return view_; }
  /// Why the run is over; nothing before.
  std::optional<RunEnd> end() const { return end_; }
  /// Once the run was finished, or has died.
  const std::optional<RunOutcome>& outcome() const { return outcome_; }
  /// What has happened since the last call.
  std::vector<Happening> TakeHappenings() { return std::exchange(happenings_, {}); }

 private:
  struct Pipe {
    ~Pipe();
    Result<void> Open();
    void CloseTo();
    int from = -1, to = -1;
  };

  StepClient(RunRequest request, Options options) : request_(std::move(request)), options_(std::move(options)) {}
  Result<void> StartWorker();
  Result<std::string> Ask(uint32_t op, uint32_t argument, SimTime time, const std::string& text);
  Result<void> Tell(uint32_t op, uint32_t argument, SimTime time, const std::string& text);
  bool Send(std::string_view bytes);
  bool Receive(size_t bytes);
  Error LearnOfDeath();
  /// Waits for the process's end, at most a while; then it is killed.
  int WaitForWorker();
  void AskToStop();

  const RunRequest request_;
  const Options options_;
  pid_t pid_ = -1;
  Pipe commands_, replies_;  // We keep the end that commands are read from: a worker that dies then breaks no pipe of ours.
  std::shared_ptr<const StepView> view_;
  std::string received_;  // Of the reply under way, from its beginning.
  std::vector<Happening> happenings_;
  std::optional<RunEnd> end_;
  std::optional<RunOutcome> outcome_;
};

}  // namespace dustproof
