#include "hil/shim/lockstep/lockstep.h"

#include <utility>

#include "hil/shim/lockstep/internal/fault.h"
#include "hil/shim/lockstep/internal/firmware_image.h"
#include "hil/shim/lockstep/internal/hal_state.h"
#include "sim/core/check.h"
#include "sim/core/hash.h"

namespace dustproof {

Lockstep::Lockstep(const Config& config) : config_(config) {}

Result<std::unique_ptr<Lockstep>> Lockstep::Create(const Config& config, EventQueue& queue,
                                                   const Devices& devices) {
  std::unique_ptr<Lockstep> host(new Lockstep(config));
  // The HAL stands before the firmware is loaded, so that a constructor which calls it is refused
  // rather than crashes.
  host->hal_ = std::make_unique<internal::HalState>(queue, devices, config.start, config.seed,
                                                    config.cpu_share, config.compute);
  host->hal_->firmware = config.firmware_path;
  const CpuScope scope(config.cpu_share, CpuSection::kFirmware);  // Its libraries take a while.
  if (const Result<void> loaded = host->Load(); !loaded) return loaded.error();
  Lockstep* self = host.get();
  host->hal_->on_reboot = [self] { self->Reboot(); };
  host->hal_->on_power_off = [self] { self->PowerOff(); };
  host->hal_->scheduler.SetEndHandler([self] { self->OnTasksGone(); });
  host->hal_->scheduler.SetDeadlockHandler([self] { internal::ReportDeadlock(self->hal_->scheduler); });
  host->hal_->sensors.SetWakeHandler([self] {
    if (self->switched_off_) self->PowerOn();
  });
  return host;
}

Result<void> Lockstep::Load() {
  if (config_.load) {
    Result<std::unique_ptr<FirmwareProgram>> program = config_.load(*this);
    if (!program) return program.error();
    program_ = std::move(*program);
  } else {
    auto image = internal::FirmwareImage::Load(config_.firmware_path);
    if (!image) return image.error();
    program_ = std::move(image).value();
  }
  ram_is_fresh_ = true;
  hal_->firmware = program_->name() + ' ' + program_->version();
  return {};
}

Lockstep::~Lockstep() {
  if (boot_event_ != 0) hal_->queue.Cancel(boot_event_);
}

void Lockstep::PowerOn(dp_reset_cause cause) {
  DP_CHECK(state_ == State::kOff);
  switched_off_ = false;
  ScheduleBoot(cause, {});
}

void Lockstep::PowerCut() {
  DP_CHECK(hal_->scheduler.running() == nullptr);
  Reset();
  state_ = State::kOff;
}

void Lockstep::Reboot() {
  Reset();
  ScheduleBoot(DP_RESET_SOFTWARE, config_.reset_time);
}

void Lockstep::PowerOff() {
  Reset();
  state_ = State::kOff;
  switched_off_ = true;
  hal_->devices.listener->OnPowerOff();
}

void Lockstep::Reset() {
  if (boot_event_ != 0) hal_->queue.Cancel(std::exchange(boot_event_, 0));
  if (hal_->compute) hal_->compute->Reset();
  hal_->scheduler.AbandonAll();
  hal_->ResetParts();
}

void Lockstep::ScheduleBoot(dp_reset_cause cause, SimDuration after) {
  state_ = State::kRunning;
  boot_event_ = hal_->queue.ScheduleAfter(after, EventSource::kFirmware, [this, cause] {
    boot_event_ = 0;
    Boot(cause);
  });
}

void Lockstep::Boot(dp_reset_cause cause) {
  if (!std::exchange(ram_is_fresh_, false)) program_->Restore();
  hal_->booted = hal_->queue.now();
  hal_->reset_cause = cause;
  hal_->sensors.Clear();
  hal_->devices.listener->OnBoot(cause);
  static constexpr auto kRunMain = [](void* program) {
    static_cast<FirmwareProgram*>(program)->Main();
  };
  Task* task =
      hal_->scheduler.Spawn("main", kRunMain, program_.get(), config_.main_stack_bytes);
  DP_CHECK(task != nullptr);
}

void Lockstep::OnTasksGone() { state_ = State::kEnded; }

SensorInbox& Lockstep::sensors() { return hal_->sensors; }
Scheduler& Lockstep::scheduler() { return hal_->scheduler; }
const void* Lockstep::Interface(const char* name) const {
  return internal::FindInterface(name, 1);
}
uint64_t Lockstep::WaitForNetwork(uint64_t seen, uint64_t timeout_us) {
  return internal::WaitForNetwork(seen, timeout_us);
}
void Lockstep::NotifyNetwork() { hal_->NotifyNetwork(); }
SimTime Lockstep::booted() const { return hal_->booted; }
const Devices& Lockstep::devices() const { return hal_->devices; }
dp_reset_cause Lockstep::reset_cause() const { return hal_->reset_cause; }
void Lockstep::LogPrinted(bool error, std::string_view line) { hal_->LogPrinted(error, line); }
const std::string& Lockstep::firmware_name() const { return program_->name(); }
const std::string& Lockstep::firmware_version() const { return program_->version(); }
std::vector<std::pair<std::string, uint64_t>> Lockstep::TaskHashes() const {
  std::vector<std::pair<std::string, uint64_t>> hashes;
  hal_->scheduler.ForEachTask([&hashes](const Task& task) {
    Hasher hasher;
    hasher.Add(task.id);
    hasher.Add(task.state);
    hasher.Add(std::string_view(task.hal_call));
    hasher.Add(task.hal_calls);
    hashes.emplace_back(task.name, hasher.Digest());
  });
  return hashes;
}

std::vector<DeadlineCount> Lockstep::deadlines() const {
  return hal_->compute ? hal_->compute->deadlines() : std::vector<DeadlineCount>();
}

std::vector<std::string> Lockstep::unknown_tasks() const {
  return hal_->compute ? hal_->compute->UnknownTasks() : std::vector<std::string>();
}

uint64_t Lockstep::switch_count() const { return hal_->scheduler.switch_count(); }

}  // namespace dustproof
