#include "robots/vacuum/mcu/wheel.h"

#include <string.h>

/* Tuned on the simulated drivetrain: settles in a third of a second, without overshoot above a tenth. */
static const float kProportional = 1.2f; /* Duty per m/s. */
static const float kIntegral = 6.0f;     /* Duty per m. */
static const float kIntegralMax = 0.5f;

static float clamp(float value, float limit) { return value > limit ? limit : value < -limit ? -limit : value; }

void wheel_init(wheel* wheel, float ticks_per_m, float full_speed_m_s) {
  memset(wheel, 0, sizeof *wheel);
  wheel->m_per_tick = 1 / ticks_per_m;
  wheel->full_speed_m_s = full_speed_m_s;
}

void wheel_measure(wheel* wheel, uint16_t ticks, float period_s) {
  memmove(wheel->ticks + 1, wheel->ticks, WHEEL_WINDOW * sizeof wheel->ticks[0]);
  wheel->ticks[0] = ticks;
  if (wheel->measured <= WHEEL_WINDOW) ++wheel->measured;
  const unsigned periods = wheel->measured - 1;
  if (periods == 0) return;
  const int16_t moved = (int16_t)(ticks - wheel->ticks[periods]); /* Counters of 16 bits: they wrap. */
  wheel->speed_m_s = (float)moved * wheel->m_per_tick / ((float)periods * period_s);
}

float wheel_control(wheel* wheel, float target_m_s, float period_s) {
  if (target_m_s * wheel->target_m_s <= 0) wheel->integral = 0;
  wheel->target_m_s = target_m_s;
  if (target_m_s == 0) return 0;
  const float error = target_m_s - wheel->speed_m_s;
  wheel->integral = clamp(wheel->integral + kIntegral * error * period_s, kIntegralMax);
  return clamp(target_m_s / wheel->full_speed_m_s + kProportional * error + wheel->integral, 1);
}
