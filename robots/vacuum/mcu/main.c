/* The motor controller of the vacuum: holds the wheels' speeds, reckons where it has come to, and stops by itself where the floor or the main computer
 * is gone. It sits between the drivetrain and the main firmware, which commands it over a UART. */
#include <math.h>
#include <string.h>

#include "hil/shim/mcu/dp_mcu.h"
#include "hil/wire/framing.h"
#include "robots/vacuum/mcu/motion.h"
#include "robots/vacuum/mcu/wheel.h"

enum {
  kPeriodUs = 10000,     /* Of control: 100 Hz. */
  kPeriodsPerStatus = 2, /* 50 Hz. */
  kStaleUs = 200000,     /* A command holds for so long. */
  kReflexUs = 300000,    /* Backing off after a bump or at a cliff. */
};
static const float kPeriodS = 0.01f;
static const float kReflexMS = -0.1f;

static const dp_clock_v1* hal_clock;
static const dp_drive_v1* drive;
static const dp_odometry_v1* odometry;
static const dp_hazard_v1* hazard;
static const dp_uart_v1* uart;

static struct {
  wheel left, right;
  float ticks_per_m, track_m;
  uint16_t left_ticks, right_ticks;
  bool has_ticks;
  float x_m, y_m, heading_rad;
  motion_command command;
  uint64_t commanded_us, reflex_until_us;
  bool has_command;
  uint8_t flags, hazards;
} self;

static uint8_t line_buffer[64];
static dp_frame_decoder line;

static void hear_commands(uint64_t now_us) {
  uint8_t bytes[64];
  const int32_t count = uart->read(bytes, sizeof bytes, 0);
  for (int32_t i = 0; i < count; ++i) {
    const size_t payload = dp_frame_decode(&line, bytes[i]);
    if (payload == 0 || !motion_read_command(line_buffer, payload, &self.command)) continue;
    self.commanded_us = now_us;
    self.has_command = true;
  }
}

static void reckon(const dp_odometry_sample* sample) {
  if (self.has_ticks) {
    const float left_m = (float)(int16_t)(sample->left_ticks - self.left_ticks) / self.ticks_per_m;
    const float right_m = (float)(int16_t)(sample->right_ticks - self.right_ticks) / self.ticks_per_m;
    const float turn_rad = (right_m - left_m) / self.track_m;
    const float middle_rad = self.heading_rad + turn_rad / 2;
    self.x_m += (left_m + right_m) / 2 * cosf(middle_rad);
    self.y_m += (left_m + right_m) / 2 * sinf(middle_rad);
    self.heading_rad += turn_rad;
  }
  self.left_ticks = sample->left_ticks;
  self.right_ticks = sample->right_ticks;
  self.has_ticks = true;
}

static bool is_stale(uint64_t now_us) { return !self.has_command || now_us - self.commanded_us > kStaleUs; }

/* What stops the wheels whatever is commanded. It backs off once for each hazard that it drives into, and never by itself: nobody may be moved
 * by a robot that is lifted, or whose main computer is gone. */
static void look_for_hazards(uint64_t now_us) {
  dp_hazard_sample now;
  if (hazard->latest(&now) != DP_OK) return;
  const uint8_t flags = (uint8_t)((now.bumper_left ? MOTION_BUMP_LEFT : 0) | (now.bumper_right ? MOTION_BUMP_RIGHT : 0) | (now.cliff != 0 ? MOTION_CLIFF : 0));
  const bool forward = self.command.left_mm_s + self.command.right_mm_s > 0;
  const bool is_new = (flags & ~self.hazards) != 0;
  if (is_new && forward && !is_stale(now_us)) self.reflex_until_us = now_us + kReflexUs;
  self.flags = self.hazards = flags;
}

static void control(uint64_t now_us) {
  const bool stale = is_stale(now_us), reflex = !stale && now_us < self.reflex_until_us;
  const bool blocked = self.hazards != 0 && self.command.left_mm_s + self.command.right_mm_s > 0;
  float left = (float)self.command.left_mm_s * 1e-3f, right = (float)self.command.right_mm_s * 1e-3f;
  if (stale || blocked) left = right = 0;
  if (reflex) left = right = kReflexMS;
  if (stale) self.flags |= MOTION_STALE;
  if (reflex) self.flags |= MOTION_REFLEX;
  drive->set_pwm(wheel_control(&self.left, left, kPeriodS), wheel_control(&self.right, right, kPeriodS));
}

static void tell(uint64_t now_us) {
  uint8_t payload[MOTION_STATUS_BYTES], frame[DP_FRAME_BYTES_MAX(MOTION_STATUS_BYTES)];
  const motion_status status = {.sequence = self.command.sequence,
                                .flags = self.flags,
                                .time_ms = (uint32_t)(now_us / 1000),
                                .left_ticks = self.left_ticks,
                                .right_ticks = self.right_ticks,
                                .x_mm = (int32_t)lrintf(self.x_m * 1000),
                                .y_mm = (int32_t)lrintf(self.y_m * 1000),
                                .heading_mrad = (int32_t)lrintf(self.heading_rad * 1000)};
  motion_write_status(&status, payload);
  uart->write(frame, dp_frame_encode(payload, sizeof payload, frame, sizeof frame));
}

static void run(void) {
  hal_clock = dp_hal_query(DP_CLOCK, 1);
  drive = dp_hal_query(DP_DRIVE, 1);
  odometry = dp_hal_query(DP_ODOMETRY, 1);
  hazard = dp_hal_query(DP_HAZARD, 1);
  uart = dp_hal_query(DP_UART, 1);
  memset(&self, 0, sizeof self);
  dp_frame_decoder_init(&line, line_buffer, sizeof line_buffer);
  const dp_odometry_info info = odometry->info();
  self.ticks_per_m = info.ticks_per_m;
  self.track_m = info.track_width_m;
  wheel_init(&self.left, info.ticks_per_m, drive->velocity_m_s_max());
  wheel_init(&self.right, info.ticks_per_m, drive->velocity_m_s_max());
  uint64_t due_us = hal_clock->now_us();
  for (uint32_t period = 0;; ++period) {
    due_us += kPeriodUs;
    hal_clock->sleep_until_us(due_us);
    const uint64_t now_us = hal_clock->now_us();
    hear_commands(now_us);
    dp_odometry_sample sample;
    if (odometry->latest(&sample) == DP_OK) {
      reckon(&sample);
      wheel_measure(&self.left, sample.left_ticks, kPeriodS);
      wheel_measure(&self.right, sample.right_ticks, kPeriodS);
    }
    look_for_hazards(now_us);
    control(now_us);
    if (period % kPeriodsPerStatus == 0) tell(now_us);
  }
}

static const dp_firmware_t firmware = {DP_HAL_VERSION, "vacuum_mcu", "1.0.0", run};

int main(void) {
  for (;;) dp_mcu_run(&firmware);
}
