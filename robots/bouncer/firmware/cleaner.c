/* The body: bounces about at random with the brushes on, and finds home by the dock's beacon alone. */
#include <math.h>
#include <stdlib.h>

#include "robots/bouncer/firmware/bouncer.h"

enum { kCleaningS = 240, kSearchS = 600 };

static enum order next_order = ORDER_NONE;
static const char* state = "docked";

void cleaner_order(enum order order) { next_order = order; }
const char* cleaner_state(void) { return state; }

static void enter(const char* word) {
  state = word;
  if (hal.diagnostics != NULL) hal.diagnostics->state(word);
}

static double random_unit(void) {
  uint32_t bits = 0;
  hal.random->fill(&bits, sizeof bits);
  return bits / 4294967296.0;
}

/* Drives for a while; false where an order came, a bumper or a cliff sensor answered. */
static bool drive(float left, float right, int milliseconds) {
  for (; milliseconds > 0; milliseconds -= 50) {
    dp_hazard_sample hazard = {0};
    hal.hazard->latest(&hazard);
    if (next_order != ORDER_NONE) return false;
    const bool forward = left + right > 0;
    if (forward && (hazard.bumper_left || hazard.bumper_right || hazard.cliff)) return false;
    hal.drive->set_velocity(left, right);
    hal.clock->sleep_us(50000);
  }
  return true;
}

static void brushes(float duty) {
  hal.cleaning->set_main_brush(duty);
  hal.cleaning->set_side_brush(duty);
  hal.cleaning->set_fan(duty);
}

/* Away from whatever it met, by an angle that nobody foresees. */
static void bounce(void) {
  dp_hazard_sample met = {0};
  hal.hazard->latest(&met);
  drive(-0.15f, -0.15f, met.cliff ? 1000 : 500);
  const float side = met.bumper_left && !met.bumper_right ? 1.0f : -1.0f;
  drive(0.15f * side, -0.15f * side, 500 + (int)(1400 * random_unit()));
}

static dp_dock_sample dock_sample(void) {
  dp_dock_sample sample = {0};
  hal.dock->latest(&sample);
  return sample;
}

static void leave_dock(void) {
  if (!dock_sample().contact) return;
  drive(-0.2f, -0.2f, 2500);
  drive(0.15f, -0.15f, 1500 + (int)(1000 * random_unit()));
}

static void clean(void) {
  enter("cleaning");
  brushes(0.8f);
  leave_dock();
  const uint64_t until_us = hal.clock->now_us() + kCleaningS * SECOND_US;
  while (next_order == ORDER_NONE && hal.clock->now_us() < until_us) {
    if (!drive(0.25f, 0.25f, 1000)) bounce();
  }
  hal.drive->set_velocity(0, 0);
  brushes(0);
  if (next_order == ORDER_NONE && hal.diagnostics != NULL)
    hal.diagnostics->state("cleaning_finished");
}

/* Towards the beacon while it is in sight; keeps to the middle of its two halves. True on contact. */
static bool follow_beacon(void) {
  int unseen = 0;
  for (int step = 0; step < 800 && unseen < 20; ++step) {
    const dp_dock_sample sample = dock_sample();
    if (sample.contact) return true;
    if (next_order != ORDER_NONE) return false;
    unseen = sample.beacon_seen ? 0 : unseen + 1;
    /* The left half, as seen from the dock, is on the robot's right: steer out of it. */
    float aim = sample.beacon_seen ? sample.bearing_rad : 0;
    if (sample.beacon_left != sample.beacon_right) aim += sample.beacon_left ? 0.25f : -0.25f;
    const float turn = fmaxf(-0.08f, fminf(0.08f, 0.12f * aim));
    const float ahead = fabsf(aim) > 0.6f ? 0 : 0.08f;
    hal.drive->set_velocity(ahead - turn, ahead + turn);
    hal.clock->sleep_us(50000);
    dp_hazard_sample hazard = {0};
    hal.hazard->latest(&hazard);
    /* It pushes against the dock for a moment; elsewhere it is stuck. */
    if ((hazard.bumper_left || hazard.bumper_right) && step > 20) {
      hal.clock->sleep_us(600000);
      if (dock_sample().contact) return true;
      break;
    }
  }
  drive(-0.15f, -0.15f, 1500);
  return false;
}

static bool go_home(void) {
  enter("returning");
  const uint64_t until_us = hal.clock->now_us() + kSearchS * SECOND_US;
  while (next_order == ORDER_NONE && hal.clock->now_us() < until_us) {
    if (dock_sample().contact) return true;
    if (dock_sample().beacon_seen && follow_beacon()) return true;
    if (!drive(0.25f, 0.25f, 500)) bounce();
  }
  return dock_sample().contact;
}

static void stand_still(const char* word) {
  hal.drive->set_velocity(0, 0);
  enter(word);
}

/* Right after power-on the contacts have not been looked at yet. */
static bool boots_in_dock(void) {
  dp_dock_sample sample = {0};
  for (int i = 0; i < 20 && hal.dock->latest(&sample) != DP_OK; ++i) hal.clock->sleep_us(25000);
  return sample.contact;
}

void cleaner_task(void* unused) {
  (void)unused;
  /* Out of its dock it has lost its power on the way, or somebody carried it: it goes home. */
  stand_still(boots_in_dock() || go_home() ? "docked" : "stuck");
  for (;;) {
    dp_button_event press;
    if (hal.buttons->read(&press, SECOND_US / 4) == DP_OK)
      next_order = press.button == DP_BUTTON_HOME ? ORDER_DOCK : ORDER_CLEAN;
    const enum order order = next_order;
    next_order = ORDER_NONE;
    if (order == ORDER_STOP) stand_still("idle");
    if (order == ORDER_CLEAN) clean();
    if ((order == ORDER_CLEAN || order == ORDER_DOCK) && next_order == ORDER_NONE)
      stand_still(go_home() ? "docked" : "stuck");
  }
}
