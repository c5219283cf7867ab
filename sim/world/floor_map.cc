#include "sim/world/floor_map.h"

#include <cmath>

namespace dustproof {
namespace {

constexpr double kCell_m = 0.02;

}  // namespace

FloorPoint FloorPointOf(FloorMaterial material) {
  // Rubber on wood and tiles about 0.7–0.8, on carpet more; drag as a share of the load: carpets
  // brake a small robot by a tenth to a fifth of its weight, which is why vacuums raise their
  // current there.
  switch (material) {
    case FloorMaterial::kHard:
      return {0, 0.75, 0.01};
    case FloorMaterial::kShortCarpet:
      return {0, 0.85, 0.06};
    case FloorMaterial::kLongCarpet:
      return {0, 0.9, 0.12};
  }
  return {};
}

FloorMap::FloorMap(const FloorPlan& plan) : materials_(MakeGrid(BoundsOf(plan), kCell_m, 0)) {
  for (const Named<FloorMaterial>& row : kFloorMaterials) {
    points_[static_cast<size_t>(row.value)] = FloorPointOf(row.value);
  }
  // Backwards, so that the first room of a list wins where two touch: as in FloorPlan::RoomAt.
  for (size_t i = plan.rooms.size(); i-- > 0;) {
    const uint8_t material = static_cast<uint8_t>(plan.rooms[i].floor);
    ForEachCellInside(plan.rooms[i].polygon, materials_,
                      [&](int x, int y) { materials_.At(x, y) = material; });
  }
  origin_ = materials_.X_WG.position();
  cells_per_m_ = 1 / materials_.resolution_m;
}

FloorMaterial FloorMap::MaterialAt(const Vec2& p_W) const {
  const Vec2 cell = (p_W - origin_) * cells_per_m_;
  const bool inside =
      cell.x() >= 0 && cell.y() >= 0 && cell.x() < materials_.width && cell.y() < materials_.height;
  if (!inside) return FloorMaterial::kHard;
  return static_cast<FloorMaterial>(
      materials_.At(static_cast<int>(cell.x()), static_cast<int>(cell.y())));
}

FloorPoint FloorMap::At(const Vec2& p_W) const {
  return points_[static_cast<size_t>(MaterialAt(p_W))];
}

}  // namespace dustproof
