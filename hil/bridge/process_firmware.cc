#include "hil/bridge/process_firmware.h"

#include <poll.h>
#include <sched.h>
#include <signal.h>

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
  wire::Message Await();
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
  host_.scheduler().OnHostStack([&] {
    wire::Message message;
    calls_.AddLatest(*message.mutable_grant()->mutable_latest());
    calls_.MoveUnread(*message.mutable_grant()->mutable_unread());
    *message.mutable_grant()->add_results() = std::move(result);
    link_->Send(message, host_.scheduler().queue().now());
    message = Await();
    if (!message.has_turn()) Fail("protocol", "its process sent a message that no turn begins or ends with");
    turn = std::move(*message.mutable_turn());
    LogOutput();
  });
  return turn;
}

wire::Message ProcessFirmware::Await() {
  wire::Message message;
  const double begin_cpu_s = process_->CpuSeconds();
  double cpu_s = begin_cpu_s, computed_s = internal::RealSeconds();
  while (!Hear(message) || message.has_heartbeat()) {
    pollfd waits[] = {{link_->fd(), POLLIN, 0}, {process_->end_fd(), POLLIN, 0}};
    poll(waits, 2, kPollMs);
    if (waits[1].revents != 0 && !Hear(message)) {
      FailAsItSays("its process " + process_->WaitForEnd());
    } else if (waits[1].revents != 0) {
      break;
    }
    if (const double now_cpu_s = process_->CpuSeconds(); now_cpu_s != cpu_s) {
      cpu_s = now_cpu_s;
      computed_s = internal::RealSeconds();
    }
    if (config_.elsewhere) continue;  // It may sit in a debugger.
    if (cpu_s - begin_cpu_s > config_.cpu_budget_s)
      EndSpin("computed for longer than its CPU budget without a call that waits: an endless loop?");
    if (internal::RealSeconds() - computed_s > config_.idle_budget_s)
      EndSpin("waits for something that is neither the HAL nor a wait that the shim knows");
  }
  if (!refusal_.empty()) Fail("protocol", "its process sent " + refusal_);
  return message;
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
