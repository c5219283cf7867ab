#pragma once

#include "sim/core/frames.h"

namespace dustproof {

/// What a wheel meets at one point of the floor.
struct FloorPoint {
  double height_m = 0;    ///< Of the surface, in W.
  double friction = 0.8;  ///< Coefficient of a rubber tyre on it. > 0.
  double drag = 0.01;     ///< Rolling and dragging resistance as a share of the normal load. >= 0.
};

/// The floor as force elements and cliff sensors ask for it. Pure: the same point gives the same
/// answer until the world changes.
class FloorQuery {
 public:
  virtual ~FloorQuery() = default;
  virtual FloorPoint At(const Vec2& p_W) const = 0;
  /// True where the floor has one height all over the disc; false is always allowed, and slower.
  virtual bool LevelWithin(const Vec2& p_W, double radius_m) const = 0;
};

/// The same floor everywhere.
class LevelFloor : public FloorQuery {
 public:
  explicit LevelFloor(const FloorPoint& point = {}) : point_(point) {}
  FloorPoint At(const Vec2&) const override { return point_; }
  bool LevelWithin(const Vec2&, double) const override { return true; }

 private:
  FloorPoint point_;
};

}  // namespace dustproof
