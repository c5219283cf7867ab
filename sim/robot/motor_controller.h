#pragma once

#include <array>
#include <cstdint>

#include "sim/core/hash.h"
#include "sim/core/time.h"
#include "sim/scenario/robot_config.h"

namespace dustproof {

/// The wheel motors' microcontroller: velocity loop on encoder ticks or plain PWM, ramp,
/// stale-command stop.
///
/// It knows what a real one knows: ticks and the battery's voltage. Runs at the step's rate, 250
/// Hz.
class MotorController {
 public:
  explicit MotorController(const RobotConfig& config);

  void SetVelocity(SimTime now, double left_m_s, double right_m_s);
  void SetPwm(SimTime now, double left, double right);
  /// Forgets the command; the wheels brake.
  void Stop();

  /// Volts for the next `step`. `ticks` count on without wrapping.
  std::array<double, 2> Update(SimTime now, SimDuration step, const std::array<int64_t, 2>& ticks,
                               double battery_V);

  /// True while it neither drives nor wants to: `Update` would give 0 V for ever.
  bool idle() const {
    return mode_ == Mode::kStopped && wheels_[0].speed_m_s == 0 && wheels_[1].speed_m_s == 0;
  }
  std::array<double, 2> commanded_m_s() const;
  void AddToHash(Hasher& hasher) const;

 private:
  enum class Mode : uint8_t { kStopped, kVelocity, kPwm };
  struct Wheel {
    double wanted_m_s = 0;  ///< As commanded.
    double ramped_m_s = 0;  ///< Follows within the ramp.
    double lag_m = 0;       ///< Integral of the speed's error.
    double speed_m_s = 0;   ///< Measured.
    int64_t ticks = 0;
  };
  double VelocityLoop(Wheel* wheel, double dt, double battery_V) const;
  void Measure(Wheel* wheel, int64_t ticks, double dt) const;

  RobotConfig config_;
  Mode mode_ = Mode::kStopped;
  std::array<Wheel, 2> wheels_;
  std::array<double, 2> pwm_{};
  SimTime command_time_;
  bool primed_ = false;
};

}  // namespace dustproof
