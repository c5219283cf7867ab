#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
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

/// Which planted values are drawn anew.
struct Redraw {
  std::string category;  ///< "" for none.
  int number = 1;        ///< The how manieth draw.
};
/// Of "wifi_ssid", "wifi_ssid/2" or ""; nothing where it is none of these.
std::optional<Redraw> ParseRedraw(const std::string& text);
std::string ToText(const Redraw& redraw);

/// `region` picks plausible coordinates and phone prefix: "CN", "EU" or "US"; others as "EU".
PlantedValues PlantValues(const Seed& seed, const std::string& region);

/// The same with the values of one category drawn anew, as long in text as before: what differs between two runs that
/// differ in nothing else depends on them. Each `number`, from 1 on, gives other values. @pre `category` is one of
/// `PlantedCategories`.
PlantedValues PlantValues(const Seed& seed, const std::string& region, const Redraw& redraw);

/// The categories of `ByCategory`, sorted.
std::vector<std::string> PlantedCategories();

/// "a4:c1:38:0b:5e:99"
std::string FormatMac(const std::array<uint8_t, 6>& mac);

}  // namespace dustproof
