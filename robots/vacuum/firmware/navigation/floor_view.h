#pragma once

#include <cstdint>
#include <vector>

#include "robots/vacuum/firmware/navigation/geometry.h"
#include "robots/vacuum/firmware/navigation/home_map.h"

namespace vacuum {

constexpr double kBodyRadius_m = 0.17;

/// The map as the planner sees it, at one moment and from one place: how far each cell is from
/// anything solid or unknown, which cells the robot's centre can get to and at what cost, what
/// floor its body can sweep from there, and which region (room or part of one) a cell belongs to.
/// Made anew for each plan; a few milliseconds for a flat.
class FloorView {
 public:
  /// The robot's centre keeps at least this far from obstacles.
  static constexpr double kPassable_m = 0.176;

  FloorView(const HomeMap& map, Point2 robot_M, double passable_m = kPassable_m);

  const HomeMap& map() const { return *map_; }
  /// Distance from the cell's centre to the nearest obstacle or unknown cell; at most about 1 m is
  /// exact.
  double clearance_m(int index) const { return clearance_[index]; }
  /// Between cell centres, by interpolation.
  double ClearanceAt(Point2 p_M) const;
  bool reachable(int index) const { return cost_[index] != kUnreached; }
  /// All of them, nearest first.
  const std::vector<int>& reached() const { return reached_; }
  /// Seconds, about, to bring the robot's centre there.
  double Cost(int index) const { return cost_[index] * kSecondsPerCost; }
  /// Within the body's radius of a reachable place: what cleaning can cover.
  bool coverable(int index) const { return coverable_[index] != 0; }
  int coverable_count() const { return coverable_count_; }
  /// Coverable, not covered, not given up.
  bool wanted(int index) const {
    return coverable_[index] && !map_->covered(index) && !map_->given_up(index);
  }

  /// 1, 2, …; 0 where there is no floor to sweep.
  int region(int index) const { return region_[index]; }
  int region_count() const { return region_count_; }

  /// The cheapest reachable cell within `radius_m` of a point, or -1.
  int CheapestNear(Point2 p_M, double radius_m) const;
  /// A smoothed path from the robot to a reachable cell's centre, begun at the robot.
  std::vector<Point2> PathTo(int index) const;
  /// True where the straight way keeps `clearance_m` all along.
  bool LineFree(Point2 a_M, Point2 b_M, double clearance_m) const;

 private:
  static constexpr uint32_t kUnreached = UINT32_MAX;
  static constexpr double kSecondsPerCost =
      0.05 / 0.3 / 10;  // 10 is a cell straight ahead at 0.3 m/s.

  void FindClearance();
  void FindCosts();
  void FindCoverable();
  void FindRegions();

  const HomeMap* map_;
  Point2 robot_M_;
  double passable_m_;
  int width_, height_, min_x_, min_y_, max_x_, max_y_;  // The box of known cells.
  std::vector<float> clearance_;
  std::vector<uint32_t> cost_;
  std::vector<int> parent_, reached_;
  std::vector<uint8_t> coverable_;
  std::vector<uint16_t> region_;
  int coverable_count_ = 0, region_count_ = 0;
};

}  // namespace vacuum
