#include "hil/hal/dp_hal.h"
void forgotten_library_call(void);
static void firmware_main(void) { forgotten_library_call(); }
const dp_firmware_t dp_firmware = {DP_HAL_VERSION, "unresolved", "1.0", firmware_main};
