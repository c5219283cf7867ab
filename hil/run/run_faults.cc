#include "hil/run/run_faults.h"

#include "sim/config/number.h"

namespace dustproof {
namespace {

constexpr SimDuration kPowerCut = SimDuration::Seconds(2);
constexpr SimDuration kBrownout = SimDuration::Milliseconds(50);

// Takes over from `from` what the fault's action is about.
void TakeField(const std::string& action, const FlashFaults& from, FlashFaults* to) {
  if (action == "flash_bit_errors") to->bit_error_rate = from.bit_error_rate;
  if (action == "flash_read_disturb") to->read_disturb_reads = from.read_disturb_reads;
  if (action == "flash_lost_writes") to->lost_write_probability = from.lost_write_probability;
}

}  // namespace

RunFaults::RunFaults(const std::vector<FaultSpec>& faults, CaptureSink* sink) : faults_(faults) {
  ForwardTo(sink);
}

void RunFaults::Arm(EventQueue* queue, Robot* robot, FirmwareBridge* bridge) {
  queue_ = queue, robot_ = robot, bridge_ = bridge;
  for (const FaultSpec& fault : faults_) {
    if (fault.at) {
      Schedule(fault, SimTime::Zero() + *fault.at);
    } else {
      waiting_.push_back({&fault});
    }
  }
  if (waiting_.empty()) return;
  bridge->flash().AddWatcher(
      [this](const Flash::Work& work) { OnTrigger(work.erase ? "flash_erase" : "flash_program"); });
}

void RunFaults::Inject(const FaultSpec& fault) {
  Schedule(injected_.emplace_back(fault), queue_->now());
}

void RunFaults::Write(const RunEvent& event) {
  ForwardingSink::Write(event);
  if (!waiting_.empty()) OnTrigger(event.source + "." + event.name);
}

void RunFaults::OnTrigger(const std::string& name) {
  for (Waiting& waiting : waiting_) {
    if (waiting.fault->on == name && ++waiting.seen == waiting.fault->count)
      Schedule(*waiting.fault, queue_->now() + waiting.fault->after);
  }
}

void RunFaults::Schedule(const FaultSpec& fault, SimTime at) {
  queue_->Schedule(at, EventSource::kEngine, [this, &fault] { Begin(fault); });
}

void RunFaults::After(SimDuration delay, std::function<void()> action) {
  queue_->ScheduleAfter(delay, EventSource::kEngine, std::move(action));
}

void RunFaults::Begin(const FaultSpec& fault) {
  Note("fault", fault.action + (fault.value != 0 ? " " + FormatNumber(fault.value) : ""));
  if (fault.action == "power_cut") {
    bridge_->CutPower("fault");
    After(fault.duration.value_or(kPowerCut), [this] { bridge_->RestorePower(DP_RESET_POWER_ON); });
  } else if (fault.action == "brownout") {
    bridge_->CutPower("brownout");
    After(fault.duration.value_or(kBrownout), [this] { bridge_->RestorePower(DP_RESET_BROWNOUT); });
  } else if (fault.action == "battery_charge") {
    robot_->SetCharge(fault.value);
  } else {
    FlashFaults faults;
    faults.bit_error_rate = faults.lost_write_probability = fault.value;
    faults.read_disturb_reads = static_cast<int>(fault.value);
    ChangeFlash(fault, faults);
  }
}

void RunFaults::ChangeFlash(const FaultSpec& fault, const FlashFaults& as) {
  Flash& chip = bridge_->flash().chip();
  FlashFaults faults = chip.faults();
  TakeField(fault.action, as, &faults);
  chip.SetFaults(faults);
  if (!fault.duration) return;
  After(*fault.duration, [this, &fault, &chip] {
    FlashFaults healed = chip.faults();
    TakeField(fault.action, chip.spec().faults, &healed);
    chip.SetFaults(healed);
    Note("fault_over", fault.action);
  });
}

void RunFaults::Note(const char* name, const std::string& detail) {
  Write(RunEvent{queue_->now(), "engine", name, detail});
}

}  // namespace dustproof
