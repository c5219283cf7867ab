#pragma once

#include "sim/core/hash.h"
#include "sim/core/random.h"
#include "sim/core/time.h"
#include "sim/robot/readings.h"
#include "sim/scenario/robot_config.h"

namespace dustproof {

/// Four lithium-ion cells, a dock that charges them at constant current, then constant voltage, and
/// a gauge.
///
/// Charge is counted in whole microampere-microseconds, so that many steps at rest and one long one
/// come to the same bits.
class Battery {
 public:
  Battery(const BatterySpec& spec, const Seed& seed);

  /// Draws what the motors took in a step, `motor_energy_J`, and `load_W` for its length.
  void Step(SimDuration length, double motor_energy_J);
  /// Sets the steady draw and the charger; they hold until the next call. Voltage and current
  /// follow.
  void Update(double load_W, bool on_dock);
  BatteryReading Sample(SimTime t);

  double voltage_V() const { return voltage_V_; }
  double charge_share() const;
  bool charging() const { return charging_; }
  /// Too little charge, or too low a voltage under the load, for anything to run. A voltage that
  /// was too low must first recover by half a volt.
  bool browned_out() const { return charge_share() <= spec_.empty_share || sagged_; }
  void SetCharge(double share);
  double energy_used_J() const;
  void AddToHash(Hasher& hasher) const;

 private:
  double OpenCircuit_V() const;

  BatterySpec spec_;
  double gauge_offset_pct_;
  int64_t capacity_uAus_;
  int64_t charge_uAus_;
  int64_t current_uA_ = 0;  ///< Steady part; positive while charging.
  int64_t load_uW_ = 0;
  int64_t used_uWus_ = 0;  ///< Energy, to the millionth of a microjoule: 9 MJ fit.
  double voltage_V_ = 0;
  double load_W_ = 0;
  double temperature_C_ = 25;
  bool charging_ = false;
  bool on_dock_ = false;
  bool sagged_ = false;
};

}  // namespace dustproof
