#pragma once

#include <cstdint>

#include "sim/plan/floor_plan.h"

namespace dustproof {

struct GenerateOptions {
  double length_m_min = 6,
         length_m_max = 12;      ///< Of the outer walls, along x; along y three quarters of that.
  double room_side_m_min = 2.5;  ///< Rooms are split until no side is twice that long.
  double doorway_width_m = 0.9;
  bool furnished = true;  ///< A few boxes and tables along the walls.
  double robot_radius_m = 0.17;
};

/// A plain flat: a rectangle split into rooms, each split with a doorway, so that every room is
/// reached. The same seed and options give the same plan; it is always valid (`Validate`). For
/// tests, and for homes that nobody lives in.
FloorPlan GeneratePlan(uint64_t seed, const GenerateOptions& options = {});

}  // namespace dustproof
