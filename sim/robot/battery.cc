#include "sim/robot/battery.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace dustproof {
namespace {

// Open-circuit voltage of a pack of four NMC cells over the share of charge, in steps of a tenth.
constexpr std::array<double, 11> kOpenCircuit_V = {12.0, 13.6, 14.0, 14.3, 14.5, 14.7,
                                                   15.0, 15.4, 15.8, 16.2, 16.7};
constexpr double kChargeEndCurrent_A = 0.05;
constexpr double kSagRecovery_V = 0.5;

int64_t ToMicro(double v) { return static_cast<int64_t>(std::llround(v * 1e6)); }

}  // namespace

Battery::Battery(const BatterySpec& spec, const Seed& seed)
    : spec_(spec),
      gauge_offset_pct_(spec.gauge_error_pct * seed.Stream("battery.gauge").Normal()),
      capacity_uAus_(static_cast<int64_t>(spec.capacity_Ah * 3600 * 1e12)),
      charge_uAus_(static_cast<int64_t>(spec.capacity_Ah * spec.charge_at_start * 3600 * 1e12)) {
  Update(spec.electronics_W, false);
}

double Battery::charge_share() const {
  return static_cast<double>(charge_uAus_) / static_cast<double>(capacity_uAus_);
}

void Battery::SetCharge(double share) {
  charge_uAus_ = static_cast<int64_t>(static_cast<double>(capacity_uAus_) * share);
  Update(load_W_, on_dock_);
}

double Battery::energy_used_J() const { return static_cast<double>(used_uWus_) * 1e-12; }

double Battery::OpenCircuit_V() const {
  const double x = std::clamp(charge_share(), 0.0, 1.0) * 10;
  const size_t i = std::min<size_t>(9, static_cast<size_t>(x));
  return kOpenCircuit_V[i] +
         (kOpenCircuit_V[i + 1] - kOpenCircuit_V[i]) * (x - static_cast<double>(i));
}

void Battery::Update(double load_W, bool on_dock) {
  load_W_ = load_W;
  on_dock_ = on_dock;
  const double open_V = OpenCircuit_V();
  double current_A = 0;
  if (on_dock) {
    // The dock feeds the load too; the pack takes what constant current, then constant voltage
    // allow.
    current_A = std::min(spec_.charge_current_A,
                         (spec_.charge_voltage_V - open_V) / std::max(spec_.resistance_ohm, 1e-3));
    if (current_A < kChargeEndCurrent_A || charge_uAus_ >= capacity_uAus_) current_A = 0;
  } else {
    current_A = -load_W / std::max(open_V - spec_.resistance_ohm * load_W / open_V, 6.0);
  }
  charging_ = current_A > 0;
  current_uA_ = ToMicro(current_A);
  load_uW_ = ToMicro(load_W);
  voltage_V_ = open_V + spec_.resistance_ohm * current_A;
  sagged_ = voltage_V_ < spec_.brownout_V + (sagged_ ? kSagRecovery_V : 0) && spec_.brownout_V > 0;
}

void Battery::Step(SimDuration length, double motor_energy_J) {
  const int64_t us = length.microseconds();
  charge_uAus_ += current_uA_ * us;
  used_uWus_ += load_uW_ * us;
  if (motor_energy_J > 0) {
    if (!on_dock_) charge_uAus_ -= std::llround(motor_energy_J / voltage_V_ * 1e12);
    used_uWus_ += std::llround(motor_energy_J * 1e12);
  }
  charge_uAus_ = std::clamp<int64_t>(charge_uAus_, 0, capacity_uAus_);
}

BatteryReading Battery::Sample(SimTime t) {
  const double current_A = static_cast<double>(current_uA_) * 1e-6;
  // Half a minute per kelvin of difference: some 5 K above the room at full load.
  const double goal_C = 25 + 0.12 * load_W_ + 3 * std::max(0.0, current_A);
  temperature_C_ += (goal_C - temperature_C_) / 300;
  BatteryReading reading;
  reading.time = t;
  reading.voltage_V = voltage_V_;
  reading.current_A = current_A;
  reading.charge_pct =
      std::clamp(charge_share() * 100 + gauge_offset_pct_ * (1 - charge_share()), 0.0, 100.0);
  reading.temperature_C = temperature_C_;
  reading.charging = charging_;
  return reading;
}

void Battery::AddToHash(Hasher& hasher) const {
  hasher.Add(charge_uAus_);
  hasher.Add(current_uA_);
  hasher.Add(used_uWus_);
  hasher.Add(temperature_C_);
}

}  // namespace dustproof
