#include "hil/step/internal/step_recorder.h"

#include <algorithm>
#include <cstring>

#include "hil/step/internal/happening_codec.h"

namespace dustproof::internal {

void StepRecorder::Watch(RunWorld& world) {
  world.robot().AddListener(this);
  world.engine().OnStep([this, &world] { NoteContact(world); });
}

void StepRecorder::NoteContact(const RunWorld& world) {
  const std::vector<ChassisContact>& contacts = world.physics().contacts();
  const bool touched = std::exchange(touches_, !contacts.empty());
  if (touched || contacts.empty()) return;
  const ChassisContact& c = contacts.front();  // The strongest.
  Append(Contact{world.robot().time(), c.p_WPt_W, c.normal_W, c.impulse_Ns, c.prop}, happenings_);
}

void StepRecorder::Show(RunWorld& world) {
  const Robot& robot = world.robot();
  view_.now_ns = world.now().nanoseconds();
  view_.events_run = world.events().events_run();
  const Pose2 X_WR = robot.pose();
  view_.pose[0] = X_WR.x, view_.pose[1] = X_WR.y, view_.pose[2] = X_WR.yaw;
  std::ranges::copy(robot.wheel_speed_m_s(), view_.wheel_speed_m_s);
  std::ranges::copy(robot.commanded_m_s(), view_.commanded_m_s);
  view_.collisions = static_cast<uint64_t>(robot.collisions());
  view_.docked = robot.docked();
  view_.charging = robot.charging();
  view_.powered = world.bridge().powered();
  view_.finished_cleaning = world.bridge().finished_cleanings() > 0;
  const std::string& activity = world.bridge().activity();
  const size_t bytes = std::min(activity.size(), sizeof view_.activity - 1);
  std::memcpy(view_.activity, activity.data(), bytes);
  view_.activity[bytes] = '\0';
}

void StepRecorder::Write(const Emission& emission) {
  ForwardingSink::Write(emission);
  Emission numbered = emission;
  numbered.sequence = ++emissions_;  // As the recording's writer counts.
  Append(numbered, happenings_);
}

void StepRecorder::Write(const ConsentChange& change) {
  ForwardingSink::Write(change);
  Append(change, happenings_);
}

void StepRecorder::Write(const RunEvent& event) {
  ForwardingSink::Write(event);
  Append(event, happenings_);
}

void StepRecorder::Write(const LogLine& line) {
  ForwardingSink::Write(line);
  Append(line, happenings_);
}

void StepRecorder::OnLidarTurn(const LidarTurn& turn) {
  StepView::Scan& scan = view_.scan;
  ++scan.sequence;
  scan.time_ns = turn.start.nanoseconds();
  scan.period_ns = turn.period.nanoseconds();
  scan.beams = std::min(turn.range_m.size(), kStepViewBeamsMax);
  for (size_t i = 0; i < scan.beams; ++i) {
    scan.range_m[i] = turn.range_m[i];
    scan.angle_rad[i] = turn.angle_rad[i];
    scan.offset_s[i] = turn.offset[i].seconds();
    scan.quality[i] = turn.quality[i];
  }
}

void StepRecorder::OnOdometry(const OdometryReading& reading) {
  StepView::Odometry& to = view_.odometry;
  ++to.sequence;
  to.time_ns = reading.time.nanoseconds();
  std::ranges::copy(reading.ticks, to.ticks);
  std::ranges::copy(reading.wheel_drop, to.wheel_drop);
}

void StepRecorder::OnImu(const ImuReading& reading) {
  StepView::Imu& to = view_.imu;
  ++to.sequence;
  to.time_ns = reading.time.nanoseconds();
  for (int i = 0; i < 3; ++i) to.gyro_rad_s[i] = reading.gyro_rad_s[i], to.accel_m_s2[i] = reading.accel_m_s2[i];
}

void StepRecorder::OnHazard(const HazardReading& reading) {
  StepView::Hazard& to = view_.hazard;
  ++to.sequence;
  to.time_ns = reading.time.nanoseconds();
  std::ranges::copy(reading.bumper, to.bumper);
  std::ranges::copy(reading.cliff, to.cliff);
  std::ranges::copy(reading.over_current, to.over_current);
}

void StepRecorder::OnDock(const DockReading& reading) {
  StepView::Dock& to = view_.dock;
  ++to.sequence;
  to.time_ns = reading.time.nanoseconds();
  to.bearing_rad = reading.bearing_rad;
  to.contact = reading.contact, to.beacon_seen = reading.beacon_seen;
  to.beacon_left = reading.beacon_left, to.beacon_right = reading.beacon_right;
}

void StepRecorder::OnBattery(const BatteryReading& reading) {
  StepView::Battery& to = view_.battery;
  ++to.sequence;
  to.time_ns = reading.time.nanoseconds();
  to.voltage_V = reading.voltage_V, to.current_A = reading.current_A, to.charge_pct = reading.charge_pct;
  to.temperature_C = reading.temperature_C;
  to.charging = reading.charging;
}

}  // namespace dustproof::internal
