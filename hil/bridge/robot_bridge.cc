#include "hil/bridge/robot_bridge.h"

#include <algorithm>
#include <cmath>

namespace dustproof {
namespace {

// Here SI units become the HAL's: microseconds and millimetres.
uint64_t ToMicroseconds(SimTime t) { return static_cast<uint64_t>(t.nanoseconds() / 1000); }

uint16_t ToMillimetres(double range_m) {
  return static_cast<uint16_t>(std::clamp(std::lround(range_m * 1000), 0L, 65535L));
}

}  // namespace

RobotBridge::RobotBridge(const EventQueue* queue, Robot* robot) : queue_(queue), robot_(robot) {
  const DriveSpec& drive = robot->config().drive;
  odometry_info_ = {static_cast<float>(drive.ticks_per_m), static_cast<float>(drive.track_width_m)};
}

void RobotBridge::OnLidarTurn(const LidarTurn& turn) {
  if (inbox_ == nullptr) return;
  dp_lidar_turn out{};
  out.start_us = ToMicroseconds(turn.start);
  out.period_us = static_cast<uint32_t>(turn.period.microseconds());
  out.sequence = turn.sequence;
  const size_t beams = std::min<size_t>(turn.angle_rad.size(), DP_LIDAR_BEAMS_MAX);
  out.beam_count = static_cast<uint16_t>(beams);
  for (size_t i = 0; i < beams; ++i) {
    out.angle_rad[i] = static_cast<float>(turn.angle_rad[i]);
    out.range_mm[i] = ToMillimetres(turn.range_m[i]);
    out.quality[i] = turn.quality[i];
    out.offset_us[i] = static_cast<uint32_t>(turn.offset[i].microseconds());
  }
  inbox_->Push(out);
}

void RobotBridge::OnOdometry(const OdometryReading& reading) {
  if (inbox_ == nullptr) return;
  inbox_->Push(dp_odometry_sample{ToMicroseconds(reading.time), reading.ticks[0], reading.ticks[1],
                                  reading.wheel_drop[0], reading.wheel_drop[1]});
}

void RobotBridge::OnImu(const ImuReading& reading) {
  if (inbox_ == nullptr) return;
  dp_imu_sample out{};
  out.time_us = ToMicroseconds(reading.time);
  for (int i = 0; i < 3; ++i) {
    out.gyro_rad_s[i] = static_cast<float>(reading.gyro_rad_s[i]);
    out.accel_m_s2[i] = static_cast<float>(reading.accel_m_s2[i]);
  }
  inbox_->Push(out);
}

void RobotBridge::OnHazard(const HazardReading& reading) {
  if (inbox_ == nullptr) return;
  dp_hazard_sample out{};
  out.time_us = ToMicroseconds(reading.time);
  out.bumper_left = reading.bumper[0];
  out.bumper_right = reading.bumper[1];
  constexpr uint8_t kBits[4] = {DP_CLIFF_LEFT, DP_CLIFF_FRONT_LEFT, DP_CLIFF_FRONT_RIGHT,
                                DP_CLIFF_RIGHT};
  for (size_t i = 0; i < 4; ++i) {
    if (reading.cliff[i]) out.cliff = static_cast<uint8_t>(out.cliff | kBits[i]);
  }
  out.over_current_left = reading.over_current[0];
  out.over_current_right = reading.over_current[1];
  inbox_->Push(out);
}

void RobotBridge::OnDock(const DockReading& reading) {
  if (inbox_ == nullptr) return;
  inbox_->Push(dp_dock_sample{ToMicroseconds(reading.time), reading.contact, reading.beacon_seen,
                              static_cast<float>(reading.bearing_rad), reading.beacon_left,
                              reading.beacon_right});
}

void RobotBridge::OnBattery(const BatteryReading& reading) {
  if (inbox_ == nullptr) return;
  inbox_->Push(dp_battery_sample{
      ToMicroseconds(reading.time), static_cast<float>(reading.voltage_V),
      static_cast<float>(reading.current_A), static_cast<float>(reading.charge_pct),
      static_cast<float>(reading.temperature_C), reading.charging});
}

void RobotBridge::OnButton(const ButtonPress& press) {
  if (inbox_ == nullptr) return;
  inbox_->Push(dp_button_event{ToMicroseconds(press.time), static_cast<dp_button>(press.button),
                               static_cast<uint32_t>(press.held.milliseconds())});
}

dp_lidar_info RobotBridge::info() const {
  const LidarSpec& spec = robot_->config().lidar;
  return {static_cast<float>(spec.position_m[0]),
          static_cast<float>(spec.position_m[1]),
          static_cast<float>(spec.position_m[2]),
          static_cast<float>(spec.yaw_rad),
          spec.clockwise,
          static_cast<uint16_t>(spec.beams_per_turn),
          static_cast<float>(1 / spec.turns_per_s),
          static_cast<float>(spec.range_m_min),
          static_cast<float>(spec.range_m_max)};
}

void RobotBridge::SetEnabled(bool enabled) { robot_->SetLidarEnabled(queue_->now(), enabled); }

double RobotBridge::velocity_m_s_max() const { return robot_->config().drive.velocity_m_s_max; }

void RobotBridge::SetVelocity(double left_m_s, double right_m_s) {
  robot_->SetWheelVelocity(queue_->now(), left_m_s, right_m_s);
}

void RobotBridge::SetPwm(double left, double right) {
  robot_->SetWheelPwm(queue_->now(), left, right);
}

void RobotBridge::SetDuty(CleaningMotor motor, double duty) {
  switch (motor) {
    case CleaningMotor::kMainBrush:
      return robot_->SetMainBrush(duty);
    case CleaningMotor::kSideBrush:
      return robot_->SetSideBrush(duty);
    case CleaningMotor::kFan:
      return robot_->SetFan(duty);
  }
}

void RobotBridge::SetLed(int index, uint32_t rgb) { robot_->SetLed(index, rgb); }

void RobotBridge::Beep(int frequency_hz, SimDuration duration) {
  robot_->Beep(queue_->now(), frequency_hz, duration);
}

}  // namespace dustproof
