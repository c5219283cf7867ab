#pragma once

#include <array>
#include <vector>

#include "sim/core/frames.h"
#include "sim/core/hash.h"
#include "sim/physics/physics_world.h"
#include "sim/scenario/robot_config.h"

namespace dustproof {

/// The shell in front: pressed by contacts that push hard enough, released once the robot has
/// backed off.
class Bumper {
 public:
  Bumper(const BumperSpec& spec, double radius_m) : spec_(spec), radius_m_(radius_m) {}

  /// After each step with the step's contacts. Returns true where a side was pressed that was free
  /// before.
  bool Update(const std::vector<ChassisContact>& contacts, const Pose3& X_WR, double step_s);
  void Release() { sides_ = {}; }

  bool pressed(int side) const { return sides_[static_cast<size_t>(side)].pressed; }
  void AddToHash(Hasher& hasher) const;

 private:
  struct Side {
    bool pressed = false;
    Vec2 p_W = Vec2::Zero();  ///< What pressed it.
    int quiet_steps = 0;      ///< Since a loose thing pushed last; it may have slid away.
    bool loose = false;
  };
  BumperSpec spec_;
  double radius_m_;
  std::array<Side, 2> sides_;
};

}  // namespace dustproof
