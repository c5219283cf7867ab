/* Firmware of dustproof-bench, as a program: reads the same 4 KB of flash over and over; each read is a round trip. */
#include "hil/hal/dp_hal.h"

enum { kRounds = 2000 }; /* A batch, as in bench_bridge.cc. */

static void firmware_main(void) {
  static unsigned char sample[4096];
  const dp_clock_v1* hal_clock = dp_hal_query(DP_CLOCK, 1);
  const dp_flash_v1* hal_flash = dp_hal_query(DP_FLASH, 1);
  for (;;) {
    hal_clock->sleep_us(1);
    for (int i = 0; i < kRounds; ++i) hal_flash->read(0, sample, sizeof sample);
  }
}

const dp_firmware_t dp_firmware = {DP_HAL_VERSION, "bench", "1.0", firmware_main};
