/* Two tasks that share a number without a lock, as the HAL lets them: none is interrupted between calls that wait. */
#include <stdlib.h>

#include "hil/hal/dp_hal.h"

enum { kRounds = 300, kWork = 200000 };

static const dp_clock_v1* hal_clock;
static const dp_task_v1* hal_task;
static volatile long shared;
static volatile int ended;

static void count(void* unused) {
  (void)unused;
  for (int i = 0; i < kRounds; ++i) {
    const long before = shared;
    for (volatile int k = 0; k < kWork; ++k) {
    }
    shared = before + 1;
    if (i % 3 == 0) hal_clock->sleep_us(100);
    if (i % 7 == 0) hal_task->yield();
  }
  ++ended;
}

static void firmware_main(void) {
  hal_clock = dp_hal_query(DP_CLOCK, 1);
  hal_task = dp_hal_query(DP_TASK, 1);
  const dp_log_v1* log = dp_hal_query(DP_LOG, 1);
  log->write(DP_LOG_INFO, "Latin-1, as some firmware writes it: caf\xe9");
  hal_task->create("first", count, NULL, 65536);
  hal_task->create("second", count, NULL, 65536);
  while (ended < 2) hal_clock->sleep_us(1000);
  if (shared != 2 * kRounds) abort();
}

const dp_firmware_t dp_firmware = {DP_HAL_VERSION, "one_at_a_time", "1", firmware_main};
