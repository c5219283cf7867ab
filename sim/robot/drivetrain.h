#pragma once

#include <array>

#include "sim/core/frames.h"
#include "sim/core/hash.h"
#include "sim/physics/physics_world.h"
#include "sim/scenario/robot_config.h"

namespace dustproof {

class FloorQuery;

/// One driven wheel on its sprung hub.
struct WheelState {
  double speed_rad_s = 0;  ///< Against the body.
  double angle_rad = 0;    ///< Turned since the start.
  double bristle_x_m = 0;  ///< Strain of the tyre, along and across.
  double bristle_y_m = 0;
  double extension_m = 0;  ///< Of the suspension.
  double load_N = 0;
  double current_A = 0;
  bool dropped = false;  ///< The suspension is out: nothing under the wheel.
};

/// Force elements between the floor and one rigid chassis: motors, suspension, tyres, caster, and
/// the belly where it scrapes. Everything but contact with walls and things.
///
/// Frames: W floor plan, R robot base, C centre of mass.
class Drivetrain {
 public:
  explicit Drivetrain(const RobotConfig& config);

  /// The chassis at rest on level floor of height `floor_z_m`, springs in balance; resets the
  /// wheels.
  RigidState PlaceAtRest(const Pose2& X_WR, double floor_z_m);

  /// Moves `chassis` on by `count` substeps of `h` seconds, as if it touched nothing but the floor.
  /// While a wall holds the robot use one long substep: short ones that don't know the wall would
  /// roll the wheels.
  void Advance(RigidState* chassis, double h, int count, const std::array<double, 2>& voltage_V,
               const FloorQuery& floor);

  /// Takes all motion out of the wheels.
  void Halt();
  /// Lets the wheels hang and run free, off the floor.
  void Hang();

  const WheelState& wheel(int side) const { return wheels_[static_cast<size_t>(side)]; }
  const Vec3& p_RC_R() const { return p_RC_R_; }
  Pose3 X_WR(const RigidState& chassis) const;
  /// What Bullet needs.
  ChassisBody Body() const;
  void AddToHash(Hasher& hasher) const;

 private:
  /// The floor under the robot for one call: queried once, since a wheel moves a millimetre in it.
  struct Ground {
    struct Spot {
      double height_m, friction, drag;
      double slope = 0;  ///< Rise over run along the heading, from a sill's edge under the wheel.
    };
    bool level;
    std::array<Spot, 2> wheel;
    Spot caster;
  };
  /// Axes of R in W, and the level ones next to them.
  struct Axes {
    Vec3 forward, left, up;
    Vec3 heading, sideways;
  };
  struct Load {
    Vec3 force = Vec3::Zero(), torque = Vec3::Zero();
  };

  Ground Query(const RigidState& chassis, const FloorQuery& floor) const;
  Ground::Spot QueryWheel(const Vec2& p_W, const Vec2& heading, const FloorQuery& floor,
                          bool level) const;
  void AddWheel(int side, const RigidState& chassis, const Axes& axes, const Ground::Spot& spot,
                double voltage_V, double h, Load* load);
  void AddCaster(const RigidState& chassis, const Axes& axes, const Ground::Spot& spot, double h,
                 Load* load);
  void AddBelly(const RigidState& chassis, const Axes& axes, const FloorQuery& floor,
                Load* load) const;
  void TurnWheel(WheelState* wheel, double radius_m, double tyre_force_N, double drag_Nm,
                 double voltage_V, double h) const;
  void Integrate(RigidState* chassis, const Axes& axes, const Load& load, double h) const;

  RobotConfig config_;
  Vec3 p_RC_R_;
  Vec3 inertia_;
  double mount_z_m_;   ///< Height in R of a wheel's centre with its spring fully in.
  double caster_z_m_;  ///< Height in R of the caster ball's lowest point.
  std::array<double, 2> radius_m_;
  std::array<WheelState, 2> wheels_;
  double caster_x_strain_m_ = 0, caster_y_strain_m_ = 0;
};

}  // namespace dustproof
