#pragma once

#include "hil/shim/lockstep/devices.h"
#include "hil/shim/lockstep/sensor_inbox.h"
#include "sim/robot/robot.h"

namespace dustproof {

/// The robot's body as the HAL shows it: readings in SI units become the HAL's samples, commands go
/// to the motors.
class RobotBridge final : public RobotListener,
                          public LidarDevice,
                          public DriveDevice,
                          public CleaningDevice,
                          public IndicatorDevice {
 public:
  /// Borrowed; both outlive the bridge.
  RobotBridge(const EventQueue* queue, Robot* robot);
  /// Where samples go from now on; null drops them.
  void SetInbox(SensorInbox* inbox) { inbox_ = inbox; }
  const dp_odometry_info& odometry_info() const { return odometry_info_; }

  // Readings.
  void OnLidarTurn(const LidarTurn& turn) override;
  void OnOdometry(const OdometryReading& reading) override;
  void OnImu(const ImuReading& reading) override;
  void OnHazard(const HazardReading& reading) override;
  void OnDock(const DockReading& reading) override;
  void OnBattery(const BatteryReading& reading) override;
  void OnButton(const ButtonPress& press) override;

  // Commands.
  dp_lidar_info info() const override;
  void SetEnabled(bool enabled) override;
  double velocity_m_s_max() const override;
  void SetVelocity(double left_m_s, double right_m_s) override;
  void SetPwm(double left, double right) override;
  void SetDuty(CleaningMotor motor, double duty) override;
  void SetLed(int index, uint32_t rgb) override;
  void Beep(int frequency_hz, SimDuration duration) override;

 private:
  const EventQueue* queue_;
  Robot* robot_;
  SensorInbox* inbox_ = nullptr;
  dp_odometry_info odometry_info_;
};

}  // namespace dustproof
