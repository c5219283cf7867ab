#include "sim/plan/floor_plan.h"

#include <algorithm>

#include "sim/plan/solids.h"

namespace dustproof {

int FloorPlan::RoomAt(const Vec2& p_WPt_W) const {
  for (size_t i = 0; i < rooms.size(); ++i) {
    if (Contains(rooms[i].polygon, p_WPt_W)) return static_cast<int>(i);
  }
  return -1;
}

Pose2 DockFacePose(const Pose2& X_WD) { return X_WD * Pose2{kDockDepth_m, 0, 0}; }

Pose2 DockedPose(const Pose2& X_WD, double robot_radius_m) {
  constexpr double kGap_m = 0.002;
  return X_WD * Pose2{kDockDepth_m + kGap_m + robot_radius_m, 0, std::numbers::pi};
}

Pose2 StartPose(const FloorPlan& plan, double robot_radius_m) {
  return plan.X_WStart.value_or(DockedPose(plan.X_WD, robot_radius_m));
}

double SignedArea(const Polygon& polygon) {
  double twice_area = 0;
  for (size_t i = 0; i < polygon.size(); ++i) {
    const Vec2& p = polygon[i];
    const Vec2& q = polygon[(i + 1) % polygon.size()];
    twice_area += p.x() * q.y() - q.x() * p.y();
  }
  return twice_area / 2;
}

bool Contains(const Polygon& polygon, const Vec2& p) {
  bool inside = false;
  for (size_t i = 0, j = polygon.size() - 1; i < polygon.size(); j = i++) {
    const Vec2& a = polygon[i];
    const Vec2& b = polygon[j];
    if ((a.y() > p.y()) == (b.y() > p.y())) continue;
    if (p.x() < a.x() + (b.x() - a.x()) * (p.y() - a.y()) / (b.y() - a.y())) inside = !inside;
  }
  return inside;
}

void Bounds::Add(const Vec2& p) {
  min = empty ? p : min.cwiseMin(p).eval();
  max = empty ? p : max.cwiseMax(p).eval();
  empty = false;
}

Bounds BoundsOf(const FloorPlan& plan) {
  Bounds bounds;
  for (const Room& room : plan.rooms) {
    for (const Vec2& corner : room.polygon) bounds.Add(corner);
  }
  for (const Solid& solid : SolidsOf(plan)) {
    const double half_length = solid.length_m / 2, half_width = solid.width_m / 2;
    for (const double x : {-half_length, half_length}) {
      for (const double y : {-half_width, half_width}) bounds.Add(solid.X_WS * Vec2(x, y));
    }
  }
  return bounds;
}

}  // namespace dustproof
