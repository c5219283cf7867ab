#include "robots/vacuum/firmware/navigation/hal.h"

#include "robots/vacuum/firmware/navigation/uart_drive.h"

namespace vacuum {

namespace {

template <typename Interface>
void Get(const char* name, const Interface*& out) {
  out = static_cast<const Interface*>(dp_hal_query(name, 1));
}

}  // namespace

Hal Hal::Query() {
  Hal hal;
  Get(DP_CLOCK, hal.clock);
  Get(DP_TASK, hal.task);
  Get(DP_LOG, hal.log);
  Get(DP_LIDAR, hal.lidar);
  Get(DP_ODOMETRY, hal.odometry);
  Get(DP_IMU, hal.imu);
  Get(DP_HAZARD, hal.hazard);
  Get(DP_DOCK, hal.dock);
  Get(DP_DRIVE, hal.drive);
  if (hal.drive == nullptr) hal.drive = UartDrive(static_cast<const dp_uart_v1*>(dp_hal_query(DP_UART, 1)));
  Get(DP_CLEANING, hal.cleaning);
  Get(DP_BATTERY, hal.battery);
  Get(DP_DIAGNOSTICS, hal.diagnostics);
  return hal;
}

bool Hal::complete() const {
  return clock && task && lidar && odometry && imu && hazard && dock && drive && battery;
}

void Hal::Log(dp_log_level level, const std::string& text) const {
  if (log) log->write(level, text.c_str());
}

}  // namespace vacuum
