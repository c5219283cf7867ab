#include "hil/shim/board/board.h"

dp_odometry_sample board_odometry(const dustproof_wire_OdometrySample* from) {
  return (dp_odometry_sample){.time_us = from->time_us,
                              .left_ticks = (uint16_t)from->left_ticks,
                              .right_ticks = (uint16_t)from->right_ticks,
                              .wheel_drop_left = from->wheel_drop_left,
                              .wheel_drop_right = from->wheel_drop_right};
}

dp_imu_sample board_imu(const dustproof_wire_ImuSample* from) {
  return (dp_imu_sample){
      .time_us = from->time_us,
      .gyro_rad_s = {from->gyro_x_rad_s, from->gyro_y_rad_s, from->gyro_z_rad_s},
      .accel_m_s2 = {from->accel_x_m_s2, from->accel_y_m_s2, from->accel_z_m_s2}};
}

dp_hazard_sample board_hazard(const dustproof_wire_HazardSample* from) {
  return (dp_hazard_sample){.time_us = from->time_us,
                            .bumper_left = from->bumper_left,
                            .bumper_right = from->bumper_right,
                            .cliff = (uint8_t)from->cliff,
                            .over_current_left = from->over_current_left,
                            .over_current_right = from->over_current_right};
}

dp_dock_sample board_dock(const dustproof_wire_DockSample* from) {
  return (dp_dock_sample){.time_us = from->time_us,
                          .contact = from->contact,
                          .beacon_seen = from->beacon_seen,
                          .bearing_rad = from->bearing_rad,
                          .beacon_left = from->beacon_left,
                          .beacon_right = from->beacon_right};
}

dp_battery_sample board_battery(const dustproof_wire_BatterySample* from) {
  return (dp_battery_sample){.time_us = from->time_us,
                             .voltage_v = from->voltage_v,
                             .current_a = from->current_a,
                             .charge_pct = from->charge_pct,
                             .temperature_c = from->temperature_c,
                             .charging = from->charging};
}
