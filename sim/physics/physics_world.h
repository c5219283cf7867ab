#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "sim/core/frames.h"
#include "sim/core/hash.h"

namespace dustproof {

/// Motion of a rigid body. C is its centre of mass, R the axes of the body.
struct RigidState {
  Vec3 p_WC_W = Vec3::Zero();
  Eigen::Quaterniond q_WR = Eigen::Quaterniond::Identity();
  Vec3 v_WC_W = Vec3::Zero();
  Vec3 w_WR_W = Vec3::Zero();

  Pose3 X_WC() const {
    Pose3 X = Pose3::Identity();
    X.translation() = p_WC_W;
    X.linear() = q_WR.toRotationMatrix();
    return X;
  }
};

/// The robot's hull as contact sees it: an upright cylinder.
struct ChassisBody {
  double mass_kg = 3.4;
  Vec3 inertia_kg_m2 = {0.03, 0.03, 0.05};  ///< About the centre of mass, along the axes of R.
  double radius_m = 0.17;
  double z_min_m = -0.03;  ///< Underside, from the centre of mass.
  double z_max_m = 0.05;
  Vec2 axis_m = {0, 0};   ///< The cylinder's axis, from the centre of mass.
  double friction = 0.1;  ///< Multiplied with the other body's. Above 0.1 a shallow touch turns the
                          ///< robot into the wall.
};

/// A loose thing on the floor: an upright box or (radius_m > 0) a cylinder.
struct Prop {
  Vec3 size_m = {0.1, 0.1, 0.1};
  double radius_m = 0;
  double mass_kg = 1;
  double friction = 0.6;
  Pose2 X_WP;  ///< Standing on the floor at height 0.
};

/// Where the chassis was pushed in the last step.
struct ChassisContact {
  Vec3 p_WPt_W;       ///< The touched point of the chassis.
  Vec3 normal_W;      ///< Unit, into the chassis.
  double impulse_Ns;  ///< Along the normal, > 0.
  int prop = -1;      ///< Index of the prop that was touched, or -1 for something fixed.
};

/// Rigid-body contact between the robot's hull, everything fixed, and loose props. Bullet (double
/// precision) inside.
///
/// Force elements are not its business: the caller says where they would bring the chassis, and
/// learns where contact lets it go. A world is built anew for each run: Bullet repeats itself bit
/// by bit in a rebuilt world only.
class PhysicsWorld {
 public:
  struct Settings {
    double step_s = 0.004;
    int solver_iterations = 10;
    double margin_m = 0.002;
    double fixed_friction = 0.5;
  };

  PhysicsWorld();
  explicit PhysicsWorld(const Settings& settings);
  ~PhysicsWorld();
  PhysicsWorld(PhysicsWorld&&) noexcept;
  PhysicsWorld& operator=(PhysicsWorld&&) noexcept;

  // Building: all fixed things come before the first step. Give long walls in one piece: a hull
  // glides over the seams of many short ones with small jolts.
  void AddFixedBox(const Pose3& X_WB, const Vec3& size_m);
  /// An upright prism over a convex outline, given counter-clockwise.
  void AddFixedPrism(std::span<const Vec2> outline_W, double z_min_m, double z_max_m);
  void AddFixedCylinder(const Vec2& p_W, double radius_m, double z_min_m, double z_max_m);
  /// Returns its index.
  int AddProp(const Prop& prop);
  /// Once a world.
  void SetChassis(const ChassisBody& body);

  /// Moves the chassis by other means than a step: the start, a person's hands.
  void PlaceChassis(const RigidState& state);
  const RigidState& chassis() const;

  /// Steps everything once. `predicted` is where the force elements alone bring the chassis at the
  /// end of the step. Returns true where contact changed that; else `chassis()` is `predicted`, bit
  /// by bit.
  /// @pre SetChassis was called.
  bool Step(const RigidState& predicted);
  /// The pushes of the last step, by falling impulse.
  const std::vector<ChassisContact>& contacts() const;

  double step_s() const;
  int prop_count() const;
  RigidState prop(int index) const;
  bool AnyPropAwake() const;

  void AddToHash(Hasher& hasher) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dustproof
