#pragma once

#include <string>
#include <vector>

#include "sim/plan/floor_plan.h"

namespace dustproof {

/// What a solid belongs to, and its index in the plan's list of those.
enum class SolidOwner { kWall, kBlock, kFurniture, kDock };

/// An upright box or cylinder: what everything in a plan is made of.
struct Solid {
  SolidOwner owner = SolidOwner::kWall;
  size_t owner_index = 0;
  bool is_round = false;  ///< A cylinder of diameter `length_m`.
  Pose2 X_WS;             ///< S: the middle of its footprint.
  double length_m = 0;    ///< Along S's x.
  double width_m = 0;     ///< Along S's y.
  double bottom_m = 0;
  double top_m = 0;
  double reflectivity = 0.5;
};

/// Everything of a plan that can be hit: walls cut at their doorways, blocks, furniture (tables as
/// legs and top), the dock. Always in the same order.
std::vector<Solid> SolidsOf(const FloorPlan& plan);

/// Distance from a point to a solid's footprint; 0 inside.
double DistanceTo(const Solid& solid, const Vec2& p_WPt_W);

/// How far a robot at that height range could be in its way: whether the solid stands in [0,
/// height_m).
inline bool BlocksUpTo(const Solid& solid, double height_m) {
  return solid.bottom_m < height_m && solid.top_m > 0;
}

/// What stands within `radius_m` of a point and is in the way of something `height_m` high, or
/// null. The dock never counts.
const Solid* FindObstacle(const std::vector<Solid>& solids, const Vec2& p_WPt_W, double radius_m,
                          double height_m);

/// Index of the wall that a doorway opens, or -1: the nearest one whose centre line passes within
/// half its thickness + 5 cm.
int WallOf(const FloorPlan& plan, const Doorway& doorway);

}  // namespace dustproof
