/* Types shared by every interface of the Dustproof HAL. C11 and C++17, no dependencies.
 *
 * Every call returns a dp_status or a count: zero or more is success, below zero is a dp_status
 * that says what went wrong. Time-outs are in microseconds: 0 polls, DP_FOREVER waits. Calls
 * documented as "blocking" hand over to other tasks while they wait; no other call does. A call may
 * be made from any task unless it says otherwise; none may be made from a signal handler or before
 * dp_firmware.main runs (there they answer DP_ERR_STATE or nothing). Pointers are borrowed for the
 * call unless it says otherwise.
 */
#ifndef DP_TYPES_H
#define DP_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Version of the HAL as a whole; firmware states the one it was compiled against in dp_firmware.
 */
#define DP_HAL_VERSION 1u

/** Waits without end. */
#define DP_FOREVER UINT64_MAX

/** Results of HAL calls. */
typedef enum dp_status {
  DP_OK = 0,
  DP_ERR_INVALID = -1,     /**< An argument is out of its range; nothing happened. */
  DP_ERR_TIMEOUT = -2,     /**< The time-out passed. */
  DP_ERR_CLOSED = -3,      /**< The peer closed, or the handle is closed. */
  DP_ERR_REFUSED = -4,     /**< The peer or the access point refused. */
  DP_ERR_UNREACHABLE = -5, /**< No network, no route, no such host. */
  DP_ERR_FULL = -6,        /**< A queue, table or buffer has no room. */
  DP_ERR_ABSENT = -7,      /**< This robot lacks the part. */
  DP_ERR_IO = -8,          /**< The device failed: flash worn, sensor broken. */
  DP_ERR_STATE = -9        /**< Not allowed now, e.g. a send before connect. */
} dp_status;

/** What firmware exports, under the name `dp_firmware`: who it is and where it begins. */
typedef struct dp_firmware_t {
  uint32_t hal_version; /**< DP_HAL_VERSION it was compiled against. */
  const char* name;     /**< Short name, e.g. "vacuum". */
  const char* version;  /**< Its own version, e.g. "1.0.0". */
  void (*main)(
      void); /**< The first task. The firmware is over when it returns and no other task lives. */
} dp_firmware_t;

/** Names of the interfaces, for dp_hal_query. Each is a struct of function pointers in the header
 * named. */
#define DP_CLOCK "clock"             /* dp_system.h */
#define DP_TASK "task"               /* dp_system.h */
#define DP_LOG "log"                 /* dp_system.h */
#define DP_RANDOM "random"           /* dp_system.h */
#define DP_IDENTITY "identity"       /* dp_system.h */
#define DP_SYSTEM "system"           /* dp_system.h */
#define DP_DIAGNOSTICS "diagnostics" /* dp_system.h */
#define DP_LIDAR "lidar"             /* dp_sensors.h */
#define DP_ODOMETRY "odometry"       /* dp_sensors.h */
#define DP_IMU "imu"                 /* dp_sensors.h */
#define DP_HAZARD "hazard"           /* dp_sensors.h */
#define DP_BUTTONS "buttons"         /* dp_sensors.h */
#define DP_DOCK "dock"               /* dp_sensors.h */
#define DP_DRIVE "drive"             /* dp_actuators.h */
#define DP_CLEANING "cleaning"       /* dp_actuators.h */
#define DP_INDICATORS "indicators"   /* dp_actuators.h */
#define DP_BATTERY "battery"         /* dp_power.h */
#define DP_FLASH "flash"             /* dp_flash.h */
#define DP_WIFI "wifi"               /* dp_network.h */
#define DP_SOCKET "socket"           /* dp_network.h */
#define DP_UART "uart"               /* dp_network.h */
/* Named now so that later ones break nothing; a robot that lacks the part answers NULL (absent). */
#define DP_BLE "ble"
#define DP_CAMERA "camera"
#define DP_MICROPHONE "microphone"
#define DP_FRONT_RANGE "front_range"
#define DP_WALL_IR "wall_ir"
#define DP_PUMP "pump"
#define DP_BIN "bin"
#define DP_RTC "rtc" /* dp_system.h */
#define DP_WATCHDOG "watchdog"
#define DP_BOOT_SLOTS "boot_slots"
#define DP_OTA "ota"
#define DP_FILE_STORE "file_store"

/**
 * Returns the interface `name` at `version`, valid for the life of the firmware, or NULL where this
 * robot lacks it (absent) or the HAL does not know that version. Never blocks. Every interface here
 * has version 1.
 */
const void* dp_hal_query(const char* name, uint32_t version);

#ifdef __cplusplus
}
#endif
#endif
