#include "hil/step/step_client.h"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "hil/run/supervisor.h"
#include "hil/run/worker_process.h"
#include "hil/step/internal/happening_codec.h"
#include "hil/step/internal/step_protocol.h"
#include "hil/step/step_worker.h"
#include "sim/config/number.h"

namespace dustproof {
namespace {

using internal::StepCommand;
using internal::StepOp;
using internal::StepReply;

// A firmware may compute for ten seconds of CPU time before the run calls it a hang.
constexpr int kEndWaitMs = 15'000;
constexpr size_t kReceiveBytes = 16 << 10;

Error LastError(const char* what) { return Error::Environment(std::string(what) + ": " + std::strerror(errno)); }

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int get() const { return fd_; }

 private:
  const int fd_;
};

// The file is the worker's to write and ours to read.
Result<std::shared_ptr<const StepView>> MapView(int fd) {
  if (fd < 0 || ftruncate(fd, sizeof(StepView)) != 0) return LastError("cannot make memory to share with the run");
  void* memory = mmap(nullptr, sizeof(StepView), PROT_READ, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) return LastError("cannot map the memory that is shared with the run");
  return std::shared_ptr<const StepView>(static_cast<const StepView*>(memory),
                                         [memory](const StepView*) { munmap(memory, sizeof(StepView)); });
}

std::string Yaml(const nlohmann::json& step) { return step.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace); }

// Holds the calling thread to the processor that it is on. The worker comes to the same one for short steps: were this
// thread woken on another, idle one, that would take four times as long as the step.
class HeldToProcessor {
 public:
  HeldToProcessor() {
    cpu_ = std::max(sched_getcpu(), 0);
    if (cpu_ >= CPU_SETSIZE || sched_getaffinity(0, sizeof anywhere_, &anywhere_) != 0) return;
    cpu_set_t here;
    CPU_ZERO(&here);
    CPU_SET(cpu_, &here);
    held_ = sched_setaffinity(0, sizeof here, &here) == 0;
  }
  ~HeldToProcessor() {
    if (held_) sched_setaffinity(0, sizeof anywhere_, &anywhere_);
  }
  HeldToProcessor(const HeldToProcessor&) = delete;
  HeldToProcessor& operator=(const HeldToProcessor&) = delete;

  uint32_t cpu() const { return static_cast<uint32_t>(cpu_); }

 private:
  int cpu_ = 0;
  bool held_ = false;
  cpu_set_t anywhere_{};
};

uint32_t Number(StepOp op) { return static_cast<uint32_t>(op); }

}  // namespace

uint64_t SequenceOf(const StepView& view, SampleKind kind) {
  switch (kind) {
    case SampleKind::kLidar:
      return view.scan.sequence;
    case SampleKind::kOdometry:
      return view.odometry.sequence;
    case SampleKind::kImu:
      return view.imu.sequence;
    case SampleKind::kHazard:
      return view.hazard.sequence;
    case SampleKind::kDock:
      return view.dock.sequence;
    case SampleKind::kBattery:
      return view.battery.sequence;
  }
  return 0;
}

StepClient::Pipe::~Pipe() {
  CloseTo();
  if (from >= 0) close(from);
}

void StepClient::Pipe::CloseTo() {
  if (const int fd = std::exchange(to, -1); fd >= 0) close(fd);
}

Result<void> StepClient::Pipe::Open() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return LastError("cannot make a pipe");
  from = ends[0], to = ends[1];
  return {};
}

Result<std::unique_ptr<StepClient>> StepClient::Start(const RunRequest& request, const Options& options) {
  RunRequest absolute = request;
  for (std::string* path : {&absolute.scenario, &absolute.home, &absolute.recording}) {
    if (!path->empty()) *path = std::filesystem::absolute(*path);
  }
  std::unique_ptr<StepClient> client(new StepClient(std::move(absolute), options));
  if (const Result<void> started = client->StartWorker(); !started) return started.error();
  const Result<void> begun = client->Tell(Number(StepOp::kBegin), 0, {}, "");
  if (!begun) return begun.error();
  return client;
}

Result<void> StepClient::StartWorker() {
  for (Pipe* pipe : {&commands_, &replies_}) {
    if (Result<void> opened = pipe->Open(); !opened) return opened;
  }
  const Descriptor memory(memfd_create("dustproof-step-view", MFD_CLOEXEC));
  Result<std::shared_ptr<const StepView>> view = MapView(memory.get());
  if (!view) return view.error();
  view_ = std::move(*view);
  WorkerSurroundings surroundings;
  surroundings.executable = options_.executable;
  surroundings.handed_over = {commands_.from, replies_.to, memory.get()};
  const Result<WorkerProcess> worker = StartWorkerProcess(kStepWorkerWord, ToJson(request_), surroundings);
  if (!worker) return worker.error();
  close(worker->report);  // All that it has to say comes by the socket.
  pid_ = worker->pid;
  replies_.CloseTo();  // The worker's alone: its end is the end of what can be read.
  return {};
}

StepClient::~StepClient() {
  commands_.CloseTo();  // The worker sees it, and seals.
  if (pid_ < 0) return;
  AskToStop();
  const int status = WaitForWorker();
  if (WIFSIGNALED(status)) (void)SealDeadRun(request_, status, now().seconds());
}

Result<void> StepClient::Step(SimDuration duration) {
  if (duration <= SimDuration()) return Error::BadInput("a step must go forward, got " + FormatDuration(duration));
  if (duration > SimTime::Max() - now()) return Until(SimTime::Max());
  return Until(now() + duration);
}

Result<void> StepClient::Until(SimTime time) {
  if (time < now()) return Error::BadInput("the run is at " + ToString(now()) + ", past " + ToString(time));
  return Tell(Number(StepOp::kUntil), 0, time, "");
}

Result<void> StepClient::UntilSample(SampleKind kind, SimTime limit) {
  return Tell(Number(StepOp::kUntilSample), static_cast<uint32_t>(kind), limit, "");
}

Result<void> StepClient::SetConsent(const std::string& consent, ConsentState state) {
  return Tell(Number(StepOp::kSetConsent), static_cast<uint32_t>(state), {}, consent);
}

Result<void> StepClient::Press(const std::string& button) { return Perform("press", button); }

Result<void> StepClient::Perform(const std::string& action, const std::string& value) {
  nlohmann::json step = {{"at", "0s"}, {"do", action}};
  if (!value.empty()) step["value"] = value;
  return Tell(Number(StepOp::kDo), 0, {}, Yaml(step));
}

Result<void> StepClient::InjectFault(const std::string& action, std::optional<SimDuration> duration, double value) {
  nlohmann::json fault = {{"at", "0s"}, {"do", action}};
  if (duration) fault["duration"] = FormatDuration(*duration);
  if (value != 0) fault["value"] = value;
  return Tell(Number(StepOp::kFault), 0, {}, Yaml(fault));
}

Result<RunOutcome> StepClient::Finish() {
  if (outcome_) return *outcome_;
  const Result<std::string> answer = Ask(Number(StepOp::kFinish), 0, {}, "");
  if (!answer && outcome_) return *outcome_;  // It died, and that is how it ended.
  if (pid_ >= 0) WaitForWorker();
  if (!answer) return answer.error();
  outcome_ = RunOutcomeFromJson(*answer);
  if (!outcome_) return Error::Environment("the run's process said of its end: " + *answer);
  return *outcome_;
}

Result<void> StepClient::Tell(uint32_t op, uint32_t argument, SimTime time, const std::string& text) {
  const Result<std::string> answer = Ask(op, argument, time, text);
  if (!answer) return answer.error();
  return {};
}

Result<std::string> StepClient::Ask(uint32_t op, uint32_t argument, SimTime time, const std::string& text) {
  if (outcome_) {
    return Error::BadInput(std::string("the run is over (") + ToWord(outcome_->end) + ", at " + ToString(now()) +
                           "): nothing more happens in it");
  }
  if (pid_ < 0) return Error::BadInput("the run's process has ended");
  if (text.size() > internal::kStepTextBytesMax) return Error::BadInput("what is said to the run is longer than 16 KiB");
  const HeldToProcessor held;
  const StepCommand command{static_cast<StepOp>(op), argument, time.nanoseconds(), static_cast<uint32_t>(text.size()), held.cpu()};
  received_.clear();
  const bool sent = Send({reinterpret_cast<const char*>(&command), sizeof command}) && Send(text);
  StepReply reply;
  if (!sent || !Receive(sizeof reply)) return LearnOfDeath();
  std::memcpy(&reply, received_.data(), sizeof reply);
  if (!Receive(sizeof reply + reply.text_bytes + reply.happening_bytes)) return LearnOfDeath();
  const std::string_view bytes(received_);
  const std::string_view answer = bytes.substr(sizeof reply, reply.text_bytes);
  if (!internal::Decode(bytes.substr(sizeof reply + reply.text_bytes, reply.happening_bytes), happenings_))
    return Error::Environment("the run's process sent what can't be read: its memory is damaged");
  if (reply.end >= 0) end_ = static_cast<RunEnd>(reply.end);
  if (reply.status == StepReply::Status::kDone) return std::string(answer);
  return internal::DecodeError(
      answer, reply.status == StepReply::Status::kBadInput ? ErrorCode::kBadInput : ErrorCode::kEnvironment);
}

bool StepClient::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = write(commands_.to, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(count));
  }
  return true;
}

// Until `received_` holds so many bytes.
bool StepClient::Receive(size_t bytes) {
  std::array<char, kReceiveBytes> buffer;
  while (received_.size() < bytes) {
    const ssize_t count = read(replies_.from, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) {
      if (options_.interrupted && options_.interrupted()) AskToStop();
      continue;
    }
    if (count <= 0) return false;
    received_.append(buffer.data(), static_cast<size_t>(count));
  }
  return true;
}

void StepClient::AskToStop() { kill(pid_, SIGTERM); }

Error StepClient::LearnOfDeath() {
  const int status = WaitForWorker();
  outcome_ = SealDeadRun(request_, status, now().seconds());
  end_ = outcome_->end;
  return Error::Environment(outcome_->diagnosis);
}

int StepClient::WaitForWorker() {
  const Descriptor end(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
  pollfd ended{end.get(), POLLIN, 0};
  int ready = 0;
  do {
    ready = poll(&ended, 1, kEndWaitMs);
  } while (ready < 0 && errno == EINTR);
  if (ready == 0) kill(pid_, SIGKILL);
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return status;
}

}  // namespace dustproof
