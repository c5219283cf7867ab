#include "sim/robot/robot.h"

#include <algorithm>
#include <cmath>

#include "sim/core/check.h"
#include "sim/physics/floor_query.h"
#include "sim/physics/physics_world.h"
#include "sim/robot/battery.h"
#include "sim/robot/body_track.h"
#include "sim/robot/bumper.h"
#include "sim/robot/dock_sensor.h"
#include "sim/robot/drivetrain.h"
#include "sim/robot/imu.h"
#include "sim/robot/lidar.h"
#include "sim/robot/motor_controller.h"

namespace dustproof {
namespace {

constexpr SimDuration kSamplePeriod = SimDuration::Milliseconds(10);
constexpr int64_t kDockEvery = 5, kBatteryEvery = 100;  // In samples.
constexpr int kSubsteps = 4;
// Slower than this for a quarter of a second, with the motors off, is rest: what is left is the
// springs' ringing.
constexpr double kRestSpeed_m_s = 5e-4, kRestRate_rad_s = 5e-3;
constexpr int kRestSteps = 60;
constexpr double kFallenUp = 0.82;  // 35 degrees.
constexpr double kFallenDrop_m = 0.05;
constexpr int kFallSteps = 375;  // 1.5 s to come to lie.
constexpr double kLiftHeight_m = 0.4;

}  // namespace

struct Robot::Impl {
  Impl(const RobotConfig& c, const Surroundings& s, const Seed& seed)
      : config(c),
        around(s),
        drivetrain(c),
        controller(c),
        lidar(c.lidar, seed, s.rays),
        imu(c.imu, seed),
        bumper(c.bumper, c.body.radius_m),
        battery(c.battery, seed),
        dock_sensor(c.dock, c.body.radius_m, seed, s.X_WD) {
    DP_CHECK(s.physics && s.rays && s.floor);
    DP_CHECK(s.physics->step_s() == kStep.seconds(), s.physics->step_s());
  }

  void Place(const Pose2& X_WR, double lifted_by_m);
  void ReadBody();
  void Step();
  void SkipTo(SimTime to);
  void AdvanceLidar();
  void CheckFall();
  void CheckRest();
  bool Idle() const;
  std::array<int64_t, 2> Ticks(const BodyTrack::End& a, const BodyTrack::End& b,
                               double share) const;

  void Sample(SimTime t);
  void SampleHazard(SimTime t);
  void ScheduleSample(SimTime t);
  void ScheduleTurn();
  void UpdateBattery();
  double Load_W() const;
  Pose2 PoseAt(SimTime t) const;
  template <typename Reading>
  void Tell(void (RobotListener::*method)(const Reading&), const Reading& reading) {
    for (RobotListener* listener : listeners) (listener->*method)(reading);
  }

  RobotConfig config;
  Surroundings around;
  Drivetrain drivetrain;
  MotorController controller;
  Lidar lidar;
  Imu imu;
  Bumper bumper;
  Battery battery;
  DockSensor dock_sensor;

  EventQueue* events = nullptr;
  std::vector<RobotListener*> listeners;
  EventId turn_event = 0;
  int64_t samples = 0;

  BodyTrack track;
  Pose3 X_WR = Pose3::Identity();
  bool in_contact = false;
  int quiet_steps = 0;
  bool resting = true;
  bool is_lifted = false;
  int fallen_steps = 0;
  double floor_z_m = 0;

  bool powered = true;
  bool is_docked = false;
  std::array<double, 3> duties{};  ///< Main brush, side brush, fan.
  std::array<uint32_t, 4> leds{};
  int presses = 0;
  double driven_m = 0;

  OdometryReading odometry;
  ImuReading imu_reading;
  HazardReading hazard;
  DockReading dock;
  BatteryReading battery_reading;
};

void Robot::Impl::Place(const Pose2& pose, double lifted_by_m) {
  floor_z_m = around.floor->At(pose.position()).height_m;
  const RigidState state = drivetrain.PlaceAtRest(pose, floor_z_m + lifted_by_m);
  around.physics->PlaceChassis(state);
  if (lifted_by_m > 0) drivetrain.Hang();
  is_lifted = lifted_by_m > 0;
  fallen_steps = 0;
  resting = true;
  in_contact = false;
  controller.Stop();
  bumper.Release();
  ReadBody();
  const SimTime before = track.before.time;
  track.before = track.after;
  track.before.time = before;
}

void Robot::Impl::ReadBody() {
  const RigidState& chassis = around.physics->chassis();
  X_WR = drivetrain.X_WR(chassis);
  BodyTrack::End& end = track.after;
  end.p_WR_W = X_WR.translation();
  end.R_WR = X_WR.linear();
  end.v_WC_W = chassis.v_WC_W;
  end.w_WR_W = chassis.w_WR_W;
  for (int i = 0; i < 2; ++i)
    end.wheel_angle_rad[static_cast<size_t>(i)] = drivetrain.wheel(i).angle_rad;
}

bool Robot::Impl::Idle() const {
  if (is_lifted || fallen_steps > kFallSteps) return true;
  return resting && controller.idle() && !around.physics->AnyPropAwake();
}

std::array<int64_t, 2> Robot::Impl::Ticks(const BodyTrack::End& a, const BodyTrack::End& b,
                                          double share) const {
  std::array<int64_t, 2> ticks;
  for (size_t i = 0; i < 2; ++i) {
    const double angle = Between(a.wheel_angle_rad[i], b.wheel_angle_rad[i], share);
    ticks[i] = static_cast<int64_t>(
        std::floor(angle * config.drive.wheel_radius_m * config.drive.ticks_per_m));
  }
  return ticks;
}

void Robot::Impl::Step() {
  track.before = track.after;
  track.after.time += kStep;
  const std::array<double, 2> voltage = controller.Update(
      track.before.time, kStep, Ticks(track.before, track.before, 1), battery.voltage_V());
  PhysicsWorld& physics = *around.physics;
  RigidState predicted = physics.chassis();
  const int substeps = in_contact ? 1 : kSubsteps;
  drivetrain.Advance(&predicted, physics.step_s() / substeps, substeps, voltage, *around.floor);
  const bool touched = physics.Step(predicted);
  in_contact = touched || !physics.contacts().empty();
  ReadBody();

  if (bumper.Update(physics.contacts(), X_WR, physics.step_s())) ++presses;
  double motor_J = 0;
  for (size_t i = 0; i < 2; ++i) {
    // Braking energy goes into heat: the bridge doesn't feed back.
    motor_J += std::max(0.0, voltage[i] * drivetrain.wheel(static_cast<int>(i)).current_A) *
               physics.step_s();
  }
  battery.Step(kStep, motor_J);
  driven_m += (track.after.p_WR_W - track.before.p_WR_W).head<2>().norm();
  CheckFall();
  CheckRest();
  AdvanceLidar();
}

void Robot::Impl::SkipTo(SimTime to) {
  track.before = track.after;
  battery.Step(to - track.after.time, 0);
  track.after.time = to;
  AdvanceLidar();
}

void Robot::Impl::AdvanceLidar() {
  if (!lidar.enabled()) return;
  CpuScope scope(around.cpu_share, CpuSection::kLidar);
  lidar.Advance(track);
}

void Robot::Impl::CheckFall() {
  const bool tilted = X_WR.linear()(2, 2) < kFallenUp;
  const bool dropped = X_WR.translation().z() < floor_z_m - kFallenDrop_m;
  if (fallen_steps > 0 || tilted || dropped) ++fallen_steps;
  if (fallen_steps <= kFallSteps) return;
  // Where it lies is chance; that it lies there is what counts.
  resting = false;
  quiet_steps = kRestSteps;
  CheckRest();
}

void Robot::Impl::CheckRest() {
  const RigidState& chassis = around.physics->chassis();
  const bool quiet = controller.idle() && drivetrain.wheel(0).speed_rad_s == 0 &&
                     drivetrain.wheel(1).speed_rad_s == 0 &&
                     chassis.v_WC_W.norm() < kRestSpeed_m_s &&
                     chassis.w_WR_W.norm() < kRestRate_rad_s;
  const bool lies = fallen_steps > kFallSteps;
  quiet_steps = quiet || lies ? quiet_steps + 1 : 0;
  resting = quiet_steps > kRestSteps;
  if (!resting) return;
  RigidState still = chassis;
  still.v_WC_W = still.w_WR_W = Vec3::Zero();
  around.physics->PlaceChassis(still);
  drivetrain.Halt();
  ReadBody();
}

Pose2 Robot::Impl::PoseAt(SimTime t) const {
  const double share = track.Share(t);
  Pose3 X = Pose3::Identity();
  X.translation() = Between(track.before.p_WR_W, track.after.p_WR_W, share);
  X.linear() = Between(track.before.R_WR, track.after.R_WR, share);
  return ToPose2(X);
}

double Robot::Impl::Load_W() const {
  const BatterySpec& b = config.battery;
  if (!powered) return 0.01;
  return b.electronics_W + (lidar.enabled() ? b.lidar_W : 0) + b.main_brush_W * duties[0] +
         b.side_brush_W * duties[1] + b.fan_W * duties[2];
}

void Robot::Impl::UpdateBattery() { battery.Update(Load_W(), is_docked); }

void Robot::Impl::ScheduleSample(SimTime t) {
  events->Schedule(t, EventSource::kSensor, [this, t] {
    Sample(t);
    ScheduleSample(t + kSamplePeriod);
  });
}

void Robot::Impl::ScheduleTurn() {
  turn_event = events->Schedule(lidar.turn_end(), EventSource::kSensor, [this] {
    const LidarTurn turn = lidar.TakeTurn();
    ScheduleTurn();
    Tell(&RobotListener::OnLidarTurn, turn);
  });
}

void Robot::Impl::Sample(SimTime t) {
  const double share = track.Share(t);
  const std::array<int64_t, 2> ticks = Ticks(track.before, track.after, share);
  odometry.time = t;
  for (size_t i = 0; i < 2; ++i) {
    odometry.ticks[i] = static_cast<uint16_t>(ticks[i]);
    odometry.wheel_drop[i] = drivetrain.wheel(static_cast<int>(i)).dropped;
  }
  Tell(&RobotListener::OnOdometry, odometry);
  imu_reading = imu.Sample(t, track, kSamplePeriod.seconds());
  Tell(&RobotListener::OnImu, imu_reading);
  SampleHazard(t);
  Tell(&RobotListener::OnHazard, hazard);
  ++samples;
  if (samples % kDockEvery == 0) {
    dock = dock_sensor.Sample(t, PoseAt(t), *around.rays);
    const bool news = dock.contact != is_docked;
    is_docked = dock.contact && !is_lifted;
    if (news) UpdateBattery();
    Tell(&RobotListener::OnDock, dock);
  }
  if (samples % kBatteryEvery == 0) {
    UpdateBattery();
    battery_reading = battery.Sample(t);
    Tell(&RobotListener::OnBattery, battery_reading);
  }
}

void Robot::Impl::SampleHazard(SimTime t) {
  hazard.time = t;
  const CliffSpec& spec = config.cliff;
  for (size_t i = 0; i < 4; ++i) {
    const double a = spec.angles_rad[i];
    const Vec3 p_R(spec.radius_m * std::cos(a), spec.radius_m * std::sin(a),
                   config.body.clearance_m);
    const Vec3 p_W = X_WR * p_R;
    const double height = p_W.z() - around.floor->At(p_W.head<2>()).height_m;
    hazard.cliff[i] = height - config.body.clearance_m > spec.trip_depth_m;
  }
  for (int i = 0; i < 2; ++i) {
    const size_t k = static_cast<size_t>(i);
    hazard.bumper[k] = bumper.pressed(i);
    hazard.over_current[k] =
        std::abs(drivetrain.wheel(i).current_A) >= 0.99 * config.drive.motor.current_limit_A;
  }
}

Robot::Robot(const RobotConfig& config, const Surroundings& surroundings, const Seed& seed,
             const Pose2& X_WR)
    : impl_(std::make_unique<Impl>(config, surroundings, seed)) {
  surroundings.physics->SetChassis(impl_->drivetrain.Body());
  impl_->Place(X_WR, 0);
  impl_->track.before = impl_->track.after;
  impl_->is_docked = impl_->dock_sensor.Contact(pose());
  impl_->UpdateBattery();
  impl_->battery_reading = impl_->battery.Sample(SimTime());
}

Robot::~Robot() = default;

void Robot::StartSensors(EventQueue* events) {
  DP_CHECK(!impl_->events, "once");
  impl_->events = events;
  impl_->ScheduleSample(events->now() + kSamplePeriod);
}

void Robot::AddListener(RobotListener* listener) { impl_->listeners.push_back(listener); }

void Robot::Step() {
  if (impl_->Idle()) return impl_->SkipTo(time() + kStep);
  impl_->Step();
}

SimTime Robot::time() const { return impl_->track.after.time; }
bool Robot::at_rest() const { return impl_->Idle(); }

void Robot::SkipTo(SimTime to) {
  DP_CHECK(impl_->Idle() && to >= time() && to.nanoseconds() % kStep.nanoseconds() == 0,
           ToString(to));
  impl_->SkipTo(to);
}

void Robot::SetWheelVelocity(SimTime now, double left_m_s, double right_m_s) {
  if (impl_->powered) impl_->controller.SetVelocity(now, left_m_s, right_m_s);
}
void Robot::SetWheelPwm(SimTime now, double left, double right) {
  if (impl_->powered) impl_->controller.SetPwm(now, left, right);
}
void Robot::SetMainBrush(double duty) {
  impl_->duties[0] = std::clamp(duty, 0.0, 1.0);
  impl_->UpdateBattery();
}
void Robot::SetSideBrush(double duty) {
  impl_->duties[1] = std::clamp(duty, 0.0, 1.0);
  impl_->UpdateBattery();
}
void Robot::SetFan(double duty) {
  impl_->duties[2] = std::clamp(duty, 0.0, 1.0);
  impl_->UpdateBattery();
}

void Robot::SetLidarEnabled(SimTime now, bool enabled) {
  Impl& m = *impl_;
  if (!m.powered || enabled == m.lidar.enabled()) return;
  DP_CHECK(m.events, "StartSensors first");
  if (enabled) {
    // Physics may stand up to a step ahead of now; the spin-up is longer than that in any lidar,
    // but a spec may say 0.
    m.lidar.Start(std::max(now, time()));
    m.ScheduleTurn();
  } else {
    m.lidar.Stop();
    m.events->Cancel(m.turn_event);
  }
  m.UpdateBattery();
}

void Robot::SetLed(int index, uint32_t rgb) { impl_->leds.at(static_cast<size_t>(index)) = rgb; }
void Robot::Beep(SimTime, int, SimDuration) {}

void Robot::PowerOff() {
  Impl& m = *impl_;
  m.controller.Stop();
  m.duties = {};
  m.leds = {};
  SetLidarEnabled(time(), false);
  m.powered = false;
  m.UpdateBattery();
}

void Robot::PowerOn() {
  impl_->powered = true;
  impl_->UpdateBattery();
}

void Robot::PressButton(SimTime now, Button button, SimDuration held) {
  impl_->Tell(&RobotListener::OnButton, ButtonPress{now, button, held});
}

void Robot::Lift() { impl_->Place(pose(), kLiftHeight_m); }
void Robot::PutDown(const Pose2& X_WR) { impl_->Place(X_WR, 0); }

void Robot::SetCharge(double share) { impl_->battery.SetCharge(std::clamp(share, 0.0, 1.0)); }

const OdometryReading& Robot::odometry() const { return impl_->odometry; }
const ImuReading& Robot::imu() const { return impl_->imu_reading; }
const HazardReading& Robot::hazard() const { return impl_->hazard; }
const DockReading& Robot::dock() const { return impl_->dock; }
const BatteryReading& Robot::battery() const { return impl_->battery_reading; }

Pose2 Robot::pose() const { return ToPose2(impl_->X_WR); }
Pose3 Robot::pose3() const { return impl_->X_WR; }
Pose2 Robot::PoseAt(SimTime t) const { return impl_->PoseAt(t); }
std::array<double, 2> Robot::wheel_speed_m_s() const {
  const double r = impl_->config.drive.wheel_radius_m;
  return {impl_->drivetrain.wheel(0).speed_rad_s * r, impl_->drivetrain.wheel(1).speed_rad_s * r};
}
std::array<double, 2> Robot::commanded_m_s() const { return impl_->controller.commanded_m_s(); }
Vec3 Robot::velocity_W() const { return impl_->track.after.v_WC_W; }
double Robot::yaw_rate_rad_s() const { return impl_->track.after.w_WR_W.z(); }
bool Robot::docked() const { return impl_->is_docked; }
bool Robot::charging() const { return impl_->battery.charging(); }
bool Robot::lifted() const { return impl_->is_lifted; }
bool Robot::fallen() const { return impl_->fallen_steps > 0; }
double Robot::charge_share() const { return impl_->battery.charge_share(); }
double Robot::energy_used_J() const { return impl_->battery.energy_used_J(); }
bool Robot::browned_out() const { return impl_->battery.browned_out() && !impl_->is_docked; }
double Robot::main_brush() const { return impl_->duties[0]; }
double Robot::side_brush() const { return impl_->duties[1]; }
double Robot::fan() const { return impl_->duties[2]; }
uint32_t Robot::led(int index) const { return impl_->leds.at(static_cast<size_t>(index)); }
bool Robot::lidar_enabled() const { return impl_->lidar.enabled(); }
int Robot::collisions() const { return impl_->presses; }
double Robot::distance_m() const { return impl_->driven_m; }
const RobotConfig& Robot::config() const { return impl_->config; }

void Robot::AddToHash(Hasher& hasher) const {
  const Impl& m = *impl_;
  hasher.Add(m.track.after.time.nanoseconds());
  m.drivetrain.AddToHash(hasher);
  m.controller.AddToHash(hasher);
  m.lidar.AddToHash(hasher);
  m.imu.AddToHash(hasher);
  m.bumper.AddToHash(hasher);
  m.battery.AddToHash(hasher);
  m.dock_sensor.AddToHash(hasher);
  hasher.Add(m.in_contact);
  hasher.Add(m.resting);
  hasher.Add(m.is_docked);
  hasher.Add(m.powered);
  hasher.Add(m.is_lifted);
  hasher.Add(m.fallen_steps);
  for (const double duty : m.duties) hasher.Add(duty);
  for (const uint32_t led : m.leds) hasher.Add(led);
  hasher.Add(m.driven_m);
}

}  // namespace dustproof
