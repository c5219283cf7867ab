#pragma once

#include <vector>

#include "robots/vacuum/firmware/navigation/floor_view.h"

namespace vacuum {

/// A stretch of border between seen and unseen floor, and the reachable cell to look at it from.
struct Frontier {
  Point2 center_M;
  int cells = 0;
  int target = -1;  ///< Cell index in the view.
  double cost_s = 0;
};

/// Frontiers worth going to, cheapest first. `done` are places where looking again has shown
/// nothing new.
std::vector<Frontier> FindFrontiers(const FloorView& view, const std::vector<Point2>& done);

}  // namespace vacuum
