#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/core/cpu_share.h"
#include "sim/core/event_queue.h"
#include "sim/core/frames.h"
#include "sim/core/hash.h"
#include "sim/core/random.h"
#include "sim/core/time.h"
#include "sim/robot/readings.h"
#include "sim/scenario/robot_config.h"

namespace dustproof {

class FloorQuery;
class PhysicsWorld;
class RaycastScene;

/// What a robot stands in. Everything outlives the robot.
struct Surroundings {
  PhysicsWorld* physics = nullptr;     ///< Without a chassis yet: the robot adds its own.
  const RaycastScene* rays = nullptr;  ///< Committed before the first reading.
  const FloorQuery* floor = nullptr;
  CpuShare* cpu_share = nullptr;  ///< May stay null.
  std::optional<Pose2>
      X_WD;  ///< Dock: origin on the floor in the middle of its face, x out into the room.
};

/// A robot's body: hull, drivetrain, sensors, battery. It knows no firmware: commands in, readings
/// out.
///
/// Physics goes in steps of 4 ms on the grid of the run's time. Frames: W floor plan, R robot base,
/// D dock.
class Robot {
 public:
  static constexpr SimDuration kStep = SimDuration::Milliseconds(4);

  /// Starts at rest at `X_WR` on the floor. Sensors report through `events` from the first
  /// `StartSensors` on.
  Robot(const RobotConfig& config, const Surroundings& surroundings, const Seed& seed,
        const Pose2& X_WR);
  ~Robot();
  Robot(const Robot&) = delete;
  Robot& operator=(const Robot&) = delete;

  /// Schedules sensor readings on `events`, which outlives the robot. Once.
  void StartSensors(EventQueue* events);
  /// `listener` outlives the robot. Called in the order of adding.
  void AddListener(RobotListener* listener);

  // Stepping: by the engine.
  /// Moves on by one step.
  void Step();
  /// Where physics stands: a multiple of `kStep`.
  SimTime time() const;
  /// True while nothing moves and no command wants it to: then `SkipTo` equals stepping, bit by
  /// bit.
  bool at_rest() const;
  /// @pre at_rest(), `to` on the step grid, not before time()
  void SkipTo(SimTime to);

  // Commands. They act from the next step on; wheel commands hold for the drive's time-out.
  void SetWheelVelocity(SimTime now, double left_m_s,
                        double right_m_s);                   ///< Clipped to the maximum.
  void SetWheelPwm(SimTime now, double left, double right);  ///< -1 to 1.
  void SetMainBrush(double duty);
  void SetSideBrush(double duty);
  void SetFan(double duty);
  void SetLidarEnabled(SimTime now, bool enabled);
  void SetLed(int index, uint32_t rgb);
  void Beep(SimTime now, int frequency_hz, SimDuration duration);
  void PowerOff();  ///< Motors, lidar and cleaning stop; sensors go on reporting.
  void PowerOn();
  void PressButton(SimTime now, Button button, SimDuration held);

  // Hands.
  /// Lifts the robot off the floor: wheels drop, cliffs see nothing.
  void Lift();
  /// Puts it down (or moves it) to rest at `X_WR`.
  void PutDown(const Pose2& X_WR);
  /// The battery holds this share of its charge from now on.
  void SetCharge(double share);

  // Readings: the newest.
  const OdometryReading& odometry() const;
  const ImuReading& imu() const;
  const HazardReading& hazard() const;
  const DockReading& dock() const;
  const BatteryReading& battery() const;

  // Truth, for the recording and the score.
  Pose2 pose() const;  ///< X_WR in the plane, at time().
  Pose3 pose3() const;
  /// At an instant within the last step.
  Pose2 PoseAt(SimTime t) const;
  std::array<double, 2> wheel_speed_m_s() const;
  std::array<double, 2> commanded_m_s()
      const;  ///< 0 where the last command was PWM or has gone stale.
  Vec3 velocity_W() const;
  double yaw_rate_rad_s() const;
  bool docked() const;
  bool charging() const;
  bool lifted() const;
  bool fallen() const;  ///< Off a stair or on its side: it stays where it lies.
  double charge_share() const;
  double energy_used_J() const;
  bool browned_out() const;  ///< The battery can't feed it; recovery or charging ends that.
  double main_brush() const;
  double side_brush() const;
  double fan() const;
  uint32_t led(int index) const;
  bool lidar_enabled() const;
  int collisions() const;     ///< Counts presses of the bumper.
  double distance_m() const;  ///< Driven by R's origin.

  const RobotConfig& config() const;
  void AddToHash(Hasher& hasher) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dustproof
