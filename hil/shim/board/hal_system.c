/* Clock, tasks, log, chance, identity, power: hil/hal/dp_system.h and dp_power.h. */
#include <stdlib.h>
#include <string.h>

#include "hil/shim/board/hal.h"

static uint64_t now_us(void) { return (board_now_ns() - board.welcome.booted_ns) / 1000; }

static void sleep_until_us(uint64_t until_us) {
  if (!may_call()) return;
  if (board.real_time) {
    board_sleep_until_ns(until_us > INT64_MAX / 1000 ? INT64_MAX : until_us * 1000 + board.welcome.booted_ns);
    return;
  }
  board_ask(&(board_call){.function = dustproof_wire_Function_SLEEP_UNTIL, BOARD_INTEGERS(until_us)});
}

static void sleep_us(uint64_t duration_us) {
  const uint64_t now = now_us();
  sleep_until_us(duration_us > UINT64_MAX - now ? UINT64_MAX : now + duration_us);
}

static const dp_clock_v1 clock_v1 = {now_us, sleep_until_us, sleep_us};

static int64_t utc_us(void) {
  return (board.welcome.start_unix_ns + (int64_t)board_now_ns()) / 1000;
}

static const dp_rtc_v1 rtc_v1 = {utc_us};

static int32_t task_create(const char* name, void (*entry)(void*), void* argument, size_t stack_bytes) {
  if (!may_call()) return DP_ERR_STATE;
  if (name == NULL || strlen(name) > 31 || entry == NULL || stack_bytes < 16384 || stack_bytes > 8388608)
    return DP_ERR_INVALID;
  board_task* task = board_task_new(name);
  if (task == NULL) return DP_ERR_FULL;
  task->entry = entry;
  task->argument = argument;
  const dustproof_wire_Result* result =
      board_ask(&(board_call){.function = dustproof_wire_Function_TASK_CREATE,
                              BOARD_INTEGERS(task->number, stack_bytes),
                              .text = name});
  const int32_t handle = (int32_t)result->value;
  if (handle <= 0) {
    board_task_free(task);
    return handle;
  }
  if (!board_start_thread(task, stack_bytes)) board_fault("abort", "no thread for a task");
  return handle;
}

static void task_yield(void) {
  if (may_call()) board_ask(&(board_call){.function = dustproof_wire_Function_TASK_YIELD});
}

static const char* current_name(void) { return may_call() ? board_self()->name : ""; }

/* The sizes of messages: the wire carries as many bytes as a mailbox's have. */
static struct {
  dp_handle handle;
  size_t message_bytes;
} mailboxes[256];
static size_t mailbox_count;

static size_t message_bytes_of(dp_handle mailbox) {
  for (size_t i = 0; i < mailbox_count; ++i)
    if (mailboxes[i].handle == mailbox) return mailboxes[i].message_bytes;
  return 0;
}

static int32_t mailbox_create(size_t message_bytes, size_t capacity) {
  if (!may_call()) return DP_ERR_STATE;
  const int32_t handle = (int32_t)board_ask(&(board_call){.function = dustproof_wire_Function_MAILBOX_CREATE,
                                                          BOARD_INTEGERS(message_bytes, capacity)})
                             ->value;
  if (handle > 0 && mailbox_count < 256) {
    mailboxes[mailbox_count].handle = (dp_handle)handle;
    mailboxes[mailbox_count++].message_bytes = message_bytes;
  }
  return handle;
}

static dp_status mailbox_send(dp_handle mailbox, const void* message, uint64_t timeout_us) {
  if (!may_call()) return DP_ERR_STATE;
  if (message == NULL) return DP_ERR_INVALID;
  return (dp_status)board_ask(&(board_call){.function = dustproof_wire_Function_MAILBOX_SEND,
                                            BOARD_INTEGERS(mailbox, timeout_us),
                                            .data = message,
                                            .bytes = message_bytes_of(mailbox)})
      ->value;
}

static dp_status mailbox_receive(dp_handle mailbox, void* message, uint64_t timeout_us) {
  if (!may_call()) return DP_ERR_STATE;
  if (message == NULL) return DP_ERR_INVALID;
  const size_t bytes = message_bytes_of(mailbox);
  const dustproof_wire_Result* result = board_ask(&(board_call){
      .function = dustproof_wire_Function_MAILBOX_RECEIVE, BOARD_INTEGERS(mailbox, timeout_us, bytes)});
  copy_data(result, message, bytes);
  return (dp_status)result->value;
}

static const dp_task_v1 task_v1 = {task_create,    task_yield,   current_name,
                                   mailbox_create, mailbox_send, mailbox_receive};

static void log_write(dp_log_level level, const char* text) {
  if (!may_call() || text == NULL) return;
  char line[1024];
  strncpy(line, text, sizeof line - 1);
  line[sizeof line - 1] = '\0';
  board_tell(&(board_call){
      .function = dustproof_wire_Function_LOG_WRITE, BOARD_INTEGERS((uint64_t)(int64_t)level), .text = line});
}

static const dp_log_v1 log_v1 = {log_write};

static void random_fill(void* out, size_t bytes) {
  if (!may_call() || out == NULL) return;
  for (uint8_t* to = out; bytes > 0;) {
    const size_t part = bytes < 32768 ? bytes : 32768; /* nanopb counts bytes in 16 bits. */
    copy_data(board_ask(&(board_call){.function = dustproof_wire_Function_RANDOM_FILL, BOARD_INTEGERS(part)}), to,
              part);
    to += part;
    bytes -= part;
  }
}

static const dp_random_v1 random_v1 = {random_fill};

#define IDENTITY_TEXT(name)                                               \
  static const char* name(void) {                                         \
    const char* text = board.welcome.identity.name;                       \
    return text == NULL ? "" : text;                                      \
  }
IDENTITY_TEXT(robot_id)
IDENTITY_TEXT(model)
IDENTITY_TEXT(trust_anchor_pem)
IDENTITY_TEXT(device_cert_pem)
IDENTITY_TEXT(device_key_pem)
IDENTITY_TEXT(setup_passphrase)

static const uint8_t* mac(void) {
  static const uint8_t none[6];
  const pb_bytes_array_t* bytes = board.welcome.identity.mac;
  return bytes == NULL || bytes->size != 6 ? none : bytes->bytes;
}

static const dp_identity_v1 identity_v1 = {robot_id,        model,          mac,
                                           trust_anchor_pem, device_cert_pem, device_key_pem,
                                           setup_passphrase};

static void reboot(void) {
  if (may_call()) board_ask(&(board_call){.function = dustproof_wire_Function_REBOOT});
}

static dp_reset_cause reset_cause(void) { return (dp_reset_cause)board.welcome.reset_cause; }

static const dp_system_v1 system_v1 = {reboot, reset_cause};

static void diagnostics_pose(double x_m, double y_m, double yaw_rad) {
  if (may_call())
    board_tell(&(board_call){.function = dustproof_wire_Function_DIAGNOSTICS_POSE, BOARD_REALS(x_m, y_m, yaw_rad)});
}

static void diagnostics_map(int32_t width, int32_t height, double resolution_m, double origin_x_m,
                            double origin_y_m, const int8_t* cells) {
  if (!may_call()) return;
  const bool whole = cells != NULL && width > 0 && height > 0 && (uint64_t)width * (uint64_t)height < (1u << 24);
  board_tell(&(board_call){.function = dustproof_wire_Function_DIAGNOSTICS_MAP,
                           BOARD_INTEGERS((uint64_t)(int64_t)width, (uint64_t)(int64_t)height),
                           BOARD_REALS(resolution_m, origin_x_m, origin_y_m),
                           .data = whole ? cells : NULL,
                           .bytes = whole ? (size_t)width * (size_t)height : 0});
}

static void diagnostics_word(dustproof_wire_Function function, const char* word) {
  if (may_call() && word != NULL) board_tell(&(board_call){.function = function, .text = word});
}

static void diagnostics_state(const char* word) {
  diagnostics_word(dustproof_wire_Function_DIAGNOSTICS_STATE, word);
}

static void diagnostics_data_ready(const char* category) {
  diagnostics_word(dustproof_wire_Function_DIAGNOSTICS_DATA_READY, category);
}

static const dp_diagnostics_v1 diagnostics_v1 = {diagnostics_pose, diagnostics_map, diagnostics_state,
                                                 diagnostics_data_ready};

static dp_status battery_latest(dp_battery_sample* out) {
  if (!may_call()) return DP_ERR_STATE;
  if (out == NULL) return DP_ERR_INVALID;
  board_lock();
  const bool known = board.has_battery;
  if (known) *out = board.battery;
  board_unlock();
  return known ? DP_OK : DP_ERR_STATE;
}

static void power_off(void) {
  if (may_call()) board_ask(&(board_call){.function = dustproof_wire_Function_POWER_OFF});
}

static const dp_battery_v1 battery_v1 = {battery_latest, power_off};

const board_interface board_system_interfaces[] = {
    {DP_CLOCK, &clock_v1},       {DP_RTC, &rtc_v1},       {DP_TASK, &task_v1},
    {DP_LOG, &log_v1},           {DP_RANDOM, &random_v1}, {DP_IDENTITY, &identity_v1},
    {DP_SYSTEM, &system_v1},     {DP_DIAGNOSTICS, &diagnostics_v1},
    {DP_BATTERY, &battery_v1},   {NULL, NULL}};
