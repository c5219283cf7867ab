#include "hil/hal/dp_hal.h"

static const dp_clock_v1* hal_clock;
static const dp_drive_v1* drive;
static const dp_hazard_v1* hazard;

/* Holds a wheel speed; a command is good for 200 ms, so it is repeated. */
static void hold(float left, float right, int milliseconds) {
  for (; milliseconds > 0; milliseconds -= 50) {
    drive->set_velocity(left, right);
    hal_clock->sleep_us(50000);
  }
}

static void run(void) {
  hal_clock = dp_hal_query(DP_CLOCK, 1);
  drive = dp_hal_query(DP_DRIVE, 1);
  hazard = dp_hal_query(DP_HAZARD, 1);
  hold(-0.2f, -0.2f, 2000); /* Off the dock, backwards. */
  hold(0.15f, -0.15f, 2400);
  for (;;) {
    dp_hazard_sample now = {0};
    hazard->latest(&now);
    if (now.bumper_left || now.bumper_right || now.cliff) {
      hold(-0.15f, -0.15f, 600);
      hold(0.15f, -0.15f, now.bumper_left ? 700 : 1100);
    }
    hold(0.25f, 0.25f, 50);
  }
}

const dp_firmware_t dp_firmware = {DP_HAL_VERSION, "thirty_lines", "1.0.0", run};
