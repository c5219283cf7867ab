/* Firmware of dustproof-bench, as a program: a control loop at the rate of the odometry, 100 Hz. */
#include "hil/hal/dp_hal.h"

static void firmware_main(void) {
  const dp_odometry_v1* odometry = dp_hal_query(DP_ODOMETRY, 1);
  const dp_drive_v1* drive = dp_hal_query(DP_DRIVE, 1);
  dp_odometry_sample sample;
  for (;;) {
    if (odometry->read(&sample, DP_FOREVER) == DP_OK) drive->set_velocity(0.05f, -0.05f);
  }
}

const dp_firmware_t dp_firmware = {DP_HAL_VERSION, "control", "1.0", firmware_main};
