#include "hil/bridge/process_firmware.h"

#include <poll.h>
#include <sched.h>
#include <signal.h>

#include <optional>
#include <utility>

#include "hil/bridge/internal/remote_firmware.h"

namespace dustproof {
namespace {

constexpr int kPollMs = 200;  // How often a slow turn is looked at.

/// In lockstep: one turn at a time, and simulated time stands while the process has it.
class ProcessFirmware final : public internal::RemoteFirmware {
 public:
  using RemoteFirmware::RemoteFirmware;

 private:
  wire::Turn Exchange(Task& task, wire::Result result, bool awaited) override;
  wire::Welcome Welcome() const override { return calls_.Welcome(); }
  // One that takes longer than a moment, seconds.
  struct SlowTurn {
    double begin_cpu_s, computed_s;
    double cpu_s = 0;
  };
  wire::Message Await();
  /// Ends a turn that spins, or that waits for what never comes.
  void Watch(SlowTurn& turn);
  [[noreturn]] void EndSpin(const std::string& why);
};

// Run and firmware take turns: on one processor a turn costs a fifth of what it costs between two.
void ShareOneProcessor() {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(sched_getcpu(), &one);
  sched_setaffinity(0, sizeof one, &one);
}

wire::Turn ProcessFirmware::Exchange(Task&, wire::Result result, bool) {
  wire::Turn turn;
  if (stop_requested()) BeSilent();
  host_.scheduler().OnHostStack([&] {
    wire::Message message;
    calls_.AddLatest(*message.mutable_grant()->mutable_latest());
    calls_.MoveUnread(*message.mutable_grant()->mutable_unread());
    *message.mutable_grant()->add_results() = std::move(result);
    Send(message);
    message = Await();
    if (stop_requested()) return;
    if (!message.has_turn()) Fail("protocol", "its process sent a message that no turn begins or ends with");
    turn = std::move(*message.mutable_turn());
    LogOutput();
  });
  if (stop_requested()) BeSilent();
  return turn;
}

wire::Message ProcessFirmware::Await() {
  wire::Message message;
  std::optional<SlowTurn> slow;  // Clocks are asked only where the answer takes long: most come in a moment.
  while (!Hear(message) || message.has_heartbeat()) {
    pollfd waits[] = {{link_->fd(), POLLIN, 0}, {process_->end_fd(), POLLIN, 0}};
    const int ready = poll(waits, 2, kPollMs);
    if (waits[1].revents != 0 && !Hear(message)) FailAsItSays("its process " + process_->WaitForEnd());
    if (waits[1].revents != 0) break;
    if (stop_requested()) break;
    if (ready > 0 || config_.elsewhere) continue;  // One that is elsewhere may sit in a debugger.
    if (!slow) slow = SlowTurn{.begin_cpu_s = process_->CpuSeconds(), .computed_s = internal::RealSeconds()};
    Watch(*slow);
  }
  if (!refusal_.empty()) Fail(refusal_kind_, "its process sent " + refusal_);
  return message;
}

void ProcessFirmware::Watch(SlowTurn& turn) {
  if (const double now_cpu_s = process_->CpuSeconds(); now_cpu_s != turn.cpu_s) {
    turn.cpu_s = now_cpu_s;
    turn.computed_s = internal::RealSeconds();
  }
  if (turn.cpu_s - turn.begin_cpu_s > config_.cpu_budget_s)
    EndSpin("computed for longer than its CPU budget without a call that waits: an endless loop?");
  if (internal::RealSeconds() - turn.computed_s > config_.idle_budget_s)
    EndSpin("waits for something that is neither the HAL nor a wait that the shim knows");
}

void ProcessFirmware::EndSpin(const std::string& why) {
  process_->Signal(SIGUSR2);  // The shim tells where the thread stands that has the turn.
  pollfd end{process_->end_fd(), POLLIN, 0};
  poll(&end, 1, 2000);
  LogOutput();
  ReportFirmwareFault("hang", ("its process " + why).c_str(), fault_.frames);
}

}  // namespace

Result<std::unique_ptr<FirmwareProgram>> StartProcessFirmware(const ProcessFirmwareConfig& config,
                                                              Lockstep& host) {
  ShareOneProcessor();
  auto firmware = std::make_unique<ProcessFirmware>(config, host);
  if (const Result<void> started = firmware->Start(); !started) return started.error();
  return std::unique_ptr<FirmwareProgram>(std::move(firmware));
}

}  // namespace dustproof
