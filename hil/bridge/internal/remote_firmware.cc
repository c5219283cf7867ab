#include "hil/bridge/internal/remote_firmware.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "hil/shim/lockstep/virtual_time.h"
#include "sim/core/shell_word.h"

namespace dustproof::internal {
namespace {

constexpr uint32_t kMain = 1;                // The board's number for its first task.
constexpr size_t kTaskStackBytes = 1 << 18;  // Of one that stands for another; its own frames only.
constexpr int kPollMs = 200;                 // How often a silent start is looked at.
constexpr int kBusyPollMs = 5;               // While there is something else to do.
constexpr uint64_t kRefusalsTold = 100;      // A stranger may go on for ever.
constexpr double kStartSecondsMax = 30;      // From the start of the process to its first word.

}  // namespace

double RealSeconds() { return static_cast<double>(RealMonotonicNanoseconds()) * 1e-9; }

std::vector<std::string> RemoteFirmware::Environment() const {
  std::vector<std::string> environment = config_.environment;
  environment.push_back("DUSTPROOF_LINK=" + link_->address());
  environment.push_back("DUSTPROOF_START_UNIX_NS=" + std::to_string(host_.start().unix_nanoseconds()));
  return environment;
}

Result<void> RemoteFirmware::Start() {
  if (Result<void> listens = Listen(); !listens) return listens.error();
  if (!config_.elsewhere) {
    if (Result<void> started = StartProcess(); !started) return started.error();
  } else {
    process_ = FirmwareProcess::Watch(0);
    config_.elsewhere->tell(Invitation());
  }
  const Result<wire::Hello> hello = Meet();
  if (!hello) return hello.error();
  if (hello->hal_version() != DP_HAL_VERSION)
    return Error::BadInput("the firmware was compiled against version " + std::to_string(hello->hal_version()) + " of the HAL; this is " +
                           std::to_string(DP_HAL_VERSION) + ": compile it again");
  name_ = hello->firmware_name();
  version_ = hello->firmware_version();
  // Process ids mean something on this machine alone.
  if (config_.elsewhere && link_->address().starts_with("ipc://"))
    process_ = FirmwareProcess::Watch(static_cast<pid_t>(hello->process_id()));
  return {};
}

// A process of ours that was killed may have left half a word: the next one gets a link of its own.
Result<void> RemoteFirmware::Listen() {
  if (config_.elsewhere && link_ != nullptr) {
    link_->ForgetBoard();
    return {};
  }
  Result<std::unique_ptr<BoardLink>> link =
      config_.elsewhere ? OpenBoardLink(config_.elsewhere->endpoint, config_.elsewhere->keys) : OpenBoardLink();
  if (!link) return link.error();
  link_ = std::move(*link);
  return {};
}

Result<void> RemoteFirmware::StartProcess() {
  Result<std::unique_ptr<FirmwareProcess>> process = FirmwareProcess::Start(config_.path, config_.arguments, Environment());
  if (!process) return process.error();
  process_ = std::move(*process);
  return {};
}

std::string RemoteFirmware::Invitation() const {
  const FirmwareElsewhere& elsewhere = *config_.elsewhere;
  if (link_->address().starts_with("serial:")) return "waits for the board at " + link_->address() + ": reset it; Ctrl-C ends the run";
  if (!link_->address().starts_with("ipc://"))
    return "waits for a board at " + link_->address() + ": its firmware needs DUSTPROOF_LINK=" + link_->address() +
           (elsewhere.keys ? " (this machine's address in it), DUSTPROOF_LINK_RUN_KEY=" + elsewhere.keys->host.public_key +
                                 " and DUSTPROOF_LINK_KEY_FILE (a file with the board's secret key)"
                           : "") +
           "; Ctrl-C ends the run";
  if (elsewhere.own_network != OwnNetwork::kNone) return "waits for the firmware at " + link_->address() + ": start it on the board, with DUSTPROOF_LINK=" + link_->address() + "; Ctrl-C ends the run";
  std::string variables;
  for (const std::string& variable : Environment()) variables += " " + ShellWord(variable);
  const std::string alone = geteuid() == 0 ? "unshare -n " : "unshare -c -n ";  // Others need a namespace of users for it.
  const std::string program = ShellWord(config_.path);
  return "waits for the firmware: start it in another terminal\n  " + alone + "env -i" + variables + " " + program + "\nor under gdb\n  " + alone +
         "gdb -ex \"handle SIGSYS nostop noprint pass\" -ex " + ShellWord("set exec-wrapper env -i" + variables) + " " + program + "\nCtrl-C ends the run";
}

Result<wire::Hello> RemoteFirmware::Meet() {
  const double begin_s = RealSeconds();
  const std::string firmware = config_.elsewhere ? "the firmware at " + link_->address() + " " : "the firmware's process " + config_.path + " ";
  wire::Message message;
  while (!Hear(message) || message.has_heartbeat()) {
    pollfd waits[] = {{link_->fd(), POLLIN, 0}, {process_->end_fd(), POLLIN, 0}, {link_->key_fd(), POLLIN, 0}};
    const bool busy = config_.elsewhere && config_.elsewhere->meanwhile;
    poll(waits, 3, busy ? kBusyPollMs : kPollMs);
    if (busy) config_.elsewhere->meanwhile();
    if (waits[1].revents != 0)
      return Error::BadInput(firmware + process_->WaitForEnd() + " before its first word: " + WhyNoWord());
    if (stop_requested())
      return Error::BadInput("the firmware did not come before the run was stopped");
    if (config_.elsewhere && config_.elsewhere->wait && RealSeconds() - begin_s > config_.elsewhere->wait->seconds())
      return Error::Environment("no board came to " + link_->address() + " within " + ToString(*config_.elsewhere->wait));
    if (!config_.elsewhere && RealSeconds() - begin_s > kStartSecondsMax)
      return Error::BadInput(firmware + "said nothing in 30 s: is it linked with the board's shim?");
  }
  if (!refusal_.empty()) return Error::BadInput(firmware + "sent " + refusal_);
  return message.hello();
}

std::string RemoteFirmware::WhyNoWord() {
  std::string last_line;
  process_->DrainOutput([&](bool error, std::string_view line) {
    if (error) last_line = line;
  });
  return last_line.empty() ? "is it linked with the board's shim?" : last_line;
}

RemoteFirmware::~RemoteFirmware() { Dismiss(); }

void RemoteFirmware::Dismiss() {
  if (!config_.elsewhere || link_ == nullptr) return;
  wire::Message message;
  message.mutable_goodbye();
  link_->End(message, host_.scheduler().queue().now());
}

bool RemoteFirmware::Hear(wire::Message& message) {
  while (true) {
    switch (link_->Receive(message)) {
      case BoardLink::Heard::kNothing:
        return false;
      case BoardLink::Heard::kMessage:
      case BoardLink::Heard::kHeartbeat:
        return true;
      case BoardLink::Heard::kGone:
        refusal_ = "nothing more: its line is gone";
        refusal_kind_ = "bench";
        message.Clear();
        return true;
      case BoardLink::Heard::kRefused:
        if (refusals_++ < kRefusalsTold) host_.devices().listener->OnLinkRefusal(link_->refusal().why);
        if (link_->refusal().of_board) {
          refusal_ = link_->refusal().why;
          refusal_kind_ = link_->refusal().for_gap ? "bench" : "protocol";
          message.Clear();
          return true;
        }
        began_anew_ = began_anew_ || link_->refusal().of_hello;  // Of somebody else: the run goes on.
    }
  }
}

void RemoteFirmware::Send(wire::Message& message) {
  const Result<void> sent = link_->Send(message, host_.scheduler().queue().now());
  if (!sent) Fail("bench", ToString(sent.error()));
}

void RemoteFirmware::Restore() {
  tasks_.clear();
  calls_.ForgetBoard();
  began_anew_ = false;
  process_.reset();
  if (config_.elsewhere) {
    wire::Message goodbye;
    goodbye.mutable_goodbye()->set_reason("the robot's power is cut, or its computer resets");
    Send(goodbye);
  }
  if (const Result<void> started = Start(); !started && !stop_requested()) Fail("crash", ToString(started.error()));
}

bool RemoteFirmware::stop_requested() {
  stopped_ = stopped_ || (config_.elsewhere && config_.elsewhere->stop_requested());
  return stopped_;
}

void RemoteFirmware::BeSilent() {
  while (true) host_.scheduler().Wait(silence_, SimTime::Max());
}

void RemoteFirmware::Main() {
  if (stopped_) BeSilent();
  wire::Message message;
  *message.mutable_welcome() = Welcome();
  host_.scheduler().OnHostStack([&] {
    const bool watched = config_.elsewhere && config_.elsewhere->own_network == OwnNetwork::kWatched && !process_->shares_our_network();
    if (!watched && !process_->isolated() && !std::exchange(told_unwatched_, true))
      host_.devices().listener->OnUnwatched(config_.elsewhere ? "somebody else started it, and not in an empty network namespace"
                                                              : "the kernel gave its process no network namespace of its own");
    link_->Begin(config_.seed.value() + ++boots_);
    Send(message);
  });
  RunTask(AddTask(kMain, "main"));
}

RemoteFirmware::Task& RemoteFirmware::AddTask(uint32_t number, std::string name) {
  std::unique_ptr<Task>& task = tasks_[number];
  if (task != nullptr) Fail("protocol", "its process began task " + std::to_string(number) + " twice");
  task.reset(new Task{.firmware = this, .number = number, .name = std::move(name)});
  return *task;
}

void RemoteFirmware::RunTask(Task& task) {
  wire::Result result;
  result.set_task(task.number);
  bool awaited = true;
  while (true) {
    const wire::Turn turn = Exchange(task, std::move(result), awaited);
    awaited = turn.waits();
    result = {};
    for (const wire::Call& call : turn.calls()) {
      if (call.task() != task.number) Fail("protocol", "a task of its process spoke out of turn");
      if (call.function() == wire::TASK_EXIT) return;
      result = Answer(task, call);
    }
  }
}

wire::Result RemoteFirmware::Answer(Task& task, const wire::Call& call) {
  switch (call.function()) {
    case wire::TASK_CREATE:
      return CreateTask(call);
    case wire::THREAD_START:
      host_.scheduler().OnHostStack([&] {
        SpawnThread(static_cast<uint32_t>(call.integers_size() > 0 ? call.integers(0) : 0));
      });
      return {};
    case wire::PARK:
      return Park(task, call.integers_size() > 0 ? call.integers(0) : DP_FOREVER);
    case wire::NETWORK_WAIT:
      return WaitForNetwork(task, call);
    case wire::OUTSIDE_ATTEMPT:
      host_.scheduler().OnHostStack(
          [&] { host_.devices().listener->OnOutsideAttempt(call.text()); });
      return {};
    case wire::UNPARK:
      if (call.integers_size() > 0) Unpark(static_cast<uint32_t>(call.integers(0)));
      return {};
    default:
      return calls_.Answer(call);
  }
}

wire::Result RemoteFirmware::CreateTask(const wire::Call& call) {
  wire::Result result;
  result.set_task(call.task());
  result.set_value(DP_ERR_INVALID);
  if (call.integers_size() < 2) return result;
  const auto number = static_cast<uint32_t>(call.integers(0));
  const size_t stack_bytes = call.integers(1);
  Task& task = AddTask(number, call.text());
  const auto run = [](void* task) {
    static_cast<Task*>(task)->firmware->RunTask(*static_cast<Task*>(task));
  };
  // What the HAL refuses it still refuses; what it takes is too small for what we do there.
  const size_t own_bytes = stack_bytes < 16384 ? stack_bytes : std::max(stack_bytes, kTaskStackBytes);
  result.set_value(calls_.tables().task->create(task.name.c_str(), run, &task, own_bytes));
  if (result.value() <= 0) tasks_.erase(number);
  return result;
}

void RemoteFirmware::SpawnThread(uint32_t number) {
  Task& task = AddTask(number, "thread " + std::to_string(number));
  const auto run = [](void* task) {
    static_cast<Task*>(task)->firmware->RunTask(*static_cast<Task*>(task));
  };
  if (host_.scheduler().Spawn(task.name, run, &task, kTaskStackBytes) == nullptr)
    Fail("forbidden_call", "it has more than 64 tasks and threads");
}

wire::Result RemoteFirmware::Park(Task& task, uint64_t timeout_us) {
  wire::Result result;
  result.set_task(task.number);
  Scheduler& scheduler = host_.scheduler();
  const SimTime now = scheduler.queue().now();
  const uint64_t left_us = static_cast<uint64_t>((SimTime::Max() - now).microseconds());
  const SimTime deadline =
      timeout_us >= left_us ? SimTime::Max() : now + SimDuration::Microseconds(static_cast<int64_t>(timeout_us));
  if (!task.permit) scheduler.Wait(task.parked, deadline);
  result.set_value(std::exchange(task.permit, false) ? DP_OK : DP_ERR_TIMEOUT);
  return result;
}

wire::Result RemoteFirmware::WaitForNetwork(Task& task, const wire::Call& call) {
  wire::Result result;
  result.set_task(task.number);
  const uint64_t timeout_us = call.integers_size() < 2 || std::exchange(task.permit, false) ? 0 : call.integers(1);
  task.waits_for_network = true;
  result.add_integers(host_.WaitForNetwork(call.integers_size() > 0 ? call.integers(0) : 0, timeout_us));
  task.waits_for_network = task.permit = false;
  return result;
}

void RemoteFirmware::Unpark(uint32_t number) {
  const auto found = tasks_.find(number);
  if (found == tasks_.end()) return;  // It has ended.
  found->second->permit = true;
  if (found->second->waits_for_network)
    host_.NotifyNetwork();
  else
    host_.scheduler().NotifyOne(found->second->parked);
}

void RemoteFirmware::LogOutput() {
  if (config_.elsewhere) return;  // It prints where it was started.
  process_->DrainOutput([this](bool error, std::string_view line) {
    if (!error || !TakeFault(line)) host_.LogPrinted(error, line);
  });
}

bool RemoteFirmware::TakeFault(std::string_view line) {
  static constexpr std::string_view kFault = "dustproof-fault ", kMore = "dustproof-more ", kFrame = "dustproof-frame ";
  if (line.starts_with(kMore) && !fault_.kind.empty()) {
    fault_.detail += '\n';
    fault_.detail += line.substr(kMore.size());
    return true;
  }
  if (line.starts_with(kFault)) {
    line.remove_prefix(kFault.size());
    const size_t colon = line.find(": ");
    fault_.kind = line.substr(0, colon);
    fault_.detail = colon == std::string_view::npos ? "" : line.substr(colon + 2);
    return true;
  }
  const size_t space = line.rfind(' ');
  if (!line.starts_with(kFrame) || space < kFrame.size()) return false;
  StackFrame& frame = fault_.frames.emplace_back();
  frame.module = line.substr(kFrame.size(), space - kFrame.size());
  frame.offset = std::strtoull(line.data() + space + 1, nullptr, 10);
  return true;
}

void RemoteFirmware::FailAsItSays(const std::string& otherwise) {
  LogOutput();
  if (fault_.kind.empty()) Fail("crash", otherwise);
  ReportFirmwareFault(fault_.kind.c_str(), ("its process ended: " + fault_.detail).c_str(), fault_.frames);
}

void RemoteFirmware::Fail(const char* kind, const std::string& message) {
  Dismiss();
  ReportFirmwareFault(kind, message.c_str(), fault_.frames);
}

}  // namespace dustproof::internal
