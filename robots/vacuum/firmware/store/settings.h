#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "robots/vacuum/firmware/byte_io.h"
#include "robots/vacuum/firmware/consents.h"

namespace vacuum {

/// What the robot keeps over a power cut, but for the map.
struct Settings {
  std::string ssid;           ///< Empty: not provisioned.
  std::string wifi_password;  ///< Secret. Empty: an open network.
  std::string host;           ///< Of the vendor's cloud.
  uint16_t api_port = 0;
  uint16_t mqtt_port = 0;
  std::string pairing_token;   ///< Secret, until it is spent on the credential.
  std::string credential;      ///< Secret. Empty: not bound to an account.
  std::string policy_version;  ///< That the user accepted.
  Consents consents;
  uint32_t consent_version = 0;  ///< The cloud counts it up with each change.
  bool map_erase_due = false;    ///< delete_data has begun and must be finished.
  bool reset_due = false;        ///< So has a factory reset.
  bool under_way = false;        ///< The robot is out of its dock on a task.

  bool provisioned() const { return !ssid.empty(); }

  Bytes Serialize() const;
  /// None where the bytes are not what Serialize made.
  static std::optional<Settings> Parse(const Bytes& bytes);

  /// What is left of these where the pairing is forgotten or made anew.
  Settings WithoutPairing() const;

  /// Whether going on to `next` leaves a secret of these behind.
  bool LeavesSecretBehind(const Settings& next) const;
};

}  // namespace vacuum
