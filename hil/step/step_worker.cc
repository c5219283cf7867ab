#include "hil/step/step_worker.h"

#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "hil/run/recorded_run.h"
#include "hil/run/run_guards.h"
#include "hil/step/internal/happening_codec.h"
#include "hil/step/internal/step_protocol.h"
#include "hil/step/internal/step_recorder.h"
#include "hil/step/step_client.h"
#include "sim/config/config.h"

namespace dustproof {
namespace {

using internal::StepCommand;
using internal::StepOp;
using internal::StepRecorder;
using internal::StepReply;

// Steps at or below this come often: 10 Hz.
constexpr SimDuration kShort = SimDuration::Milliseconds(100);

bool Receive(void* to, size_t bytes) {
  auto* at = static_cast<char*>(to);
  while (bytes > 0) {
    const ssize_t count = read(internal::kStepCommandFd, at, bytes);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    at += count, bytes -= static_cast<size_t>(count);
  }
  return true;
}

bool Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = write(internal::kStepReplyFd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return true;
}

bool ClientIsGone() {
  pollfd client{internal::kStepCommandFd, POLLIN, 0};
  return poll(&client, 1, 0) > 0 && (client.revents & POLLHUP) != 0;
}

bool StopRequested() { return WorkerStopRequested() || ClientIsGone(); }

// One step or fault, by the scenario's own rules. There is no place in a file to name.
template <typename T>
Result<T> ParseItem(const std::string& yaml) {
  const Result<ConfigNode> root = ParseYaml(yaml, "");
  if (!root) return root.error();
  T item;
  std::vector<Diagnostic> problems;
  Fields fields(*root, "", &problems);
  item.Describe(fields);
  fields.Finish();
  for (Diagnostic& problem : problems) problem.where = {};
  if (!problems.empty()) return Error::BadInput(std::move(problems));
  return item;
}

Error UnknownConsent(const std::string& consent, const std::vector<std::string>& known) {
  const std::string near = SuggestWord(consent, known);
  std::string message = "the scenario has no consent '" + consent + "'";
  if (!near.empty()) return Error::BadInput(message + "; did you mean '" + near + "'?");
  message += "; it has";
  for (const std::string& name : known) message += " " + name;
  return Error::BadInput(message);
}

class StepWorker {
 public:
  explicit StepWorker(StepView* view) : view_(*view), recorder_(view) {
    if (sched_getaffinity(0, sizeof anywhere_, &anywhere_) != 0) CPU_ZERO(&anywhere_);
  }

  /// Obeys until the run is finished or the client gone. Returns whether it was finished.
  bool Obey(const RunRequest& request) {
    StepCommand command;
    std::string text;
    while (!finished_ && Receive(&command, sizeof command)) {
      if (command.text_bytes > internal::kStepTextBytesMax) break;
      text.resize(command.text_bytes);
      ShareProcessor(command);
      if (!Receive(text.data(), text.size())) break;
      std::string answer;
      const Result<void> done = command.op == StepOp::kBegin ? Begin(request) : Perform(command, text, &answer);
      if (run_ != nullptr) recorder_.Show(run_->world());
      if (!Reply(done, std::move(answer))) break;
      if (command.op == StepOp::kBegin && !done) return false;
    }
    if (!finished_ && run_ != nullptr) (void)run_->Finish(end_.value_or(RunEnd::kInterrupted));
    return finished_;
  }

 private:
  Result<void> Begin(const RunRequest& request) {
    request_ = request;
    Result<RunInputs> inputs = LoadRequestInputs(request_);
    if (!inputs) return inputs.error();
    inputs_ = std::move(*inputs);
    request_.firmware = inputs_.request.firmware;
    request_.kind = inputs_.request.kind;
    if (inputs_.scenario.FindConfiguration(request_.consent) == nullptr)
      return Error::BadInput(UnknownConfiguration(inputs_.scenario, request_.consent));
    auto guards = RunGuards::Install(inputs_.request);
    if (!guards) return guards.error();
    guards_ = std::move(*guards);
    hooks_.stop_requested = StopRequested;
    hooks_.on_notice = [](const std::string& text) { std::fprintf(stderr, "dustproof: %s\n", text.c_str()); };
    hooks_.on_warning = hooks_.on_notice;
    Result<std::unique_ptr<RecordedRun>> run = RecordedRun::Begin(inputs_, request_, hooks_, &recorder_);
    if (!run) return run.error();
    run_ = std::move(*run);
    if (!run_->booted()) end_ = RunEnd::kInterrupted;
    recorder_.Watch(run_->world());
    return {};
  }

  Result<void> Perform(const StepCommand& command, const std::string& text, std::string* answer) {
    if (run_ == nullptr) return Error::BadInput("the run has not begun");
    if (command.op == StepOp::kFinish) return Finish(answer);
    if (end_) return Error::BadInput(std::string("the run is over (") + ToWord(*end_) + ", at " + ToString(world().now()) +
                                     "): nothing more happens in it");
    switch (command.op) {
      case StepOp::kUntil:
        return Advance(SimTime::FromNanoseconds(command.time_ns));
      case StepOp::kUntilSample:
        return AdvanceToSample(static_cast<SampleKind>(command.argument), SimTime::FromNanoseconds(command.time_ns));
      case StepOp::kSetConsent:
        return SetConsent(text, static_cast<ConsentState>(command.argument));
      case StepOp::kDo:
        return Do<ScriptStep>(text);
      case StepOp::kFault:
        return Do<FaultSpec>(text);
      case StepOp::kBegin:
      case StepOp::kFinish:
        break;
    }
    return Error::BadInput("the run knows no such command");
  }

  // Run and client take turns. In short steps, on one processor a turn costs a tenth of what it costs between two; in long ones
  // the machine may place us. A firmware in a process of its own has its place with us.
  void ShareProcessor(const StepCommand& command) {
    if (run_ == nullptr || request_.kind != ToWord(FirmwareKind::kLibrary)) return;
    const bool is_short = command.op == StepOp::kUntil && command.time_ns - world().now().nanoseconds() <= kShort.nanoseconds();
    const std::optional<uint32_t> cpu = is_short ? std::optional(command.cpu) : std::nullopt;
    if (cpu == cpu_ || (cpu && *cpu >= CPU_SETSIZE)) return;
    cpu_ = cpu;
    cpu_set_t chosen = anywhere_;
    if (cpu) {
      CPU_ZERO(&chosen);
      CPU_SET(*cpu, &chosen);
    }
    sched_setaffinity(0, sizeof chosen, &chosen);
  }

  Result<void> Advance(SimTime until) {
    while (world().now() < until && !end_) Go(until);
    return {};
  }

  Result<void> AdvanceToSample(SampleKind kind, SimTime until) {
    const uint64_t seen = SequenceOf(view_, kind);
    while (world().now() < until && !end_ && SequenceOf(view_, kind) == seen)
      Go(std::min(until, world().events().next_time()));
    return {};
  }

  void Go(SimTime until) {
    end_ = run_->Step(until);
    // Asked once a piece, not each step: it costs a call of the kernel.
    if (!end_ && world().now() < until && StopRequested()) end_ = RunEnd::kInterrupted;
    if (!end_ && WorkerStopRequested()) end_ = RunEnd::kInterrupted;
  }

  Result<void> SetConsent(const std::string& consent, ConsentState state) {
    const std::vector<std::string>& known = inputs_.scenario.consents;
    if (std::ranges::find(known, consent) == known.end()) return UnknownConsent(consent, known);
    run_->NoteIntervention();
    world().SetConsent(consent, state);
    return {};
  }

  template <typename Item>
  Result<void> Do(const std::string& yaml) {
    const Result<Item> item = ParseItem<Item>(yaml);
    if (!item) return item.error();
    run_->NoteIntervention();
    world().Do(*item);
    return {};
  }

  Result<void> Finish(std::string* answer) {
    finished_ = true;
    if (!end_) end_ = RunEnd::kInterrupted;
    const Result<RunOutcome> outcome = run_->Finish(*end_);
    if (!outcome) return outcome.error();
    *answer = ToJson(*outcome);
    guards_.reset();
    return {};
  }

  bool Reply(const Result<void>& done, std::string answer) {
    StepReply reply;
    if (!done) {
      reply.status = done.error().code == ErrorCode::kBadInput ? StepReply::Status::kBadInput : StepReply::Status::kEnvironment;
      answer = internal::Encode(done.error());
    }
    if (end_) reply.end = static_cast<int32_t>(*end_);
    reply.text_bytes = answer.size();
    reply.happening_bytes = recorder_.happenings().size();
    out_.assign(reinterpret_cast<const char*>(&reply), sizeof reply);
    out_ += answer;
    out_ += recorder_.happenings();
    recorder_.happenings().clear();
    return Send(out_);
  }

  RunWorld& world() { return run_->world(); }

  StepView& view_;
  RunRequest request_;
  RunInputs inputs_;
  RunHooks hooks_;
  StepRecorder recorder_;
  std::unique_ptr<RunGuards> guards_;
  std::unique_ptr<RecordedRun> run_;
  std::optional<RunEnd> end_;
  bool finished_ = false;
  cpu_set_t anywhere_{};           // The processors that we may run on,
  std::optional<uint32_t> cpu_;    // and the one that we are held to.
  std::string out_;
};

}  // namespace

int RunStepWorker(const std::string& request) {
  // The client's end is seen by its socket. The signal would come with the end of its thread alone.
  prctl(PR_SET_PDEATHSIG, 0);
  CatchWorkerStop();
  void* view = mmap(nullptr, sizeof(StepView), PROT_READ | PROT_WRITE, MAP_SHARED, internal::kStepViewFd, 0);
  if (view == MAP_FAILED) {
    std::fprintf(stderr, "dustproof: --step-worker is for programs that step a run, which start it\n");
    return 3;
  }
  StepWorker worker(static_cast<StepView*>(view));
  const bool finished = worker.Obey(RunRequestFromJson(request));
  fflush(nullptr);
  _exit(finished ? 0 : 1);  // Firmware may have left anything behind: no destructor of it runs.
}

}  // namespace dustproof
