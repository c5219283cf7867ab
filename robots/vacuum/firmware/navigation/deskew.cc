#include "robots/vacuum/firmware/navigation/deskew.h"

#include <algorithm>

namespace vacuum {

namespace {

// Farther returns are few and their noise grows. A beam without a return may be glass or black
// leather: it says nothing.
constexpr double kRangeUsedMax_m = 8.0;

}  // namespace

Scan Deskew(const dp_lidar_turn& turn, const dp_lidar_info& info, const OdometryFusion& odometry) {
  Scan scan;
  scan.time_us = turn.start_us + turn.period_us;
  const Pose2 X_RL{info.x_m, info.y_m, info.yaw_rad};
  const Pose2 X_RefO = odometry.X_OR_at(scan.time_us).Inverse();
  const size_t count = std::min<size_t>(turn.beam_count, DP_LIDAR_BEAMS_MAX);
  scan.hits_R.reserve(count);
  scan.origins_R.reserve(count);
  // The pose is looked up every few beams (2 ms) and kept between: under a millimetre at full
  // speed.
  Pose2 X_RefL;
  uint64_t looked_up_us = 0;
  for (size_t i = 0; i < count; ++i) {
    const uint64_t time_us = turn.start_us + turn.offset_us[i];
    if (i == 0 || time_us - looked_up_us > 2000) {
      X_RefL = X_RefO * odometry.X_OR_at(time_us) * X_RL;
      looked_up_us = time_us;
    }
    const double range_m = turn.range_mm[i] * 1e-3;
    if (range_m < info.range_m_min || range_m > std::min<double>(info.range_m_max, kRangeUsedMax_m))
      continue;
    const double angle = turn.angle_rad[i];
    scan.hits_R.push_back(X_RefL * Point2{range_m * std::cos(angle), range_m * std::sin(angle)});
    scan.origins_R.push_back(X_RefL.position());
  }
  return scan;
}

}  // namespace vacuum
