#pragma once

#include <optional>

#include "sim/plan/raster.h"

namespace dustproof {

/// Finds a place for the dock in an imported map. `floor`: 1 where there is floor, else 0.
///
/// The rule: a stretch of wall as long as the dock with floor in front, free over 70 cm × 120 cm,
/// at any of 24 angles; of those the one with the most room ahead and to the sides, the first met
/// among equals. Where there is none, a smaller free patch will do, down to what the robot needs to
/// turn. Nothing where not even that exists.
std::optional<Pose2> PlaceDock(const Grid& floor, double robot_radius_m);

}  // namespace dustproof
