#pragma once

#include <vector>

#include "robots/vacuum/firmware/navigation/geometry.h"

namespace vacuum {

/// Distances from the cells of a box to the nearest of some points, one point a source cell at most. Two sweeps that hand the
/// nearest source from cell to cell: exact but for rare ties, linear in the number of cells.
class DistanceTransform {
 public:
  DistanceTransform(int width, int height) : width_(width), height_(height), source_(size_t(width) * height, -1) {}

  /// Adds a source in cell (x, y) at a point, in units of cells with cell (0, 0) centred at (0, 0).
  void AddSource(int x, int y, Point2 at) {
    source_[static_cast<size_t>(y) * width_ + x] = static_cast<int>(points_.size());
    points_.push_back(at);
  }
  /// Distances in cells, row by row; 1e6 where there is no source at all.
  std::vector<float> Run();

 private:
  void Offer(int x, int y, int from_x, int from_y);

  int width_, height_;
  std::vector<int> source_;
  std::vector<Point2> points_;
  std::vector<float> squared_;
};

}  // namespace vacuum
