#pragma once

#include "hil/capture/capture_sink.h"
#include "sim/robot/robot.h"

namespace dustproof {

/// Writes the body's truth and readings into the recording: true pose and wheel commands at 10 Hz,
/// every lidar turn, the battery once a second. Add it with `Robot::AddListener`.
class RobotRecorder final : public RobotListener {
 public:
  /// Both borrowed; they outlive the recorder.
  RobotRecorder(const Robot* robot, CaptureSink* sink) : robot_(robot), sink_(sink) {}

  void OnLidarTurn(const LidarTurn& turn) override;
  void OnOdometry(const OdometryReading& reading) override;
  void OnBattery(const BatteryReading& reading) override;

 private:
  const Robot* robot_;
  CaptureSink* sink_;
  int64_t odometry_readings_ = 0;
};

}  // namespace dustproof
