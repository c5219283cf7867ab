#include "hil/hal/dp_hal.h"
static void firmware_main(void) {}
const dp_firmware_t dp_firmware = {DP_HAL_VERSION + 1, "other_version", "1.0", firmware_main};
