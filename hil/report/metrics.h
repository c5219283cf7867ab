#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hil/capture/messages.h"
#include "sim/plan/floor_plan.h"
#include "sim/plan/raster.h"

/// How a run went, reckoned from its recording and the true home: nothing is judged here.
namespace dustproof {

/// A way through the plane: same length each. Frame as the samples' that it was made of.
struct Track {
  std::vector<double> time_s, x_m, y_m, yaw_rad;
  size_t size() const { return time_s.size(); }
};

/// When each cell of the reachable floor was first under the robot.
struct CoverageGrid {
  static constexpr uint16_t kNever = 0xFFFF;
  static constexpr uint16_t kUnreachable = 0xFFFE;
  Grid floor;                     ///< 1 where the robot could clean.
  std::vector<uint16_t> first_s;  ///< Whole seconds, `kNever` or `kUnreachable`.
};

struct RunMetrics {
  double coverage = 0;  ///< Share of the reachable floor that was under the robot's disc, 0–1.
  double time_to_90_s = 0;  ///< When coverage passed 0.9; 0 where it never did.
  double reachable_m2 = 0;
  double revisit_ratio = 0;  ///< Visits (at least 10 s apart) of a cleaned cell, on average.
  int rooms_entered = 0, rooms_reachable = 0;
  double ate_m = -1;  ///< Absolute trajectory error: RMSE of position after the best rigid
                      ///< alignment; -1 unknown.
  double free_space_iou =
      -1;  ///< Of the believed map against the true floor, 0–1; -1 without a map.
  double distance_m = 0;
  double moving_s = 0;   ///< From the first move to the last.
  double energy_wh = 0;  ///< Out of the battery.
  double charge_min_pct = -1;
  int bumps = 0;
};

/// Everything drawn or printed of a run, gathered in one pass over its recording.
struct RunSeries {
  Track truth;   ///< Frame W.
  Track belief;  ///< In W too: the believed poses under `X_WM`.
  Pose2 X_WM;    ///< Best rigid alignment of the believed way to the true one.
  bool has_map = false;
  MapSample map;  ///< The last one, in M.
  CoverageGrid coverage;
  std::vector<BatterySample> battery;
};

/// Reckons metrics and fills `series->coverage`, `X_WM` and `belief`; `series` holds the tracks as
/// recorded (belief in M).
RunMetrics Measure(const FloorPlan& plan, double robot_radius_m, double robot_height_m,
                   RunSeries* series, int bumps);

}  // namespace dustproof
