/* The Dustproof HAL: everything that firmware sees of the world. Include this, get interfaces with
 * dp_hal_query. */
#ifndef DP_HAL_H
#define DP_HAL_H

#include "hil/hal/dp_actuators.h"
#include "hil/hal/dp_flash.h"
#include "hil/hal/dp_network.h"
#include "hil/hal/dp_power.h"
#include "hil/hal/dp_sensors.h"
#include "hil/hal/dp_system.h"
#include "hil/hal/dp_types.h"

#endif
