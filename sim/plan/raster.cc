#include "sim/plan/raster.h"

#include <algorithm>
#include <cmath>

#include "sim/plan/solids.h"

namespace dustproof {
namespace {

// Where along a row something holds.
struct Range {
  double low;
  double high;
  // Narrows to x with |slope (x - middle) + offset| <= limit.
  void Clip(double slope, double offset, double limit, double middle) {
    if (std::abs(slope) < 1e-9) {
      if (std::abs(offset) > limit) high = low - 1;
      return;
    }
    const double a = middle + (-limit - offset) / slope, b = middle + (limit - offset) / slope;
    low = std::max(low, std::min(a, b));
    high = std::min(high, std::max(a, b));
  }
};

// Sets cells whose centres are nearer than `margin_m` to the solid (or, with no margin, inside it).
void Stamp(const Solid& solid, double margin_m, Grid* grid) {
  const double half_length = solid.length_m / 2, half_width = solid.width_m / 2;
  const Pose2 X_GS = grid->X_WG.inverse() * solid.X_WS;
  const double c = std::cos(X_GS.yaw), s = std::sin(X_GS.yaw);
  const double reach_x = std::abs(c) * half_length + std::abs(s) * half_width + margin_m;
  const double reach_y = std::abs(s) * half_length + std::abs(c) * half_width + margin_m;
  const double resolution_m = grid->resolution_m;
  const int x_min = std::max(0, static_cast<int>(std::floor((X_GS.x - reach_x) / resolution_m)));
  const int x_max =
      std::min(grid->width - 1, static_cast<int>(std::floor((X_GS.x + reach_x) / resolution_m)));
  const int y_min = std::max(0, static_cast<int>(std::floor((X_GS.y - reach_y) / resolution_m)));
  const int y_max =
      std::min(grid->height - 1, static_cast<int>(std::floor((X_GS.y + reach_y) / resolution_m)));
  const double margin_squared = margin_m * margin_m;
  for (int y = y_min; y <= y_max; ++y) {
    const double gy = (y + 0.5) * resolution_m - X_GS.y;
    // Of a slanted wall, only the stretch of this row within the enlarged footprint.
    Range range{X_GS.x - reach_x, X_GS.x + reach_x};
    range.Clip(c, s * gy, half_length + margin_m, X_GS.x);
    range.Clip(-s, c * gy, half_width + margin_m, X_GS.x);
    if (range.low > range.high) continue;
    const int row_min = std::max(x_min, static_cast<int>(std::floor(range.low / resolution_m)) - 1);
    const int row_max =
        std::min(x_max, static_cast<int>(std::floor(range.high / resolution_m)) + 1);
    for (int x = row_min; x <= row_max; ++x) {
      const double gx = (x + 0.5) * resolution_m - X_GS.x;
      if (solid.is_round) {
        const double limit = half_length + margin_m;
        if (gx * gx + gy * gy < limit * limit) grid->At(x, y) = 1;
        continue;
      }
      const double dx = std::max(0.0, std::abs(c * gx + s * gy) - half_length);
      const double dy = std::max(0.0, std::abs(c * gy - s * gx) - half_width);
      const double squared = dx * dx + dy * dy;
      if (squared < margin_squared || squared == 0) grid->At(x, y) = 1;
    }
  }
}

// The free cell nearest to a point, within 15 cm: cells are coarse beside the 2 mm that a docked
// robot keeps.
std::optional<Eigen::Vector2i> NearestFree(const Grid& blocked, const Vec2& p_WPt_W) {
  constexpr double kSearch_m = 0.15;
  const Eigen::Vector2i middle = blocked.CellOf(p_WPt_W);
  const int range = static_cast<int>(std::ceil(kSearch_m / blocked.resolution_m));
  std::optional<Eigen::Vector2i> best;
  double best_squared = kSearch_m * kSearch_m;
  for (int y = middle.y() - range; y <= middle.y() + range; ++y) {
    for (int x = middle.x() - range; x <= middle.x() + range; ++x) {
      if (!blocked.Has(x, y) || blocked.At(x, y) != 0) continue;
      const double squared = (blocked.CenterOf(x, y) - p_WPt_W).squaredNorm();
      if (squared < best_squared) {
        best_squared = squared;
        best = Eigen::Vector2i(x, y);
      }
    }
  }
  return best;
}

// Sets every cell of `to` that is connected to `seed` over cells of `blocked` that are 0.
void Flood(const Grid& blocked, const Eigen::Vector2i& seed, Grid* to) {
  std::vector<Eigen::Vector2i> open = {seed};
  to->At(seed.x(), seed.y()) = 1;
  while (!open.empty()) {
    const Eigen::Vector2i cell = open.back();
    open.pop_back();
    for (const Eigen::Vector2i& step : {Eigen::Vector2i(1, 0), Eigen::Vector2i(-1, 0),
                                        Eigen::Vector2i(0, 1), Eigen::Vector2i(0, -1)}) {
      const Eigen::Vector2i next = cell + step;
      if (!to->Has(next.x(), next.y()) || blocked.At(next.x(), next.y()) != 0) continue;
      uint8_t& mark = to->At(next.x(), next.y());
      if (mark == 0) open.push_back(next);
      mark = 1;
    }
  }
}

bool IsInner(const Grid& grid, int x, int y) {
  return grid.Has(x - 1, y) && grid.Has(x + 1, y) && grid.Has(x, y - 1) && grid.Has(x, y + 1) &&
         grid.At(x - 1, y) != 0 && grid.At(x + 1, y) != 0 && grid.At(x, y - 1) != 0 &&
         grid.At(x, y + 1) != 0;
}

// Cells within `radius_m` of a cell of `centers`. Discs around the rim of the set suffice: a disc
// around an inner cell reaches out of the set only across the rim.
void Cover(const Grid& centers, double radius_m, Grid* floor) {
  const int range = static_cast<int>(radius_m / centers.resolution_m);
  const double limit = (radius_m / centers.resolution_m) * (radius_m / centers.resolution_m);
  for (int y = 0; y < centers.height; ++y) {
    for (int x = 0; x < centers.width; ++x) {
      if (centers.At(x, y) == 0) continue;
      floor->At(x, y) = 1;
      if (IsInner(centers, x, y)) continue;
      for (int dy = -range; dy <= range; ++dy) {
        for (int dx = -range; dx <= range; ++dx) {
          if (dx * dx + dy * dy <= limit && floor->Has(x + dx, y + dy))
            floor->At(x + dx, y + dy) = 1;
        }
      }
    }
  }
}

std::optional<Vec2> FirstOnRim(const Grid& grid) {
  for (int y = 0; y < grid.height; ++y) {
    const int step = y == 0 || y == grid.height - 1 ? 1 : std::max(1, grid.width - 1);
    for (int x = 0; x < grid.width; x += step) {
      if (grid.At(x, y) != 0) return grid.CenterOf(x, y);
    }
  }
  return std::nullopt;
}

}  // namespace

Eigen::Vector2i Grid::CellOf(const Vec2& p_WPt_W) const {
  const Vec2 p = X_WG.inverse() * p_WPt_W / resolution_m;
  return {static_cast<int>(std::floor(p.x())), static_cast<int>(std::floor(p.y()))};
}

size_t Grid::Count(uint8_t value) const {
  return static_cast<size_t>(std::count(cells.begin(), cells.end(), value));
}

Grid MakeGrid(const Bounds& bounds, double resolution_m, double margin_m) {
  Grid grid;
  if (bounds.empty) return grid;
  const Vec2 size = bounds.max - bounds.min + Vec2::Constant(2 * margin_m);
  const double coarsest = std::sqrt(size.x() * size.y() / static_cast<double>(kGridCellsMax));
  grid.resolution_m = std::max(resolution_m, coarsest);
  grid.X_WG = {bounds.min.x() - margin_m, bounds.min.y() - margin_m, 0};
  grid.width = static_cast<int>(std::ceil(size.x() / grid.resolution_m));
  grid.height = static_cast<int>(std::ceil(size.y() / grid.resolution_m));
  grid.cells.assign(static_cast<size_t>(grid.width) * static_cast<size_t>(grid.height), 0);
  return grid;
}

void ForEachCellInside(const Polygon& polygon, const Grid& grid,
                       const std::function<void(int x, int y)>& visit) {
  Polygon corners;
  Bounds bounds;
  const Pose2 X_GW = grid.X_WG.inverse();
  for (const Vec2& corner : polygon) {
    corners.push_back(X_GW * corner / grid.resolution_m);
    bounds.Add(corners.back());
  }
  if (bounds.empty) return;
  const int y_min = std::max(0, static_cast<int>(std::floor(bounds.min.y())));
  const int y_max = std::min(grid.height - 1, static_cast<int>(std::floor(bounds.max.y())));
  std::vector<double> crossings;
  for (int y = y_min; y <= y_max; ++y) {
    crossings.clear();
    const double row = y + 0.5;
    for (size_t i = 0, j = corners.size() - 1; i < corners.size(); j = i++) {
      const Vec2& a = corners[i];
      const Vec2& b = corners[j];
      if ((a.y() > row) != (b.y() > row))
        crossings.push_back(a.x() + (b.x() - a.x()) * (row - a.y()) / (b.y() - a.y()));
    }
    std::sort(crossings.begin(), crossings.end());
    for (size_t i = 0; i + 1 < crossings.size(); i += 2) {
      // Cells whose centres lie in [crossing i, crossing i + 1).
      const int first = std::max(0, static_cast<int>(std::ceil(crossings[i] - 0.5)));
      const int last =
          std::min(grid.width - 1, static_cast<int>(std::ceil(crossings[i + 1] - 0.5)) - 1);
      for (int x = first; x <= last; ++x) visit(x, y);
    }
  }
}

Grid OccupancyOf(const FloorPlan& plan, double resolution_m, double height_m) {
  Grid grid = MakeGrid(BoundsOf(plan), resolution_m, 2 * resolution_m);
  for (const Solid& solid : SolidsOf(plan)) {
    if (BlocksUpTo(solid, height_m)) Stamp(solid, 0, &grid);
  }
  return grid;
}

Reach ReachableFloor(const FloorPlan& plan, const ReachOptions& options) {
  Reach reach;
  // Wide enough that a disc which got out of the home can reach the rim.
  Grid blocked = MakeGrid(BoundsOf(plan), options.resolution_m, options.radius_m + 0.1);
  reach.centers = reach.floor = blocked;
  for (const Solid& solid : SolidsOf(plan)) {
    if (BlocksUpTo(solid, options.height_m)) Stamp(solid, options.radius_m, &blocked);
  }
  const std::optional<Eigen::Vector2i> seed =
      NearestFree(blocked, StartPose(plan, options.radius_m).position());
  if (!seed) return reach;
  reach.start_is_free = true;
  Flood(blocked, *seed, &reach.centers);
  Cover(reach.centers, options.radius_m, &reach.floor);
  reach.leaves_at = FirstOnRim(reach.centers);
  reach.area_m2 = static_cast<double>(reach.floor.Count(1)) * reach.floor.resolution_m *
                  reach.floor.resolution_m;
  return reach;
}

}  // namespace dustproof
