/* Lidar, odometry, inertial sensor, hazards, buttons, dock: hil/hal/dp_sensors.h. */
#include "hil/shim/board/hal.h"

static dp_status read_next(dustproof_wire_Function function, uint64_t timeout_us,
                           const dustproof_wire_Result** result) {
  *result = board_ask(&(board_call){.function = function, BOARD_INTEGERS(timeout_us)});
  return (dp_status)(*result)->value;
}

static dp_lidar_info lidar_info(void) {
  const dustproof_wire_LidarInfo* info = &board.welcome.lidar;
  return (dp_lidar_info){.x_m = info->x_m,
                         .y_m = info->y_m,
                         .z_m = info->z_m,
                         .yaw_rad = info->yaw_rad,
                         .clockwise = info->clockwise,
                         .beams_per_turn = (uint16_t)info->beams_per_turn,
                         .turn_period_s = info->turn_period_s,
                         .range_m_min = info->range_m_min,
                         .range_m_max = info->range_m_max};
}

static dp_status lidar_set_enabled(bool enabled) {
  if (!may_call()) return DP_ERR_STATE;
  return (dp_status)board_ask(
             &(board_call){.function = dustproof_wire_Function_LIDAR_SET_ENABLED, BOARD_INTEGERS(enabled)})
      ->value;
}

static void copy_turn(const dustproof_wire_LidarTurn* from, dp_lidar_turn* to) {
  to->start_us = from->start_us;
  to->period_us = from->period_us;
  to->sequence = from->sequence;
  to->beam_count = (uint16_t)(from->angle_rad_count < DP_LIDAR_BEAMS_MAX ? from->angle_rad_count
                                                                         : DP_LIDAR_BEAMS_MAX);
  for (size_t i = 0; i < to->beam_count; ++i) {
    to->angle_rad[i] = from->angle_rad[i];
    to->range_mm[i] = i < from->range_mm_count ? (uint16_t)from->range_mm[i] : 0;
    to->quality[i] = from->quality != NULL && i < from->quality->size ? from->quality->bytes[i] : 0;
    to->offset_us[i] = i < from->offset_us_count ? from->offset_us[i] : 0;
  }
}

static dp_status lidar_read(dp_lidar_turn* out, uint64_t timeout_us) {
  if (!may_call()) return DP_ERR_STATE;
  if (out == NULL) return DP_ERR_INVALID;
  const dustproof_wire_Result* result;
  const dp_status status = read_next(dustproof_wire_Function_LIDAR_READ, timeout_us, &result);
  if (status == DP_OK && result->sample.lidar_count > 0) copy_turn(&result->sample.lidar[0], out);
  return status;
}

static const dp_lidar_v1 lidar_v1 = {lidar_info, lidar_set_enabled, lidar_read};

static dp_odometry_info odometry_info(void) {
  return (dp_odometry_info){.ticks_per_m = board.welcome.odometry.ticks_per_m,
                            .track_width_m = board.welcome.odometry.track_width_m};
}

/* Takes the oldest of a ring into *out; false where there is none. */
#define POP(ring, out)                                          \
  ({                                                            \
    board_lock();                                               \
    const bool any = (ring).count > 0;                          \
    if (any) {                                                  \
      *(out) = (ring).kept[(ring).first];                       \
      (ring).first = ((ring).first + 1) % 64, --(ring).count;   \
    }                                                           \
    board_unlock();                                             \
    any;                                                        \
  })

static dp_status odometry_read(dp_odometry_sample* out, uint64_t timeout_us) {
  if (!may_call()) return DP_ERR_STATE;
  if (out == NULL) return DP_ERR_INVALID;
  if (POP(board.unread_odometry, out)) return DP_OK;
  const dustproof_wire_Result* result;
  const dp_status status = read_next(dustproof_wire_Function_ODOMETRY_READ, timeout_us, &result);
  if (status == DP_OK && result->sample.odometry_count > 0)
    *out = board_odometry(&result->sample.odometry[0]);
  return status;
}

#define LATEST(kind)                                              \
  static dp_status kind##_latest(dp_##kind##_sample* out) {       \
    if (!may_call()) return DP_ERR_STATE;                         \
    if (out == NULL) return DP_ERR_INVALID;                       \
    board_lock();                                                 \
    const bool known = board.has_##kind;                          \
    if (known) *out = board.kind;                                 \
    board_unlock();                                               \
    return known ? DP_OK : DP_ERR_STATE;                          \
  }
LATEST(odometry)
LATEST(imu)
LATEST(hazard)
LATEST(dock)

static const dp_odometry_v1 odometry_v1 = {odometry_info, odometry_read, odometry_latest};

static dp_status imu_read(dp_imu_sample* out, uint64_t timeout_us) {
  if (!may_call()) return DP_ERR_STATE;
  if (out == NULL) return DP_ERR_INVALID;
  if (POP(board.unread_imu, out)) return DP_OK;
  const dustproof_wire_Result* result;
  const dp_status status = read_next(dustproof_wire_Function_IMU_READ, timeout_us, &result);
  if (status == DP_OK && result->sample.imu_count > 0) *out = board_imu(&result->sample.imu[0]);
  return status;
}

static const dp_imu_v1 imu_v1 = {imu_read, imu_latest};

static dp_status hazard_wait_change(const dp_hazard_sample* seen, dp_hazard_sample* out,
                                    uint64_t timeout_us) {
  if (!may_call()) return DP_ERR_STATE;
  if (seen == NULL || out == NULL) return DP_ERR_INVALID;
  const dustproof_wire_Result* result =
      board_ask(&(board_call){.function = dustproof_wire_Function_HAZARD_WAIT_CHANGE,
                              BOARD_INTEGERS(seen->bumper_left, seen->bumper_right, seen->cliff,
                                             seen->over_current_left, seen->over_current_right, timeout_us)});
  if (result->value == DP_OK && result->sample.hazard_count > 0)
    *out = board_hazard(&result->sample.hazard[0]);
  return (dp_status)result->value;
}

static const dp_hazard_v1 hazard_v1 = {hazard_latest, hazard_wait_change};

static dp_status buttons_read(dp_button_event* out, uint64_t timeout_us) {
  if (!may_call()) return DP_ERR_STATE;
  if (out == NULL) return DP_ERR_INVALID;
  const dustproof_wire_Result* result;
  const dp_status status = read_next(dustproof_wire_Function_BUTTONS_READ, timeout_us, &result);
  if (status == DP_OK && result->sample.buttons_count > 0) {
    const dustproof_wire_ButtonEvent* from = &result->sample.buttons[0];
    *out = (dp_button_event){.time_us = from->time_us, .button = (dp_button)from->button, .held_ms = from->held_ms};
  }
  return status;
}

static const dp_buttons_v1 buttons_v1 = {buttons_read};
static const dp_dock_v1 dock_v1 = {dock_latest};

const board_interface board_sensor_interfaces[] = {
    {DP_LIDAR, &lidar_v1},   {DP_ODOMETRY, &odometry_v1}, {DP_IMU, &imu_v1}, {DP_HAZARD, &hazard_v1},
    {DP_BUTTONS, &buttons_v1}, {DP_DOCK, &dock_v1},         {NULL, NULL}};
