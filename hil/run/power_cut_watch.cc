#include "hil/run/power_cut_watch.h"

#include <algorithm>

#include "sim/core/hash.h"

namespace dustproof {
namespace {

PowerCutWatch::SeenMap Look(const MapSample& map) {
  Hasher hasher;
  hasher.Add(map.width);
  hasher.Add(map.height);
  hasher.Add(map.resolution_m);
  hasher.Add(map.origin_x_m);
  hasher.Add(map.origin_y_m);
  hasher.AddBytes(std::as_bytes(std::span(map.cells)));
  return {hasher.Digest(),
          std::count_if(map.cells.begin(), map.cells.end(), [](int8_t cell) { return cell >= 0; })};
}

bool AsksToForget(const RunEvent& e) {
  if (e.source == "app")
    return e.name == "factory_reset_requested" || e.name == "account_deletion_requested";
  if (e.source == "script") return e.name == "button_pressed" && e.detail == "reset";
  return e.source == "cloud" && (e.name == "robot_removed" || e.name == "account_erased");
}

}  // namespace

void PowerCutWatch::BeginAftermath() {
  aftermath_ = {};
  earlier_connections_ = connections_;
}

void PowerCutWatch::Write(const Emission& emission) {
  if (emission.direction == Direction::kFromRobot && emission.kind != EmissionKind::kFlashAtRest) {
    if (sends_.empty() || sends_.back() != emission.time) sends_.push_back(emission.time);
    const bool hotspot =
        emission.kind == EmissionKind::kRadioName && emission.protocol == "wifi_ssid";
    if (hotspot && !aftermath_.setup_hotspot) aftermath_.setup_hotspot = emission.time;
  }
  if (emission.connection != 0) connections_.insert(emission.connection);
  if (!earlier_connections_.contains(emission.connection)) ForwardingSink::Write(emission);
}

void PowerCutWatch::Write(const ConsentChange& change) {
  if (change.consent == "C_POLICY") standing_.policy_granted = change.state == "granted";
  consent_changes_.push_back(change);
  ForwardingSink::Write(change);
}

void PowerCutWatch::Write(const RunEvent& event) {
  if (event.source == "app" && event.name == "provisioned") {
    standing_.provisioned = true;
    standing_.parting = false;
  }
  if (event.source == "firmware" && event.name == "boot") ++aftermath_.boots;
  if (event.source == "cloud" && event.name == "session_opened" && !aftermath_.session)
    aftermath_.session = event.time;
  if (event.source == "cloud" && event.name == "client_refused")
    aftermath_.refusals.push_back(event.detail);
  if (AsksToForget(event)) standing_.parting = true;
  ForwardingSink::Write(event);
}

void PowerCutWatch::Write(const MapSample& map) {
  if (!aftermath_.first_map) aftermath_.first_map = Look(map);
  ForwardingSink::Write(map);
}

}  // namespace dustproof
