#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "sim/plan/floor_plan.h"

namespace dustproof {

/// Square cells over a piece of floor. G: the lower-left corner of cell (0, 0), x along a row; row
/// 0 is the lowest.
struct Grid {
  Pose2 X_WG;
  double resolution_m = 0.05;
  int width = 0;
  int height = 0;
  std::vector<uint8_t> cells;  ///< Row by row.

  bool Has(int x, int y) const { return x >= 0 && y >= 0 && x < width && y < height; }
  size_t Index(int x, int y) const {
    return static_cast<size_t>(y) * static_cast<size_t>(width) + static_cast<size_t>(x);
  }
  uint8_t& At(int x, int y) { return cells[Index(x, y)]; }
  uint8_t At(int x, int y) const { return cells[Index(x, y)]; }
  Vec2 CenterOf(int x, int y) const {
    return X_WG * Vec2((x + 0.5) * resolution_m, (y + 0.5) * resolution_m);
  }
  /// The cell that a point is in, as (x, y); may lie outside the grid.
  Eigen::Vector2i CellOf(const Vec2& p_WPt_W) const;
  size_t Count(uint8_t value) const;
};

/// The largest grid anything here makes. Plans that would need more get a coarser one.
inline constexpr size_t kGridCellsMax = 16'000'000;

/// A grid of zeros around a plan, with a margin; coarser than asked where it would be too large.
Grid MakeGrid(const Bounds& bounds, double resolution_m, double margin_m);

/// Visits the cells whose centres are in a polygon, row by row.
void ForEachCellInside(const Polygon& polygon, const Grid& grid,
                       const std::function<void(int x, int y)>& visit);

/// 1 where a cell's centre is inside something that stands lower than `height_m` above the floor,
/// else 0.
Grid OccupancyOf(const FloorPlan& plan, double resolution_m, double height_m);

struct ReachOptions {
  double radius_m = 0.17;  ///< Of the robot's disc.
  double height_m = 0.1;   ///< Of the robot: what hangs higher isn't in its way.
  double resolution_m = 0.025;
};

/// Where a disc can go from the robot's start, and what it covers.
struct Reach {
  Grid centers;        ///< 1 where the disc's centre can go.
  Grid floor;          ///< 1 where the disc can cover: the floor that coverage is judged against.
  double area_m2 = 0;  ///< Of `floor`.
  bool start_is_free = false;  ///< Else nothing is reachable.
  std::optional<Vec2>
      leaves_at;  ///< A point outside the home that the disc reached: the walls have a hole.
};

/// What a disc reaches from `StartPose`. Clearances are exact at cell centres; steps go between
/// cells that share an edge.
Reach ReachableFloor(const FloorPlan& plan, const ReachOptions& options = {});

}  // namespace dustproof
