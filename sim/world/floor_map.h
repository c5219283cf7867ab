#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "sim/physics/floor_query.h"
#include "sim/plan/floor_plan.h"
#include "sim/plan/raster.h"

namespace dustproof {

/// What a floor material does to wheels.
FloorPoint FloorPointOf(FloorMaterial material);

/// The floor of a home: level, with the material of each room. Looked up in constant time, exact to
/// a cell of 2 cm.
class FloorMap : public FloorQuery {
 public:
  explicit FloorMap(const FloorPlan& plan);

  FloorPoint At(const Vec2& p_W) const override;
  bool LevelWithin(const Vec2&, double) const override { return true; }
  FloorMaterial MaterialAt(const Vec2& p_W) const;

 private:
  Grid materials_;  // Outside every room: hard.
  Vec2 origin_;
  double cells_per_m_;
  std::array<FloorPoint, 3> points_;
};

}  // namespace dustproof
