#pragma once

#include <array>
#include <optional>
#include <vector>

#include "hil/audit/internal/bit_grid.h"
#include "hil/audit/internal/floor_picture.h"
#include "sim/plan/floor_plan.h"

namespace dustproof::internal {

/// How finely homes and pictures are laid on squares: coarse ones to look everywhere, then ones of
/// half that side, and half again, to look closely.
struct Squares {
  double coarse_m = 0.2;
  static constexpr int kLevels = 3;
  double side_m(int level) const { return coarse_m / (1 << level); }
};

/// A home's floor on squares, in each of the eight orientations.
class HomeRaster {
 public:
  struct Layers {
    BitGrid floor, rim, rim_grown;
    int x_min = 1 << 20, y_min = 1 << 20, x_max = -1, y_max = -1;  ///< Of the floor.
  };
  HomeRaster(const FloorPlan& plan, const Squares& squares);

  double area_m2() const;
  double long_side_m() const;
  double short_side_m() const;
  /// Made when first asked for, and kept.
  const Layers& At(int level, int orientation) const;

 private:
  struct Floor;
  static Floor FloorOf(const FloorPlan& plan, const Squares& squares);
  HomeRaster(const Floor& home, const Squares& squares);

  Squares squares_;
  double cell_m_ = 0;
  FloorPicture picture_;
  mutable std::array<std::array<std::optional<Layers>, 8>, Squares::kLevels> layers_;
};

/// Where a picture lies in a home, and how well it fits there.
struct Placement {
  double score = -1;  ///< Agreement of floors and of their rims, 0–1.
  double rim_squares =
      0;  ///< Of the home's rim that the picture shows: how much there is to agree on.
  int orientation = 0;
  int scale_step = 0, turn_step = 0;
  int dx = 0, dy = 0;  ///< Of the picture's first square in the home's.

  /// How much speaks for it: a small piece fits in many places.
  double evidence() const;
};

/// Looks for the best placement of a picture in a home, under every shift, the eight orientations
/// and scales between two steps: everywhere on the coarse squares, then closely around the best.
/// The home must be laid on the same squares.
class Registration {
 public:
  Registration(const HomeRaster& home, const FloorPicture& picture, const Squares& squares)
      : home_(home), picture_(picture), squares_(squares) {}

  /// Scale steps at which the picture's floor could be the home's, or a piece of it.
  struct ScaleRange {
    int first = 0, last = -1;
  };
  ScaleRange PlausibleScales() const;

  /// The placement that most speaks for, at scales within the range. Its score is -1 where there is
  /// none.
  Placement FindBest(ScaleRange range) const;

 private:
  class Search;
  std::vector<Placement> LookEverywhere(ScaleRange range) const;
  bool WorthRefining(const Placement& placed, int level) const;
  Placement Descend(const Placement& from, int level, ScaleRange range) const;
  Placement Climb(const Placement& from, int level, ScaleRange range) const;

  const HomeRaster& home_;
  const FloorPicture& picture_;
  const Squares squares_;
};

}  // namespace dustproof::internal
