#include "sim/plan/solids.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace dustproof {
namespace {

constexpr double kTableTop_m = 0.03;

double DistanceToSegment(const Vec2& a, const Vec2& b, const Vec2& p) {
  const Vec2 ab = b - a;
  const double length_squared = ab.squaredNorm();
  const double t =
      length_squared > 0 ? std::clamp((p - a).dot(ab) / length_squared, 0.0, 1.0) : 0.0;
  return (p - (a + t * ab)).norm();
}

// A stretch of a wall's centre line, in metres from its `a`.
struct Stretch {
  double from_m;
  double to_m;
};

void AddWall(const Wall& wall, size_t index, std::vector<Stretch> gaps,
             std::vector<Solid>* solids) {
  const Vec2 along = wall.b - wall.a;
  const double length_m = along.norm();
  if (length_m <= 0) return;
  const Vec2 direction = along / length_m;
  std::sort(gaps.begin(), gaps.end(),
            [](const Stretch& a, const Stretch& b) { return a.from_m < b.from_m; });
  const double end_m = length_m + wall.thickness_m / 2;
  gaps.push_back({end_m, end_m});
  double from_m = -wall.thickness_m / 2;
  for (const Stretch& gap : gaps) {
    if (gap.from_m > from_m) {
      const Vec2 middle = wall.a + direction * ((from_m + gap.from_m) / 2);
      Solid solid;
      solid.owner = SolidOwner::kWall;
      solid.owner_index = index;
      solid.X_WS = {middle.x(), middle.y(), std::atan2(direction.y(), direction.x())};
      solid.length_m = gap.from_m - from_m;
      solid.width_m = wall.thickness_m;
      solid.top_m = wall.height_m;
      solid.reflectivity = wall.reflectivity;
      solids->push_back(solid);
    }
    from_m = std::max(from_m, gap.to_m);
  }
}

void AddFurniture(const Furniture& furniture, size_t index, std::vector<Solid>* solids) {
  Solid solid;
  solid.owner = SolidOwner::kFurniture;
  solid.owner_index = index;
  solid.is_round = furniture.shape == FurnitureShape::kCylinder;
  solid.X_WS = furniture.X_WF;
  solid.length_m = furniture.length_m;
  solid.width_m = solid.is_round ? furniture.length_m : furniture.width_m;
  solid.bottom_m = furniture.bottom_m;
  solid.top_m = furniture.height_m;
  solid.reflectivity = furniture.reflectivity;
  if (furniture.shape != FurnitureShape::kTable) {
    solids->push_back(solid);
    return;
  }
  if (furniture.bottom_m <= 0) solid.bottom_m = std::max(0.0, furniture.height_m - kTableTop_m);
  Solid leg = solid;
  leg.length_m = leg.width_m = furniture.leg_m;
  leg.bottom_m = 0;
  leg.top_m = solid.bottom_m;
  const double x = (furniture.length_m - furniture.leg_m) / 2,
               y = (furniture.width_m - furniture.leg_m) / 2;
  for (const Vec2& corner : {Vec2(-x, -y), Vec2(x, -y), Vec2(x, y), Vec2(-x, y)}) {
    leg.X_WS = furniture.X_WF * Pose2{corner.x(), corner.y(), 0};
    solids->push_back(leg);
  }
  solids->push_back(solid);
}

}  // namespace

int WallOf(const FloorPlan& plan, const Doorway& doorway) {
  constexpr double kSlack_m = 0.05;
  int nearest = -1;
  double nearest_m = std::numeric_limits<double>::max();
  for (size_t i = 0; i < plan.walls.size(); ++i) {
    const Wall& wall = plan.walls[i];
    const double distance_m = DistanceToSegment(wall.a, wall.b, doorway.at);
    if (distance_m <= wall.thickness_m / 2 + kSlack_m && distance_m < nearest_m) {
      nearest = static_cast<int>(i);
      nearest_m = distance_m;
    }
  }
  return nearest;
}

std::vector<Solid> SolidsOf(const FloorPlan& plan) {
  std::vector<std::vector<Stretch>> gaps(plan.walls.size());
  for (const Doorway& doorway : plan.doorways) {
    const int i = WallOf(plan, doorway);
    if (i < 0) continue;
    const Wall& wall = plan.walls[static_cast<size_t>(i)];
    const double at_m = (doorway.at - wall.a).dot((wall.b - wall.a).normalized());
    gaps[static_cast<size_t>(i)].push_back(
        {at_m - doorway.width_m / 2, at_m + doorway.width_m / 2});
  }
  std::vector<Solid> solids;
  for (size_t i = 0; i < plan.walls.size(); ++i)
    AddWall(plan.walls[i], i, std::move(gaps[i]), &solids);
  for (size_t i = 0; i < plan.blocks.size(); ++i) {
    const Block& block = plan.blocks[i];
    solids.push_back({SolidOwner::kBlock, i, false, block.X_WB, block.length_m, block.width_m, 0,
                      block.height_m, block.reflectivity});
  }
  for (size_t i = 0; i < plan.furniture.size(); ++i) AddFurniture(plan.furniture[i], i, &solids);
  solids.push_back({SolidOwner::kDock, 0, false, plan.X_WD * Pose2{kDockDepth_m / 2, 0, 0},
                    kDockDepth_m, kDockWidth_m, 0, kDockHeight_m, 0.2});
  return solids;
}

double DistanceTo(const Solid& solid, const Vec2& p_WPt_W) {
  const Vec2 p = solid.X_WS.inverse() * p_WPt_W;
  if (solid.is_round) return std::max(0.0, p.norm() - solid.length_m / 2);
  const double dx = std::max(0.0, std::abs(p.x()) - solid.length_m / 2);
  const double dy = std::max(0.0, std::abs(p.y()) - solid.width_m / 2);
  return std::sqrt(dx * dx + dy * dy);
}

const Solid* FindObstacle(const std::vector<Solid>& solids, const Vec2& p_WPt_W, double radius_m,
                          double height_m) {
  for (const Solid& solid : solids) {
    if (solid.owner == SolidOwner::kDock || !BlocksUpTo(solid, height_m)) continue;
    if (DistanceTo(solid, p_WPt_W) < radius_m) return &solid;
  }
  return nullptr;
}

}  // namespace dustproof
