#include "hil/audit/internal/data_existence.h"

#include <algorithm>

namespace dustproof::internal {

std::map<std::string, SimTime> FindDataExistence(const Truth& truth, const Policy& policy) {
  std::map<std::string, SimTime> exists;
  const auto note = [&](const std::string& category, SimTime time) {
    if (time == SimTime::Max()) return;
    const auto [entry, is_new] = exists.try_emplace(category, time);
    if (!is_new) entry->second = std::min(entry->second, time);
  };
  // The factory writes these in.
  if (truth.planted.contains("robot_mac")) note("robot_mac", SimTime::Zero());
  if (truth.planted.contains("robot_id")) note("robot_id", SimTime::Zero());
  note("home_map", truth.first_map_time);
  note("lidar_environment", truth.first_scan_time);
  if (!truth.log.empty()) note("robot_logs", truth.log.front().time);
  if (!truth.battery.empty()) note("robot_status", truth.battery.front().time);
  for (const PoseSample& pose : truth.poses_true) {
    if ((pose.pose.position() - truth.poses_true.front().pose.position()).norm() < 1.0) continue;
    note("robot_path", pose.time);
    break;
  }
  for (const RunEvent& event : truth.events) {
    if (event.name == "data_ready" && policy.FindCategory(event.detail) != nullptr)
      note(event.detail, event.time);
    if (event.name == "wifi_scan") note("wifi_scan", event.time);
  }
  // What was handed to the robot: it is met among the bytes that went to it.
  for (const Flow& flow : truth.flows.flows()) {
    if (flow.from_robot() && flow.kind == EmissionKind::kPlaintext && flow.source_address != 0) {
      note("ip_address", flow.segments.front().time);
    }
    if (flow.direction != Direction::kToRobot) continue;
    const std::string_view text(reinterpret_cast<const char*>(flow.data.data()), flow.data.size());
    for (const auto& [category, values] : truth.planted) {
      for (const std::string& value : values) {
        if (const size_t at = text.find(value); at != std::string_view::npos)
          note(category, flow.SegmentAt(at).time);
      }
    }
  }
  return exists;
}

}  // namespace dustproof::internal
