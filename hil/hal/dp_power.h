/* Battery and power. */
#ifndef DP_POWER_H
#define DP_POWER_H

#include "hil/hal/dp_types.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct dp_battery_sample {
  uint64_t time_us;
  float voltage_v;
  float current_a;  /**< Positive while charging. */
  float charge_pct; /**< The fuel gauge's estimate, 0–100. */
  float temperature_c;
  bool charging;
} dp_battery_sample;

typedef struct dp_battery_v1 {
  /** The newest sample (1 Hz), without waiting. */
  dp_status (*latest)(dp_battery_sample* out);
  /** Switches the robot off; it stays off until its power button or the dock wakes it. Does not
   * return. */
  void (*power_off)(void);
} dp_battery_v1;

#ifdef __cplusplus
}
#endif
#endif
