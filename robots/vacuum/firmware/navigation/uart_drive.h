#pragma once

#include "hil/hal/dp_hal.h"

namespace vacuum {

/// The wheels behind a motor controller: commands go to it over `uart`, as `robots/vacuum/mcu/motion.h` spells them.
const dp_drive_v1* UartDrive(const dp_uart_v1* uart);

}  // namespace vacuum
