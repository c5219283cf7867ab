#pragma once

#include <optional>

#include "sim/core/hash.h"
#include "sim/core/random.h"
#include "sim/raycast/raycast_scene.h"
#include "sim/robot/readings.h"
#include "sim/scenario/robot_config.h"

namespace dustproof {

/// Charging contacts, and the receiver of the dock's infrared beacon.
class DockSensor {
 public:
  DockSensor(const DockSpec& spec, double hull_radius_m, const Seed& seed,
             const std::optional<Pose2>& X_WD);

  /// Whether the charging contacts touch.
  bool Contact(const Pose2& X_WR) const;
  /// @pre called once a sample, in order.
  DockReading Sample(SimTime t, const Pose2& X_WR, const RaycastScene& rays);
  void AddToHash(Hasher& hasher) const;

 private:
  DockSpec spec_;
  double hull_radius_m_;
  std::optional<Pose2> X_WD_;
  RandomStream noise_;
};

}  // namespace dustproof
