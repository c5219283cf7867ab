// Lidar, odometry, inertial sensor, hazards, buttons, dock and battery: hil/hal/dp_sensors.h and
// dp_power.h.

#include <string_view>

#include "hil/shim/lockstep/internal/hal_state.h"

namespace dustproof::internal {
namespace {

constexpr const char* kOutIsNull = "out is null";

/// The next sample of a queue, waiting for it.
template <typename Sample, size_t kept>
dp_status ReadNext(const HalCall& call, SampleQueue<Sample, kept>& samples, Sample* out,
                   uint64_t timeout_us) {
  if (out == nullptr) return call.Refuse(kOutIsNull);
  HalState& hal = call.hal();
  const SimTime deadline = hal.Deadline(timeout_us);
  while (!samples.Pop(*out)) {
    if (!hal.scheduler.Wait(samples.waiters(), deadline)) return DP_ERR_TIMEOUT;
  }
  return DP_OK;
}

template <typename Sample, size_t kept>
dp_status ReadLatest(const HalCall& call, const SampleQueue<Sample, kept>& samples, Sample* out) {
  if (out == nullptr) return call.Refuse(kOutIsNull);
  if (samples.latest() == nullptr) return DP_ERR_STATE;
  *out = *samples.latest();
  out->time_us = call->SinceBoot(out->time_us);
  return DP_OK;
}

template <typename Sample, size_t kept>
dp_status ReadNextTimed(const HalCall& call, SampleQueue<Sample, kept>& samples, Sample* out,
                        uint64_t timeout_us) {
  const dp_status status = ReadNext(call, samples, out, timeout_us);
  if (status == DP_OK) out->time_us = call->SinceBoot(out->time_us);
  return status;
}

dp_lidar_info LidarInfo() {
  const HalCall call("lidar.info");
  return call ? call->devices.lidar->info() : dp_lidar_info{};
}

dp_status LidarSetEnabled(bool enabled) {
  const HalCall call("lidar.set_enabled", enabled);
  if (!call) return DP_ERR_STATE;
  call->scheduler.OnHostStack([&] { call->devices.lidar->SetEnabled(enabled); });
  return DP_OK;
}

dp_status LidarRead(dp_lidar_turn* out, uint64_t timeout_us) {
  const HalCall call("lidar.read", out, timeout_us);
  if (!call) return DP_ERR_STATE;
  const dp_status status = ReadNext(call, call->sensors.lidar(), out, timeout_us);
  if (status == DP_OK) out->start_us = call->SinceBoot(out->start_us);
  return status;
}

constexpr dp_lidar_v1 kLidar = {LidarInfo, LidarSetEnabled, LidarRead};

dp_odometry_info OdometryInfo() {
  const HalCall call("odometry.info");
  return call ? *call->devices.odometry : dp_odometry_info{};
}

dp_status OdometryRead(dp_odometry_sample* out, uint64_t timeout_us) {
  const HalCall call("odometry.read", out, timeout_us);
  return call ? ReadNextTimed(call, call->sensors.odometry(), out, timeout_us) : DP_ERR_STATE;
}

dp_status OdometryLatest(dp_odometry_sample* out) {
  const HalCall call("odometry.latest", out);
  return call ? ReadLatest(call, call->sensors.odometry(), out) : DP_ERR_STATE;
}

constexpr dp_odometry_v1 kOdometry = {OdometryInfo, OdometryRead, OdometryLatest};

dp_status ImuRead(dp_imu_sample* out, uint64_t timeout_us) {
  const HalCall call("imu.read", out, timeout_us);
  return call ? ReadNextTimed(call, call->sensors.imu(), out, timeout_us) : DP_ERR_STATE;
}

dp_status ImuLatest(dp_imu_sample* out) {
  const HalCall call("imu.latest", out);
  return call ? ReadLatest(call, call->sensors.imu(), out) : DP_ERR_STATE;
}

constexpr dp_imu_v1 kImu = {ImuRead, ImuLatest};

dp_status HazardLatest(dp_hazard_sample* out) {
  const HalCall call("hazard.latest", out);
  return call ? ReadLatest(call, call->sensors.hazard(), out) : DP_ERR_STATE;
}

dp_status HazardWaitChange(const dp_hazard_sample* seen, dp_hazard_sample* out,
                           uint64_t timeout_us) {
  const HalCall call("hazard.wait_change", seen, out, timeout_us);
  if (!call) return DP_ERR_STATE;
  if (seen == nullptr || out == nullptr) return call.Refuse("seen or out is null");
  HalState& hal = call.hal();
  const dp_hazard_sample known = *seen;  // `seen` and `out` may be the same.
  const SimTime deadline = hal.Deadline(timeout_us);
  auto& hazard = hal.sensors.hazard();
  while (hazard.latest() == nullptr || SameHazards(*hazard.latest(), known)) {
    if (!hal.scheduler.Wait(hazard.waiters(), deadline)) return DP_ERR_TIMEOUT;
  }
  return ReadLatest(call, hazard, out);
}

constexpr dp_hazard_v1 kHazard = {HazardLatest, HazardWaitChange};

dp_status ButtonsRead(dp_button_event* out, uint64_t timeout_us) {
  const HalCall call("buttons.read", out, timeout_us);
  return call ? ReadNextTimed(call, call->sensors.buttons(), out, timeout_us) : DP_ERR_STATE;
}

constexpr dp_buttons_v1 kButtons = {ButtonsRead};

dp_status DockLatest(dp_dock_sample* out) {
  const HalCall call("dock.latest", out);
  return call ? ReadLatest(call, call->sensors.dock(), out) : DP_ERR_STATE;
}

constexpr dp_dock_v1 kDock = {DockLatest};

dp_status BatteryLatest(dp_battery_sample* out) {
  const HalCall call("battery.latest", out);
  return call ? ReadLatest(call, call->sensors.battery(), out) : DP_ERR_STATE;
}

void BatteryPowerOff() {
  const HalCall call("battery.power_off");
  if (call) call->scheduler.OnHostStack([&] { call->on_power_off(); });
}

constexpr dp_battery_v1 kBattery = {BatteryLatest, BatteryPowerOff};

}  // namespace

const void* FindSensorInterface(const HalState& hal, const char* name) {
  const std::string_view word(name);
  const Devices& devices = hal.devices;
  if (word == DP_LIDAR && devices.lidar != nullptr) return &kLidar;
  if (word == DP_ODOMETRY && devices.odometry != nullptr) return &kOdometry;
  if (word == DP_IMU && devices.imu) return &kImu;
  if (word == DP_HAZARD && devices.hazard) return &kHazard;
  if (word == DP_BUTTONS && devices.buttons) return &kButtons;
  if (word == DP_DOCK && devices.dock) return &kDock;
  if (word == DP_BATTERY && devices.battery) return &kBattery;
  return nullptr;
}

}  // namespace dustproof::internal
