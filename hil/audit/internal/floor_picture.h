#pragma once

#include <cstdint>
#include <map>
#include <tuple>
#include <vector>

#include "hil/audit/internal/bit_grid.h"
#include "sim/core/frames.h"

namespace dustproof::internal {

/// A picture laid on squares of a raster.
struct PictureLayers {
  BitGrid floor, known;
  BitGrid rim;        ///< Floor that touches something known to be no floor.
  BitGrid rim_grown;  ///< The rim a cell wider, within `inner`.
  BitGrid inner;      ///< What is known, but for its edge: a cut edge is no wall.
  size_t floor_count = 0, rim_count = 0;
  int x_min = 1 << 20, y_min = 1 << 20, x_max = -1, y_max = -1;  ///< Of the floor.
};

/// A picture that may show the floor of a home, or a piece of it: which of its cells are floor, and
/// of which it says anything at all.
///
/// Its own size is all that is known: how many metres a cell has, how it is turned and whether it
/// is mirrored must be tried. Layers are kept, since many homes are held against the same.
class FloorPicture {
 public:
  /// Row by row, 0 or 1 a cell. @pre both have width * height cells
  FloorPicture(int width, int height, const std::vector<uint8_t>& floor,
               const std::vector<uint8_t>& known);

  double floor_count() const;
  /// Sides of the rectangle around the floor but for one in a hundred cells at each of its sides,
  /// in cells, the longer first, once walls lie along the sides.
  double long_side() const;
  double short_side() const;

  /// One step of the lattice that scales and turns are tried on.
  static constexpr double kStep = 0.0075;
  static double ScaleAt(int scale_step);
  static int StepNear(double scale_m);

  /// At ScaleAt(scale_step) metres a cell, turned by `turn_step` steps out of its main direction,
  /// laid on squares of `square_m`.
  const PictureLayers& Layers(int scale_step, int turn_step, double square_m) const;
  /// The same at any scale and turn, and not kept.
  PictureLayers MakeLayers(double scale_m, double turn_rad, double square_m) const;

 private:
  struct Sums {
    int width = 0, height = 0;
    std::vector<uint32_t> floor, known;  ///< Of all cells to the left and below; one row and
                                         ///< column more than the picture.
    struct Box {
      int x0, y0, x1, y1;  ///< Cells [x0, x1) × [y0, y1), all within the picture.
    };
    uint32_t Of(const std::vector<uint32_t>& sums, const Box& box) const;
  };
  void Straighten(const std::vector<uint8_t>& floor, const std::vector<uint8_t>& known, int width,
                  int height);
  void Measure(const std::vector<uint8_t>& floor, int width, int height);

  int cell_ = 1;  ///< Side of a kept cell in the picture's own: large pictures are reduced.
  Sums sums_;
  size_t floor_count_ = 0;  ///< In kept cells, as are the sides.
  double long_side_ = 0, short_side_ = 0;
  mutable std::map<std::tuple<int, int, double>, PictureLayers> layers_;
};

/// Direction of most of the edges between 0 and 1 in a picture, in [0, π/2).
double MainDirection(int width, int height, const std::vector<uint8_t>& cells);

}  // namespace dustproof::internal
