#include "hil/bridge/board_samples.h"

#include <algorithm>

namespace dustproof {

void Write(const dp_lidar_turn& from, wire::LidarTurn& to) {
  const int beams = std::min<int>(from.beam_count, DP_LIDAR_BEAMS_MAX);
  to.set_start_us(from.start_us);
  to.set_period_us(from.period_us);
  to.set_sequence(from.sequence);
  to.mutable_angle_rad()->Add(from.angle_rad, from.angle_rad + beams);
  to.mutable_range_mm()->Add(from.range_mm, from.range_mm + beams);
  to.set_quality(from.quality, static_cast<size_t>(beams));
  to.mutable_offset_us()->Add(from.offset_us, from.offset_us + beams);
}

void Write(const dp_odometry_sample& from, wire::OdometrySample& to) {
  to.set_time_us(from.time_us);
  to.set_left_ticks(from.left_ticks);
  to.set_right_ticks(from.right_ticks);
  to.set_wheel_drop_left(from.wheel_drop_left);
  to.set_wheel_drop_right(from.wheel_drop_right);
}

void Write(const dp_imu_sample& from, wire::ImuSample& to) {
  to.set_time_us(from.time_us);
  to.set_gyro_x_rad_s(from.gyro_rad_s[0]);
  to.set_gyro_y_rad_s(from.gyro_rad_s[1]);
  to.set_gyro_z_rad_s(from.gyro_rad_s[2]);
  to.set_accel_x_m_s2(from.accel_m_s2[0]);
  to.set_accel_y_m_s2(from.accel_m_s2[1]);
  to.set_accel_z_m_s2(from.accel_m_s2[2]);
}

void Write(const dp_hazard_sample& from, wire::HazardSample& to) {
  to.set_time_us(from.time_us);
  to.set_bumper_left(from.bumper_left);
  to.set_bumper_right(from.bumper_right);
  to.set_cliff(from.cliff);
  to.set_over_current_left(from.over_current_left);
  to.set_over_current_right(from.over_current_right);
}

void Write(const dp_button_event& from, wire::ButtonEvent& to) {
  to.set_time_us(from.time_us);
  to.set_button(static_cast<uint32_t>(from.button));
  to.set_held_ms(from.held_ms);
}

void Write(const dp_dock_sample& from, wire::DockSample& to) {
  to.set_time_us(from.time_us);
  to.set_contact(from.contact);
  to.set_beacon_seen(from.beacon_seen);
  to.set_bearing_rad(from.bearing_rad);
  to.set_beacon_left(from.beacon_left);
  to.set_beacon_right(from.beacon_right);
}

void Write(const dp_battery_sample& from, wire::BatterySample& to) {
  to.set_time_us(from.time_us);
  to.set_voltage_v(from.voltage_v);
  to.set_current_a(from.current_a);
  to.set_charge_pct(from.charge_pct);
  to.set_temperature_c(from.temperature_c);
  to.set_charging(from.charging);
}

void Write(const dp_wifi_network& from, wire::WifiNetwork& to) {
  to.set_ssid(from.ssid);
  to.set_bssid(from.bssid, sizeof from.bssid);
  to.set_rssi_dbm(from.rssi_dbm);
  to.set_channel(from.channel);
  to.set_encrypted(from.encrypted);
}

void Write(const dp_lidar_info& from, wire::LidarInfo& to) {
  to.set_x_m(from.x_m);
  to.set_y_m(from.y_m);
  to.set_z_m(from.z_m);
  to.set_yaw_rad(from.yaw_rad);
  to.set_clockwise(from.clockwise);
  to.set_beams_per_turn(from.beams_per_turn);
  to.set_turn_period_s(from.turn_period_s);
  to.set_range_m_min(from.range_m_min);
  to.set_range_m_max(from.range_m_max);
}

void Write(const dp_flash_info& from, wire::FlashInfo& to) {
  to.set_size_bytes(from.size_bytes);
  to.set_block_bytes(from.block_bytes);
  to.set_page_bytes(from.page_bytes);
  to.set_erase_cycles_max(from.erase_cycles_max);
}

void Write(const RobotIdentity& from, wire::Identity& to) {
  to.set_robot_id(from.robot_id);
  to.set_model(from.model);
  to.set_mac(from.mac.data(), from.mac.size());
  to.set_trust_anchor_pem(from.trust_anchor_pem);
  to.set_device_cert_pem(from.device_cert_pem);
  to.set_device_key_pem(from.device_key_pem);
  to.set_setup_passphrase(from.setup_passphrase);
}

}  // namespace dustproof
