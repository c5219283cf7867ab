#include <math.h>
#include <pb_decode.h>
#include <pb_encode.h>
#include <setjmp.h>
#include <stdbool.h>
#include <string.h>

#include "hil/shim/mcu/dp_mcu.h"
#include "hil/wire/call.h"
#include "hil/wire/framing.h"

enum {
  kTask = 1,             /* The only one. */
  kReceiveBytes = 2048,  /* The longest message of the run's that is taken. */
  kSendBytes = 512,      /* Calls of a turn, and what is around them. */
  kResendMs = 500,
  kOdometryKept = 8,
};

static uint8_t received[kReceiveBytes];
static uint8_t message_bytes[kSendBytes], frame[DP_FRAME_BYTES_MAX(kSendBytes)];
static size_t frame_bytes;
static uint8_t calls[kSendBytes - 64];
static size_t calls_bytes;

static dp_frame_decoder decoder;
static dustproof_wire_Message heard;
static uint64_t session, step, heard_step, now_ns;
static bool on;
static jmp_buf end; /* Of the session. */

static struct {
  dp_odometry_sample newest, unread[kOdometryKept];
  size_t count;
  dp_hazard_sample hazard;
  bool has_odometry, has_hazard, is_unread;
} sensors;

/* Samples: the last one of each list is the newest. */
static bool take_odometry(pb_istream_t* stream, const pb_field_iter_t* field, void** argument) {
  (void)field;
  dustproof_wire_OdometrySample said = dustproof_wire_OdometrySample_init_zero;
  if (!pb_decode(stream, dustproof_wire_OdometrySample_fields, &said)) return false;
  const dp_odometry_sample sample = {.time_us = said.time_us,
                                     .left_ticks = said.left_ticks,
                                     .right_ticks = said.right_ticks,
                                     .wheel_drop_left = said.wheel_drop_left,
                                     .wheel_drop_right = said.wheel_drop_right};
  if (*argument == NULL) {
    sensors.newest = sample;
    sensors.has_odometry = true;
    return true;
  }
  if (sensors.count == kOdometryKept) memmove(sensors.unread, sensors.unread + 1, --sensors.count * sizeof sample);
  sensors.unread[sensors.count++] = sample;
  return true;
}

static bool take_hazard(pb_istream_t* stream, const pb_field_iter_t* field, void** argument) {
  (void)field, (void)argument;
  dustproof_wire_HazardSample said = dustproof_wire_HazardSample_init_zero;
  if (!pb_decode(stream, dustproof_wire_HazardSample_fields, &said)) return false;
  sensors.hazard = (dp_hazard_sample){.time_us = said.time_us,
                                      .bumper_left = said.bumper_left,
                                      .bumper_right = said.bumper_right,
                                      .cliff = (uint8_t)said.cliff,
                                      .over_current_left = said.over_current_left,
                                      .over_current_right = said.over_current_right};
  sensors.has_hazard = true;
  return true;
}

static bool decode(size_t bytes, bool with_samples) {
  heard = (dustproof_wire_Message)dustproof_wire_Message_init_zero;
  if (with_samples) {
    heard.grant.latest.odometry.funcs.decode = take_odometry;
    heard.grant.unread.odometry.funcs.decode = take_odometry;
    heard.grant.unread.odometry.arg = &sensors;
    heard.grant.latest.hazard.funcs.decode = take_hazard;
  }
  pb_istream_t from = pb_istream_from_buffer(received, bytes);
  return pb_decode(&from, dustproof_wire_Message_fields, &heard);
}

static void send_frame(void) {
  for (size_t i = 0; i < frame_bytes; ++i) dp_port_write(frame[i]);
}

/* The run's next word of this session; what we said last is said again until it comes. A damaged frame is no word. */
static void receive(void) {
  for (uint32_t begin = dp_port_ms();;) {
    const int byte = dp_port_read();
    if (byte < 0) {
      if (dp_port_ms() - begin < kResendMs) continue;
      send_frame();
      begin = dp_port_ms();
      continue;
    }
    const size_t bytes = dp_frame_decode(&decoder, (uint8_t)byte);
    if (bytes == 0) continue;
    begin = dp_port_ms();
    if (!decode(bytes, false) || heard.version != WIRE_PROTOCOL_VERSION) continue;
    if (heard.has_goodbye || heard.has_refusal) longjmp(end, 1);
    if (on && (heard.session != session || heard.step <= heard_step)) continue;
    heard_step = heard.step;
    decode(bytes, true); /* Only now: samples of a word that came twice would count twice. */
    return;
  }
}

/* Frames the message in `to`. */
static void seal(const pb_ostream_t* to) { frame_bytes = dp_frame_encode(message_bytes, to->bytes_written, frame, sizeof frame); }

static pb_ostream_t begin_message(void) {
  pb_ostream_t to = pb_ostream_from_buffer(message_bytes, sizeof message_bytes);
  wire_add_head(&to, session, step, now_ns);
  return to;
}

/* Whether there was room for it in this turn. */
static bool add_call(const wire_call* call) {
  pb_ostream_t to = pb_ostream_from_buffer(calls + calls_bytes, sizeof calls - calls_bytes);
  if (!wire_add_call(&to, kTask, call)) return false;
  calls_bytes += to.bytes_written;
  return true;
}

static dp_status ask(const wire_call* call);

static void yield(void) { ask(&(wire_call){.function = dustproof_wire_Function_TASK_YIELD}); }

/* Goes with the next call that waits. */
static dp_status tell(const wire_call* call) {
  if (add_call(call)) return DP_OK;
  yield();
  return add_call(call) ? DP_OK : DP_ERR_INVALID;
}

/* Hands the turn to the run, and gets it back with the answer: in `heard.grant.results[0]`. */
static dp_status ask(const wire_call* call) {
  if (!add_call(call)) return DP_ERR_INVALID;
  ++step;
  pb_ostream_t to = begin_message();
  pb_encode_tag(&to, PB_WT_STRING, dustproof_wire_Message_turn_tag);
  pb_encode_string(&to, calls, calls_bytes);
  seal(&to);
  calls_bytes = 0;
  send_frame();
  do receive();
  while (!heard.has_grant || heard.grant.results_count == 0);
  now_ns = heard.time_ns;
  return (dp_status)heard.grant.results[0].value;
}

static uint64_t booted_ns;

static uint64_t now_us(void) { return (now_ns - booted_ns) / 1000; }
static void sleep_until_us(uint64_t until_us) { ask(&(wire_call){.function = dustproof_wire_Function_SLEEP_UNTIL, WIRE_INTEGERS(until_us)}); }
static void sleep_us(uint64_t duration_us) {
  const uint64_t now = now_us();
  sleep_until_us(duration_us > UINT64_MAX - now ? UINT64_MAX : now + duration_us);
}
static const dp_clock_v1 clock_v1 = {now_us, sleep_until_us, sleep_us};

static void log_write(dp_log_level level, const char* text) {
  if (text != NULL) tell(&(wire_call){.function = dustproof_wire_Function_LOG_WRITE, WIRE_INTEGERS((uint64_t)level), .text = text});
}
static const dp_log_v1 log_v1 = {log_write};

static float velocity_m_s_max;
static dp_status set_velocity(float left_m_s, float right_m_s) {
  if (!isfinite(left_m_s) || !isfinite(right_m_s)) return DP_ERR_INVALID;
  return tell(&(wire_call){.function = dustproof_wire_Function_DRIVE_SET_VELOCITY, WIRE_REALS(left_m_s, right_m_s)});
}
static dp_status set_pwm(float left, float right) {
  if (!(left >= -1 && left <= 1 && right >= -1 && right <= 1)) return DP_ERR_INVALID;
  return tell(&(wire_call){.function = dustproof_wire_Function_DRIVE_SET_PWM, WIRE_REALS(left, right)});
}
static float get_velocity_m_s_max(void) { return velocity_m_s_max; }
static const dp_drive_v1 drive_v1 = {set_velocity, set_pwm, get_velocity_m_s_max};

static dp_odometry_info odometry;
static dp_odometry_info odometry_info(void) { return odometry; }
static dp_status odometry_latest(dp_odometry_sample* out) {
  if (out == NULL) return DP_ERR_INVALID;
  if (!sensors.has_odometry) return DP_ERR_STATE;
  *out = sensors.newest;
  return DP_OK;
}
/* The oldest that nobody has read. The run brings those that came meanwhile with its answer. */
static dp_status odometry_read(dp_odometry_sample* out, uint64_t timeout_us) {
  if (out == NULL) return DP_ERR_INVALID;
  const uint64_t begin_us = now_us();
  while (sensors.count == 0) {
    const uint64_t waited_us = now_us() - begin_us;
    if (timeout_us != DP_FOREVER && waited_us >= timeout_us) return DP_ERR_TIMEOUT;
    sleep_us(1000);
  }
  *out = sensors.unread[0];
  memmove(sensors.unread, sensors.unread + 1, --sensors.count * sizeof *out);
  return DP_OK;
}
static const dp_odometry_v1 odometry_v1 = {odometry_info, odometry_read, odometry_latest};

static dp_status hazard_latest(dp_hazard_sample* out) {
  if (out == NULL) return DP_ERR_INVALID;
  if (!sensors.has_hazard) return DP_ERR_STATE;
  *out = sensors.hazard;
  return DP_OK;
}
static bool same_hazard(const dp_hazard_sample* a, const dp_hazard_sample* b) {
  return a->bumper_left == b->bumper_left && a->bumper_right == b->bumper_right && a->cliff == b->cliff &&
         a->over_current_left == b->over_current_left && a->over_current_right == b->over_current_right;
}
static dp_status hazard_wait_change(const dp_hazard_sample* seen, dp_hazard_sample* out, uint64_t timeout_us) {
  if (seen == NULL || out == NULL) return DP_ERR_INVALID;
  const dp_status status = ask(&(wire_call){.function = dustproof_wire_Function_HAZARD_WAIT_CHANGE,
                                            WIRE_INTEGERS(seen->bumper_left, seen->bumper_right, seen->cliff, seen->over_current_left, seen->over_current_right, timeout_us)});
  if (status == DP_OK) *out = sensors.hazard;
  return status == DP_OK && same_hazard(seen, out) ? DP_ERR_TIMEOUT : status;
}
static const dp_hazard_v1 hazard_v1 = {hazard_latest, hazard_wait_change};

static int32_t uart_write(const void* data, size_t bytes) {
  if (data == NULL) return DP_ERR_INVALID;
  if (bytes > 128) bytes = 128;
  const dp_status status = ask(&(wire_call){.function = dustproof_wire_Function_UART_WRITE, .data = data, .bytes = bytes});
  return (int32_t)status;
}
static int32_t uart_read(void* out, size_t capacity, uint64_t timeout_us) {
  if (out == NULL) return DP_ERR_INVALID;
  if (capacity > sizeof heard.grant.results[0].data.bytes) capacity = sizeof heard.grant.results[0].data.bytes;
  const int32_t value = (int32_t)ask(&(wire_call){.function = dustproof_wire_Function_UART_READ, WIRE_INTEGERS(capacity, timeout_us)});
  if (value > 0) memcpy(out, heard.grant.results[0].data.bytes, heard.grant.results[0].data.size);
  return value;
}
static const dp_uart_v1 uart_v1 = {uart_write, uart_read};

const void* dp_hal_query(const char* name, uint32_t version) {
  static const struct {
    const char* name;
    const void* table;
  } kInterfaces[] = {{DP_CLOCK, &clock_v1},       {DP_LOG, &log_v1},       {DP_DRIVE, &drive_v1},
                     {DP_ODOMETRY, &odometry_v1}, {DP_HAZARD, &hazard_v1}, {DP_UART, &uart_v1}};
  for (size_t i = 0; name != NULL && version == 1 && on && i < sizeof kInterfaces / sizeof kInterfaces[0]; ++i)
    if (strcmp(name, kInterfaces[i].name) == 0) return kInterfaces[i].table;
  return NULL;
}

static void say_hello(const dp_firmware_t* firmware) {
  dustproof_wire_Hello hello = {.hal_version = firmware->hal_version, .lockstep = true};
  strncpy(hello.firmware_name, firmware->name, sizeof hello.firmware_name - 1);
  strncpy(hello.firmware_version, firmware->version, sizeof hello.firmware_version - 1);
  ++step;
  pb_ostream_t to = begin_message();
  pb_encode_tag(&to, PB_WT_STRING, dustproof_wire_Message_hello_tag);
  pb_encode_submessage(&to, dustproof_wire_Hello_fields, &hello);
  seal(&to);
}

void dp_mcu_run(const dp_firmware_t* firmware) {
  session = step = heard_step = now_ns = 0;
  on = false;
  calls_bytes = 0;
  memset(&sensors, 0, sizeof sensors);
  dp_frame_decoder_init(&decoder, received, sizeof received);
  if (setjmp(end) != 0) return;
  say_hello(firmware);
  send_frame();
  do receive();
  while (!heard.has_welcome);
  session = heard.session;
  now_ns = heard.time_ns;
  booted_ns = heard.welcome.booted_ns;
  velocity_m_s_max = heard.welcome.velocity_m_s_max;
  odometry = (dp_odometry_info){.ticks_per_m = heard.welcome.odometry.ticks_per_m, .track_width_m = heard.welcome.odometry.track_width_m};
  on = true;
  step = 0;
  do receive(); /* The first grant begins the firmware. */
  while (!heard.has_grant);
  now_ns = heard.time_ns;
  firmware->main();
  ask(&(wire_call){.function = dustproof_wire_Function_TASK_EXIT});
}
