#pragma once

#include <vector>

#include "robots/vacuum/firmware/navigation/coverage.h"
#include "robots/vacuum/firmware/navigation/floor_view.h"

namespace vacuum {

/// One stretch of a tour: which task, and from which end it is driven.
struct TourStop {
  int task = 0;
  bool from_back = false;
};

/// What a tour is worth: a stretch that sweeps less floor for the time that it adds is left out.
struct TourOptions {
  double gain_m2_per_s_min = 0;
  double overhead_s = 0;  ///< Added to each stretch: it begins and ends at rest.
  double way_counted_s =
      0;  ///< Of the way to the first stretch no more than this speaks against it.
};

/// The cell from which to begin a stretch that ends at a point, or -1 where there is none near.
int StretchEnd(const FloorView& view, Point2 p_M);
double LengthOf(const std::vector<Point2>& path);

/// The order in which to drive stretches, the way between them being short: begun by going to the
/// nearest, bettered by turning and moving pieces of the order (2-opt, or-opt). From the robot that
/// `view` was made for, at `X_MR`; stretches that can't be reached are left out.
std::vector<TourStop> PlanTour(const FloorView& view, const Pose2& X_MR,
                               const std::vector<SweepTask>& tasks, const TourOptions& options);

}  // namespace vacuum
