#pragma once

#include <cstdint>
#include <vector>

#include "robots/vacuum/firmware/navigation/deskew.h"
#include "robots/vacuum/firmware/navigation/geometry.h"

namespace vacuum {

/// What the robot knows of the home, in cells of 5 cm in M: occupancy by log-odds, where exactly in
/// a cell the lidar's hits lie, what the bumper and cliff sensors met, and what this cleaning has
/// swept. It grows as the robot sees more.
class HomeMap {
 public:
  static constexpr double kResolution_m = 0.05;

  HomeMap();

  int width() const { return width_; }
  int height() const { return height_; }
  int cell_count() const { return width_ * height_; }
  double origin_x_m() const { return origin_x_ * kResolution_m; }
  double origin_y_m() const { return origin_y_ * kResolution_m; }

  /// Index of the cell at a point, or -1 outside.
  int IndexOf(Point2 p_M) const;
  Point2 CenterOf(int index) const;

  bool occupied(int index) const { return odds_[index] > kOccupiedAbove || touched_[index]; }
  bool free(int index) const { return odds_[index] < kFreeBelow && !touched_[index]; }
  bool unknown(int index) const { return !occupied(index) && !free(index); }
  /// Seen by the lidar as solid; the matcher's reference.
  bool lidar_occupied(int index) const { return odds_[index] > kOccupiedAbove; }
  /// Where in an occupied cell the obstacle is: the mean of its hits.
  Point2 ObstacleIn(int index) const;
  /// How far the obstacle reaches out from there, about: nothing for a wall that crosses the cell,
  /// half its width for a leg, a little at corners, whose hits lie on both faces and their mean
  /// inside; and what bumps have taught.
  double ObstacleRadius_m(int index) const;

  /// Adds a scan taken at `X_MR`: what beams passed is freer, where they ended more solid.
  void AddScan(const Pose2& X_MR, const Scan& scan);
  /// The robot's body met something (or a drop) at a point; it stays until the map is erased or
  /// `ForgetTouches`.
  void MarkTouched(Point2 p_M);
  void ForgetTouches();
  /// The body touched what the lidar has drawn here: it reaches a little farther out than its hits
  /// say.
  void Widen(int index);
  void ForgetWidths();

  /// Sweeping: cells whose centre is within `radius_m` of `p_M` are covered now. Also clears
  /// touches under the body.
  void MarkCovered(Point2 p_M, double radius_m);
  void ClearCovered();
  bool covered(int index) const { return covered_[index] != 0; }
  int covered_count() const { return covered_count_; }
  /// Cells that three tries did not reach; cleaning plans leave them out.
  void GiveUp(int index) { given_up_[index] = kTriesMax; }
  void AddTry(int index, int tries) {
    given_up_[index] = static_cast<uint8_t>(
        given_up_[index] + tries > kTriesMax ? kTriesMax : given_up_[index] + tries);
  }
  bool given_up(int index) const { return given_up_[index] >= kTriesMax; }

  /// True once any floor has been seen.
  bool any_free() const { return any_free_; }

  /// Occupancy alone, as three values; used to store and restore. `cells` as in GridMap.
  void Restore(int width, int height, double origin_x_m, double origin_y_m,
               const std::vector<uint8_t>& cells);

 private:
  static constexpr int kOccupiedAbove = 12, kFreeBelow = -5;
  static constexpr int kTriesMax = 3;
  static constexpr int kHit = 9, kMiss = -3, kOddsMax = 60, kOddsMin = -60;

  void Include(Point2 p_M);
  void Resize(int min_x, int min_y, int max_x, int max_y);
  bool IsCorner(int index) const;
  void AddHit(int index, Point2 hit);
  void Carve(Point2 from_M, Point2 to_M);

  int origin_x_,
      origin_y_;  // Cell coordinates of the lower-left cell; cell (0,0) begins at M's origin.
  int width_ = 0, height_ = 0;
  std::vector<int8_t> odds_;
  std::vector<float> hit_x_, hit_y_, hit_xx_, hit_xy_,
      hit_yy_;  // Mean and covariance of a cell's hits.
  std::vector<uint8_t> hit_weight_, touched_, covered_, given_up_, widened_;
  std::vector<uint32_t> stamp_;  // The scan that last changed the cell: one change a scan.
  uint32_t scan_number_ = 0;
  int covered_count_ = 0;
  bool any_free_ = false;
};

}  // namespace vacuum
