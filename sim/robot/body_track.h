#pragma once

#include <array>
#include <cmath>

#include "sim/core/frames.h"
#include "sim/core/time.h"

namespace dustproof {

/// Where the robot's body was at the two ends of the last step; sensors look in between.
///
/// At rest both ends are equal, and so is everything in between, bit by bit, however long the step
/// was.
struct BodyTrack {
  struct End {
    SimTime time;
    Vec3 p_WR_W = Vec3::Zero();
    Eigen::Matrix3d R_WR = Eigen::Matrix3d::Identity();
    Vec3 v_WC_W = Vec3::Zero();
    Vec3 w_WR_W = Vec3::Zero();
    std::array<double, 2> wheel_angle_rad{};
  };
  End before, after;

  /// 0 at `before`, 1 at `after`.
  double Share(SimTime t) const {
    const int64_t span = (after.time - before.time).nanoseconds();
    return span > 0
               ? static_cast<double>((t - before.time).nanoseconds()) / static_cast<double>(span)
               : 1;
  }
};

/// A sample of a matter between the ends; equal ends give exactly their value.
template <typename T>
T Between(const T& a, const T& b, double share) {
  return a + (b - a) * share;
}

}  // namespace dustproof
