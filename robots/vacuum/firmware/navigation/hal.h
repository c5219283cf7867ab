#pragma once

#include <cstdint>
#include <string>

#include "hil/hal/dp_hal.h"

namespace vacuum {

/// The interfaces of the HAL that navigation drives by. `diagnostics` and `indicators` may be
/// absent.
struct Hal {
  const dp_clock_v1* clock = nullptr;
  const dp_task_v1* task = nullptr;
  const dp_log_v1* log = nullptr;
  const dp_lidar_v1* lidar = nullptr;
  const dp_odometry_v1* odometry = nullptr;
  const dp_imu_v1* imu = nullptr;
  const dp_hazard_v1* hazard = nullptr;
  const dp_dock_v1* dock = nullptr;
  const dp_drive_v1* drive = nullptr;
  const dp_cleaning_v1* cleaning = nullptr;
  const dp_battery_v1* battery = nullptr;
  const dp_diagnostics_v1* diagnostics = nullptr;

  /// Asks for each interface once.
  static Hal Query();
  /// True where everything that driving needs is there.
  bool complete() const;

  double now_s() const { return clock->now_us() * 1e-6; }
  void Log(dp_log_level level, const std::string& text) const;
};

}  // namespace vacuum
