/* Firmware of dustproof-bench: makes one kind of HAL call over and over, a hundred thousand times
 * an instant. The robot's model says which. */
#include <string.h>

#include "hil/hal/dp_hal.h"

enum { kCallsAnInstant = 100000 };

static const dp_clock_v1* hal_clock;
static const dp_task_v1* hal_task;
static const dp_drive_v1* hal_drive;

static void ask_the_clock(void) {
  for (int i = 0; i < kCallsAnInstant; ++i) (void)hal_clock->now_us();
}

static void drive(void) {
  for (int i = 0; i < kCallsAnInstant; ++i) hal_drive->set_velocity(0.1f, 0.1f);
}

/* Half of the hand-overs; the other task makes the rest. */
static void yield(void) {
  for (int i = 0; i < kCallsAnInstant / 2; ++i) hal_task->yield();
}

static void for_ever(void* once) {
  void (*work)(void);
  memcpy(&work, &once, sizeof work);
  for (;;) {
    hal_clock->sleep_us(1);
    work();
  }
}

static void start(void (*work)(void)) {
  void* argument;
  memcpy(&argument, &work, sizeof argument);
  hal_task->create("bench", for_ever, argument, 65536);
}

static void firmware_main(void) {
  hal_clock = dp_hal_query(DP_CLOCK, 1);
  hal_task = dp_hal_query(DP_TASK, 1);
  hal_drive = dp_hal_query(DP_DRIVE, 1);
  const char* model = ((const dp_identity_v1*)dp_hal_query(DP_IDENTITY, 1))->model();
  if (strcmp(model, "clock") == 0) start(ask_the_clock);
  if (strcmp(model, "drive") == 0) start(drive);
  if (strcmp(model, "yield") == 0) start(yield), start(yield);
}

const dp_firmware_t dp_firmware = {DP_HAL_VERSION, "bench", "1.0", firmware_main};
