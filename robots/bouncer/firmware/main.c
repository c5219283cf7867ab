#include <stdarg.h>
#include <stdio.h>

#include "robots/bouncer/firmware/bouncer.h"

struct hal hal;

void log_line(dp_log_level level, const char* format, ...) {
  char text[256];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  hal.log->write(level, text);
}

static void run(void) {
  hal.clock = dp_hal_query(DP_CLOCK, 1);
  hal.task = dp_hal_query(DP_TASK, 1);
  hal.log = dp_hal_query(DP_LOG, 1);
  hal.random = dp_hal_query(DP_RANDOM, 1);
  hal.identity = dp_hal_query(DP_IDENTITY, 1);
  hal.drive = dp_hal_query(DP_DRIVE, 1);
  hal.cleaning = dp_hal_query(DP_CLEANING, 1);
  hal.indicators = dp_hal_query(DP_INDICATORS, 1);
  hal.hazard = dp_hal_query(DP_HAZARD, 1);
  hal.buttons = dp_hal_query(DP_BUTTONS, 1);
  hal.dock = dp_hal_query(DP_DOCK, 1);
  hal.battery = dp_hal_query(DP_BATTERY, 1);
  hal.flash = dp_hal_query(DP_FLASH, 1);
  hal.wifi = dp_hal_query(DP_WIFI, 1);
  hal.socket = dp_hal_query(DP_SOCKET, 1);
  hal.diagnostics = dp_hal_query(DP_DIAGNOSTICS, 1);
  settings_load();
  hal.task->create("cleaner", cleaner_task, NULL, 65536);
  hal.task->create("cloud", cloud_task, NULL, 262144);
}

const dp_firmware_t dp_firmware = {DP_HAL_VERSION, "bouncer", "1.0.0", run};
