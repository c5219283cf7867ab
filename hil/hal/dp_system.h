/* Clock, tasks, mailboxes, log, randomness, identity, reboot and diagnostics. */
#ifndef DP_SYSTEM_H
#define DP_SYSTEM_H

#include "hil/hal/dp_types.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Monotonic time. */
typedef struct dp_clock_v1 {
  /** Microseconds since power-on. Starts again at 0 after a reboot. */
  uint64_t (*now_us)(void);
  /** Blocking: returns at `until_us` or just after; at once where that has passed. */
  void (*sleep_until_us)(uint64_t until_us);
  /** Blocking: sleep_until_us(now_us() + duration_us). */
  void (*sleep_us)(uint64_t duration_us);
} dp_clock_v1;

/** Calendar time, where the robot has a clock that runs on without power. */
typedef struct dp_rtc_v1 {
  /** Microseconds since 1970-01-01 UTC. */
  int64_t (*utc_us)(void);
} dp_rtc_v1;

/** Handle of a task or mailbox; 0 is never one. */
typedef uint32_t dp_handle;

/**
 * Tasks run one at a time and hand over only inside blocking calls: no task is interrupted between
 * them, so data shared between tasks needs no lock. Where a robot declares how long computing takes,
 * every call of the HAL may hand over. A task that computes past the robot's CPU budget without a
 * blocking call ends the run.
 */
typedef struct dp_task_v1 {
  /** Starts `entry(argument)` as a task with its own stack. `name` (at most 31 characters) and
   * `argument` must live as long as the task. stack_bytes 16384–8388608, rounded up to pages.
   * Returns the handle or a dp_status; DP_ERR_FULL beyond 64 tasks. */
  int32_t (*create)(const char* name, void (*entry)(void* argument), void* argument,
                    size_t stack_bytes);
  /** Hands over to every other task that is ready, once. Blocking. */
  void (*yield)(void);
  /** Name of the calling task. */
  const char* (*current_name)(void);

  /** A queue of `capacity` (1–4096) messages of `message_bytes` (1–65536) each, copied in and out.
   * At most 256 mailboxes and 64 MiB in them. */
  int32_t (*mailbox_create)(size_t message_bytes, size_t capacity);
  /** Blocking while full, up to `timeout_us`. DP_OK, DP_ERR_TIMEOUT, DP_ERR_INVALID. */
  dp_status (*mailbox_send)(dp_handle mailbox, const void* message, uint64_t timeout_us);
  /** Blocking while empty, up to `timeout_us`. DP_OK, DP_ERR_TIMEOUT, DP_ERR_INVALID. */
  dp_status (*mailbox_receive)(dp_handle mailbox, void* message, uint64_t timeout_us);
} dp_task_v1;

typedef enum dp_log_level {
  DP_LOG_DEBUG = 10,
  DP_LOG_INFO = 20,
  DP_LOG_WARN = 30,
  DP_LOG_ERROR = 40
} dp_log_level;

/** The robot's log. It stays on the robot and in the recording; it is not an emission until
 * firmware sends it. */
typedef struct dp_log_v1 {
  /** Writes one line of UTF-8 (cut at 1023 bytes). */
  void (*write)(dp_log_level level, const char* text);
} dp_log_v1;

/** Hardware randomness; seed TLS from it. */
typedef struct dp_random_v1 {
  /** Fills `bytes` bytes. Always succeeds. */
  void (*fill)(void* out, size_t bytes);
} dp_random_v1;

/** What the factory wrote into the robot. All strings live as long as the firmware. */
typedef struct dp_identity_v1 {
  const char* (*robot_id)(void); /**< Serial number, unique. Personal data. */
  const char* (*model)(void);    /**< Product model, the same for all robots of it. */
  const uint8_t* (*mac)(void);   /**< 6 bytes, of the Wi-Fi interface. Personal data. */
  const char* (*trust_anchor_pem)(
      void); /**< CA certificate that cloud servers are verified against. */
  const char* (*device_cert_pem)(
      void); /**< Factory-provisioned client certificate, or "" where there is none. */
  const char* (*device_key_pem)(void); /**< Its private key, or "". */
  const char* (*setup_passphrase)(
      void); /**< WPA2 passphrase of the setup hotspot, printed on the robot's label. */
} dp_identity_v1;

typedef enum dp_reset_cause {
  DP_RESET_POWER_ON = 0,
  DP_RESET_SOFTWARE = 1,
  DP_RESET_BROWNOUT = 2,
  DP_RESET_WATCHDOG = 3
} dp_reset_cause;

typedef struct dp_system_v1 {
  /** Reboots: every task ends here, RAM is lost, flash is kept, `main` starts again. Does not
   * return. */
  void (*reboot)(void);
  dp_reset_cause (*reset_cause)(void);
} dp_system_v1;

/**
 * A debug port to the harness, as a developer's build has one: what the firmware believes, so that
 * the harness can hold it against the truth. Nothing given here leaves the robot, and firmware may
 * not depend on it: it may be absent.
 */
typedef struct dp_diagnostics_v1 {
  /** Believed pose of R in the firmware's map M: metres, radians, counter-clockwise from +x. */
  void (*pose)(double x_m, double y_m, double yaw_rad);
  /** Believed map: row 0 at the bottom (+y up), `cells[row * width + column]` 0 free … 100
   * occupied, -1 unknown; (origin_x_m, origin_y_m) is the lower-left corner in M. Call at most once
   * in 5 s. */
  void (*map)(int32_t width, int32_t height, double resolution_m, double origin_x_m,
              double origin_y_m, const int8_t* cells);
  /** A state or milestone in a word, e.g. "exploring", "cleaning", "cleaning_finished", "docked".
   */
  void (*state)(const char* word);
  /** Says that personal data of a category (a key of the policy, e.g. "home_map") came to exist on
   * the robot. */
  void (*data_ready)(const char* category);
} dp_diagnostics_v1;

#ifdef __cplusplus
}
#endif
#endif
