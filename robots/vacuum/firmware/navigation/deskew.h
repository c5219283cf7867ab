#pragma once

#include <vector>

#include "hil/hal/dp_sensors.h"
#include "robots/vacuum/firmware/navigation/geometry.h"
#include "robots/vacuum/firmware/navigation/odometry_fusion.h"

namespace vacuum {

/// A turn of the lidar as if it had been taken at one instant.
struct Scan {
  uint64_t time_us = 0;           ///< The instant: the end of the turn.
  std::vector<Point2> hits_R;     ///< Where beams ended, in R at that instant.
  std::vector<Point2> origins_R;  ///< Where each of those beams began, same frame.
};

/// Puts every beam where the robot stood when the beam was taken, then all of them into R at the
/// turn's end.
Scan Deskew(const dp_lidar_turn& turn, const dp_lidar_info& info, const OdometryFusion& odometry);

}  // namespace vacuum
