#pragma once

#include "hil/hal/dp_hal.h"
#include "hil/shim/lockstep/devices.h"
#include "hil/wire/wire.h"

namespace dustproof {

// Samples of the HAL in the words of the wire, field by field.
void Write(const dp_lidar_turn& from, wire::LidarTurn& to);
void Write(const dp_odometry_sample& from, wire::OdometrySample& to);
void Write(const dp_imu_sample& from, wire::ImuSample& to);
void Write(const dp_hazard_sample& from, wire::HazardSample& to);
void Write(const dp_button_event& from, wire::ButtonEvent& to);
void Write(const dp_dock_sample& from, wire::DockSample& to);
void Write(const dp_battery_sample& from, wire::BatterySample& to);
void Write(const dp_wifi_network& from, wire::WifiNetwork& to);
// And its constants.
void Write(const dp_lidar_info& from, wire::LidarInfo& to);
void Write(const dp_flash_info& from, wire::FlashInfo& to);
void Write(const RobotIdentity& from, wire::Identity& to);

}  // namespace dustproof
