#include "hil/shim/lockstep/internal/hal_state.h"

#include <algorithm>
#include <limits>

#include "hil/shim/lockstep/crash_reporter.h"
#include "hil/shim/lockstep/internal/firmware_files.h"
#include "sim/core/check.h"

namespace dustproof::internal {
namespace {

HalState* active_hal = nullptr;

constexpr int kLinesInSecondMax = 100'000;

constexpr int kRefusalsLogged =
    100;  // Of one call: firmware that polls wrongly must not fill the log.

}  // namespace

HalState* ActiveHal() { return active_hal; }

HalState::HalState(EventQueue& event_queue, const Devices& parts, WallTime start_time,
                   const Seed& seed, CpuShare* cpu_share, const ComputeTable& compute_table)
    : queue(event_queue),
      devices(parts),
      start(start_time),
      scheduler(event_queue, cpu_share),
      sensors(scheduler),
      random(seed.Stream("hal.random")) {
  DP_CHECK(active_hal == nullptr);
  DP_CHECK(devices.listener != nullptr);
  active_hal = this;
  if (!compute_table.empty()) {
    compute = std::make_unique<ComputeModel>(compute_table, scheduler, *devices.listener);
    scheduler.SetWatcher(compute.get());
  }
  scheduler.SetPauseHandler([this] {
    if (ConsoleHasLines()) LogConsole();
  });
  scheduler.DescribeTo(dustproof_debug_view);
  if (devices.sockets != nullptr) {
    devices.sockets->SetReadyHandler([this] { NotifyNetwork(); });
  }
  if (devices.uart != nullptr)
    devices.uart->SetReadyHandler([this] { scheduler.NotifyAll(typing); });
}

HalState::~HalState() {
  scheduler.AbandonAll();  // Before the queues that tasks wait in are gone.
  if (devices.sockets != nullptr) devices.sockets->SetReadyHandler({});
  if (devices.uart != nullptr) devices.uart->SetReadyHandler({});
  dustproof_debug_view.tasks = nullptr;
  active_hal = nullptr;
}

void HalState::NotifyNetwork() {
  ++network_changes;
  scheduler.NotifyAll(network);
}

bool HalState::MayLog() {
  constexpr int64_t kSecond = 1'000'000'000;
  const int64_t second = queue.now().nanoseconds() / kSecond;
  if (second != log_second) {
    log_second = second;
    lines_in_second = 0;
  }
  return ++lines_in_second <= kLinesInSecondMax;
}

void HalState::LogPrinted(bool error, std::string_view line) {
  if (!MayLog()) return;  // The next line ends the run, on the task's own stack.
  const Task* task = scheduler.current();
  devices.listener->OnLog(error ? DP_LOG_WARN : DP_LOG_INFO, task == nullptr ? "" : task->name, line);
}

void HalState::LogConsole() {
  DrainConsole(
      [](const ConsoleLine& line, void* context) {
        static_cast<HalState*>(context)->LogPrinted(line.error, {line.text, line.bytes});
      },
      this);
}

uint64_t HalState::NowUs() const {
  return static_cast<uint64_t>((queue.now() - booted).microseconds());
}

SimTime HalState::Deadline(uint64_t timeout_us) const {
  // A span beyond some 290 years is as good as for ever.
  const uint64_t left_us = static_cast<uint64_t>((SimTime::Max() - queue.now()).microseconds());
  if (timeout_us >= left_us) return SimTime::Max();
  return queue.now() + SimDuration::Microseconds(static_cast<int64_t>(timeout_us));
}

uint64_t HalState::SinceBoot(uint64_t run_us) const {
  const auto booted_us = static_cast<uint64_t>(booted.nanoseconds() / 1000);
  return run_us > booted_us ? run_us - booted_us : 0;
}

void HalState::ResetParts() {
  if (flash_work) {
    const double progress =
        (queue.now() - flash_work->begin).seconds() / flash_work->takes.seconds();
    if (flash_work->erase) {
      devices.flash->EraseCut(flash_work->address, progress);
    } else {
      devices.flash->ProgramCut(flash_work->address, flash_work->data, progress);
    }
    flash_work.reset();
  }
  if (devices.drive != nullptr) devices.drive->SetPwm(0, 0);
  if (devices.cleaning != nullptr) {
    for (const auto motor :
         {CleaningMotor::kMainBrush, CleaningMotor::kSideBrush, CleaningMotor::kFan}) {
      devices.cleaning->SetDuty(motor, 0);
    }
  }
  if (devices.indicators != nullptr) {
    for (int led = 0; led < 4; ++led) devices.indicators->SetLed(led, 0);
  }
  if (devices.lidar != nullptr) devices.lidar->SetEnabled(false);
  if (devices.sockets != nullptr) devices.sockets->PowerLost();
  if (devices.wifi != nullptr) devices.wifi->PowerLost();
  sockets.clear();
  mailboxes.clear();
  mailbox_bytes = 0;
  join_under_way = false;
  sensors.Clear();
  refusals.clear();
}

HalState* HalCall::Enter(const char* name) {
  Task* task = active_hal == nullptr ? nullptr : active_hal->scheduler.running();
  if (task == nullptr) return nullptr;
  if (active_hal->compute) [[unlikely]]
    active_hal->compute->BeforeCall(*task, name);
  task->hal_call = name;
  ++task->hal_calls;
  return active_hal;
}

void HalCall::ReportEndlessCalls() {
  ReportFirmwareFault("hang",
                      "made four million HAL calls without simulated time going on: an endless loop "
                      "without a blocking HAL call?");
}

dp_status HalCall::Refuse(std::string_view why, dp_status status) const {
  HalState& hal = *hal_;
  hal.scheduler.OnHostStack([&] {
    const Task& task = *hal.scheduler.current();
    const int count = ++hal.refusals[task.hal_call];
    if (count > kRefusalsLogged) return;
    std::string line = std::string("HAL ") + task.hal_call + " refused: " + std::string(why);
    if (count == kRefusalsLogged) line += " (more refusals of this call are not logged)";
    hal.devices.listener->OnLog(DP_LOG_WARN, task.name, line);
  });
  return status;
}

const void* FindInterface(const char* name, uint32_t version) {
  if (active_hal == nullptr || version != 1 || !TextLength(name, 31)) return nullptr;
  for (const auto find : {FindSystemInterface, FindSensorInterface, FindActuatorInterface,
                          FindStorageInterface, FindNetworkInterface}) {
    if (const void* found = find(*active_hal, name)) return found;
  }
  return nullptr;
}

}  // namespace dustproof::internal
