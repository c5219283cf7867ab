/* One wheel's speed, held by a PI controller with feed-forward. Plain arithmetic: no clock, no I/O. */
#ifndef VACUUM_MCU_WHEEL_H
#define VACUUM_MCU_WHEEL_H

#include <stdbool.h>
#include <stdint.h>

#define WHEEL_WINDOW 5 /* Periods that a speed is measured over. */

typedef struct wheel {
  float m_per_tick;
  float full_speed_m_s; /* At a duty of 1, without load. */
  uint16_t ticks[WHEEL_WINDOW + 1];
  unsigned measured; /* Ticks noted so far, at most WHEEL_WINDOW + 1. */
  float integral, target_m_s;
  float speed_m_s; /* Measured. */
} wheel;

void wheel_init(wheel* wheel, float ticks_per_m, float full_speed_m_s);
/* Notes the encoder, `period_s` after the last time. */
void wheel_measure(wheel* wheel, uint16_t ticks, float period_s);
/* Duty, -1 to 1, for a speed. A target of 0 brakes; it, and one the other way, forget what the last one took. */
float wheel_control(wheel* wheel, float target_m_s, float period_s);

#endif
