#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim/core/random.h"

namespace dustproof {

/// Secrets made for one run: unique, high-entropy and valid in form, so that meeting one in an
/// emission is proof.
///
/// Everything is drawn from named streams of the run's seed, one for each value: changing one
/// leaves the others.
struct PlantedValues {
  std::string wifi_ssid;      ///< 12–20 printable characters.
  std::string wifi_password;  ///< 16 characters.
  std::array<uint8_t, 6> wifi_bssid;
  std::array<uint8_t, 6> robot_mac;  ///< A locally unassigned OUI, unicast.
  std::string robot_id;              ///< Serial number, e.g. "DP1-4K7Q9-…".
  std::string setup_passphrase;
  std::string account_id, account_password, nickname, email, phone_number, real_name,
      postal_address;
  std::string session_token;
  double latitude_deg = 0, longitude_deg = 0;  ///< Of the home; eight decimals.
  std::string phone_device_id;                 ///< Android ID, 16 hex digits.
  std::vector<std::string> neighbour_ssids;
  std::vector<std::array<uint8_t, 6>> neighbour_bssids;
  std::string schedule_name;  ///< A cleaning schedule that the user named: robot status.

  /// By category of the policy (`wifi_ssid`, `robot_mac`, …): each value in its plain form, as the
  /// audit reads it.
  std::map<std::string, std::vector<std::string>> ByCategory() const;
};

/// `region` picks plausible coordinates and phone prefix: "CN", "EU" or "US"; others as "EU".
PlantedValues PlantValues(const Seed& seed, const std::string& region);

/// "a4:c1:38:0b:5e:99"
std::string FormatMac(const std::array<uint8_t, 6>& mac);

}  // namespace dustproof
