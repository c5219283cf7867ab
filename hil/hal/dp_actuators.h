/* Wheels, cleaning motors, lights and buzzer. */
#ifndef DP_ACTUATORS_H
#define DP_ACTUATORS_H

#include "hil/hal/dp_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** The wheels. A command holds for 200 ms; without a newer one the motors stop (stale-command
 * stop). */
typedef struct dp_drive_v1 {
  /** Wheel speed under the motor controller's own loop, m/s at the contact point, forward positive;
   * clipped to the robot's maximum. */
  dp_status (*set_velocity)(float left_m_s, float right_m_s);
  /** Duty cycle straight to the bridge, -1 to 1, out of range is DP_ERR_INVALID. */
  dp_status (*set_pwm)(float left, float right);
  /** Highest wheel speed, m/s. */
  float (*velocity_m_s_max)(void);
} dp_drive_v1;

/** Cleaning motors; duty 0 (off) to 1. They stay as set. */
typedef struct dp_cleaning_v1 {
  dp_status (*set_main_brush)(float duty);
  dp_status (*set_side_brush)(float duty);
  dp_status (*set_fan)(float duty);
} dp_cleaning_v1;

typedef struct dp_indicators_v1 {
  /** Light `index` (0–3) to a colour, 0xRRGGBB; 0 is off. */
  dp_status (*set_led)(uint8_t index, uint32_t rgb);
  /** Buzzer at `frequency_hz` (0 = off) for `duration_ms`; returns at once. */
  dp_status (*beep)(uint16_t frequency_hz, uint16_t duration_ms);
} dp_indicators_v1;

#ifdef __cplusplus
}
#endif
#endif
