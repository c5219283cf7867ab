#pragma once

#include <vector>

#include "robots/vacuum/firmware/navigation/geometry.h"

namespace vacuum {

/// Distances from the cells of a box to the nearest of some discs, one disc a cell at most. Two
/// sweeps that hand the nearest source from cell to cell: exact but for rare ties, linear in the
/// number of cells.
class DistanceTransform {
 public:
  DistanceTransform(int width, int height)
      : width_(width), height_(height), source_(size_t(width) * height, -1) {}

  /// Adds a source in cell (x, y): a disc at a point, in units of cells with cell (0, 0) centred at
  /// (0, 0).
  void AddSource(int x, int y, Point2 at, double radius = 0) {
    source_[static_cast<size_t>(y) * width_ + x] = static_cast<int>(discs_.size());
    discs_.push_back(
        {static_cast<float>(at.x), static_cast<float>(at.y), static_cast<float>(radius)});
  }
  /// Distances in cells, row by row; 1e6 where there is no source at all.
  std::vector<float> Run();

 private:
  struct Disc {
    float x, y, radius;
  };

  void Offer(int x, int y, int from_x, int from_y);
  float DistanceTo(const Disc& disc, int x, int y) const;

  int width_, height_;
  std::vector<int> source_;
  std::vector<Disc> discs_;
  std::vector<float> distance_;
};

}  // namespace vacuum
