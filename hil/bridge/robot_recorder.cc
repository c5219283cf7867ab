#include "hil/bridge/robot_recorder.h"

namespace dustproof {
namespace {

constexpr int64_t kPoseEvery = 10;  // Of 100 odometry readings a second.

}  // namespace

void RobotRecorder::OnLidarTurn(const LidarTurn& turn) {
  const size_t beams = turn.angle_rad.size();
  if (beams < 2) return;
  ScanSample scan;
  scan.time = turn.start;
  scan.time_increment_s = (turn.offset[1] - turn.offset[0]).seconds();
  scan.angle_min_rad = turn.angle_rad[0];
  scan.angle_increment_rad = WrapAngle(turn.angle_rad[1] - turn.angle_rad[0]);
  scan.range_m_min = robot_->config().lidar.range_m_min;
  scan.range_m_max = robot_->config().lidar.range_m_max;
  scan.range_m.assign(turn.range_m.begin(), turn.range_m.end());
  scan.intensity.assign(turn.quality.begin(), turn.quality.end());
  sink_->Write(scan);
}

void RobotRecorder::OnOdometry(const OdometryReading& reading) {
  if (odometry_readings_++ % kPoseEvery != 0) return;
  sink_->Write(PoseSample{reading.time, "W", robot_->PoseAt(reading.time)});
  const auto commanded = robot_->commanded_m_s();
  sink_->Write(DriveSample{reading.time, commanded[0], commanded[1]});
}

void RobotRecorder::OnBattery(const BatteryReading& reading) {
  sink_->Write(BatterySample{reading.time, reading.voltage_V, reading.current_A, reading.charge_pct,
                             reading.charging});
}

}  // namespace dustproof
