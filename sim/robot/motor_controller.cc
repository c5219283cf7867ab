#include "sim/robot/motor_controller.h"

#include <algorithm>
#include <cmath>

namespace dustproof {
namespace {

constexpr double kProportional = 25;     // V per m/s.
constexpr double kIntegral = 400;        // V per m of lag.
constexpr double kLagMax = 0.03;         // m: the integral alone may ask for 12 V.
constexpr double kFilterSeconds = 0.02;  // Of the measured speed: one tick in 4 ms is 56 mm/s.
constexpr double kStandstill = 0.004;    // m/s.

}  // namespace

MotorController::MotorController(const RobotConfig& config) : config_(config) {}

void MotorController::SetVelocity(SimTime now, double left_m_s, double right_m_s) {
  const double limit = config_.drive.velocity_m_s_max;
  wheels_[0].wanted_m_s = std::clamp(left_m_s, -limit, limit);
  wheels_[1].wanted_m_s = std::clamp(right_m_s, -limit, limit);
  command_time_ = now;
  const bool zero = wheels_[0].wanted_m_s == 0 && wheels_[1].wanted_m_s == 0;
  if (mode_ == Mode::kStopped && zero) return;
  if (mode_ != Mode::kVelocity) {
    for (Wheel& wheel : wheels_) {
      wheel.ramped_m_s = wheel.speed_m_s;
      wheel.lag_m = 0;
    }
  }
  mode_ = Mode::kVelocity;
}

void MotorController::SetPwm(SimTime now, double left, double right) {
  pwm_ = {std::clamp(left, -1.0, 1.0), std::clamp(right, -1.0, 1.0)};
  command_time_ = now;
  mode_ = pwm_[0] == 0 && pwm_[1] == 0 ? Mode::kStopped : Mode::kPwm;
  for (Wheel& wheel : wheels_) wheel.wanted_m_s = 0;
}

void MotorController::Stop() {
  mode_ = Mode::kStopped;
  for (Wheel& wheel : wheels_) wheel.wanted_m_s = wheel.ramped_m_s = wheel.lag_m = 0;
  pwm_ = {};
}

std::array<double, 2> MotorController::commanded_m_s() const {
  if (mode_ != Mode::kVelocity) return {0, 0};
  return {wheels_[0].wanted_m_s, wheels_[1].wanted_m_s};
}

void MotorController::Measure(Wheel* wheel, int64_t ticks, double dt) const {
  const double raw = static_cast<double>(ticks - wheel->ticks) / config_.drive.ticks_per_m / dt;
  wheel->ticks = ticks;
  wheel->speed_m_s += (raw - wheel->speed_m_s) * (dt / (kFilterSeconds + dt));
  // The filter's tail would never end: below a thousandth of a tick's worth it is standstill.
  if (raw == 0 && std::abs(wheel->speed_m_s) < 1e-4) wheel->speed_m_s = 0;
}

double MotorController::VelocityLoop(Wheel* wheel, double dt, double battery_V) const {
  const double ramp = config_.drive.acceleration_m_s2_max * dt;
  wheel->ramped_m_s += std::clamp(wheel->wanted_m_s - wheel->ramped_m_s, -ramp, ramp);
  const double error = wheel->ramped_m_s - wheel->speed_m_s;
  wheel->lag_m = std::clamp(wheel->lag_m + error * dt, -kLagMax, kLagMax);
  const MotorSpec& motor = config_.drive.motor;
  const double back_emf =
      motor.torque_constant_Nm_per_A * wheel->ramped_m_s / config_.drive.wheel_radius_m;
  return std::clamp(back_emf + kProportional * error + kIntegral * wheel->lag_m, -battery_V,
                    battery_V);
}

std::array<double, 2> MotorController::Update(SimTime now, SimDuration step,
                                              const std::array<int64_t, 2>& ticks,
                                              double battery_V) {
  const double dt = step.seconds();
  for (size_t i = 0; i < 2; ++i) {
    if (!primed_) wheels_[i].ticks = ticks[i];
    Measure(&wheels_[i], ticks[i], dt);
  }
  primed_ = true;
  if (mode_ != Mode::kStopped && now - command_time_ > config_.drive.command_timeout) {
    // Stale: a velocity ramps down, a duty cycle ends.
    if (mode_ == Mode::kPwm) {
      Stop();
    } else {
      for (Wheel& wheel : wheels_) wheel.wanted_m_s = 0;
    }
  }
  if (mode_ == Mode::kPwm) return {pwm_[0] * battery_V, pwm_[1] * battery_V};
  if (mode_ == Mode::kVelocity) {
    const bool standing = std::all_of(wheels_.begin(), wheels_.end(), [](const Wheel& w) {
      return w.wanted_m_s == 0 && w.ramped_m_s == 0 && std::abs(w.speed_m_s) < kStandstill;
    });
    if (standing) {
      Stop();
      return {0, 0};
    }
    return {VelocityLoop(&wheels_[0], dt, battery_V), VelocityLoop(&wheels_[1], dt, battery_V)};
  }
  return {0, 0};
}

void MotorController::AddToHash(Hasher& hasher) const {
  hasher.Add(mode_);
  for (const Wheel& w : wheels_) {
    for (const double v : {w.wanted_m_s, w.ramped_m_s, w.lag_m, w.speed_m_s}) hasher.Add(v);
    hasher.Add(w.ticks);
  }
  for (const double v : pwm_) hasher.Add(v);
}

}  // namespace dustproof
