#include "sim/scenario/planted.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "sim/core/check.h"

namespace dustproof {
namespace {

constexpr const char* kUnambiguous = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz";
constexpr const char* kCapitals = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";
constexpr const char* kDigits = "0123456789";
constexpr const char* kHex = "0123456789abcdef";

std::string Draw(const Seed& seed, const char* name, const char* alphabet, int count) {
  RandomStream stream = seed.Stream(name);
  const std::string letters = alphabet;
  std::string text;
  for (int i = 0; i < count; ++i) text += letters[stream.Below(letters.size())];
  return text;
}

std::string PickName(const Seed& seed, const char* name) {
  static const char* const kFirst[] = {"Amber", "Birch", "Cedar",   "Dahlia", "Ember", "Fern",
                                       "Heron", "Iris",  "Juniper", "Lark",   "Maple", "Nettle",
                                       "Onyx",  "Quill", "Sorrel",  "Thistle"};
  RandomStream stream = seed.Stream(std::string(name) + ".word");
  return kFirst[stream.Below(std::size(kFirst))];
}

std::array<uint8_t, 6> DrawMac(const Seed& seed, const std::string& name) {
  RandomStream stream = seed.Stream(name);
  std::array<uint8_t, 6> mac;
  for (uint8_t& byte : mac) byte = static_cast<uint8_t>(stream.Below(256));
  mac[0] &= 0xfc;  // Unicast, globally administered, as a product's is.
  return mac;
}

// Takes the values of one category from another draw.
using TakeValues = void (*)(const PlantedValues& from, PlantedValues* to);
const std::map<std::string, TakeValues>& Takers() {
  static const std::map<std::string, TakeValues> takers = {
      {"wifi_ssid", [](const PlantedValues& from, PlantedValues* to) { to->wifi_ssid = from.wifi_ssid; }},
      {"wifi_password", [](const PlantedValues& from, PlantedValues* to) { to->wifi_password = from.wifi_password; }},
      {"wifi_scan",
       [](const PlantedValues& from, PlantedValues* to) {
         to->neighbour_ssids = from.neighbour_ssids;
         to->neighbour_bssids = from.neighbour_bssids;
         to->wifi_bssid = from.wifi_bssid;
       }},
      {"robot_mac", [](const PlantedValues& from, PlantedValues* to) { to->robot_mac = from.robot_mac; }},
      {"robot_id", [](const PlantedValues& from, PlantedValues* to) { to->robot_id = from.robot_id; }},
      {"account_id", [](const PlantedValues& from, PlantedValues* to) { to->account_id = from.account_id; }},
      {"account_password", [](const PlantedValues& from, PlantedValues* to) { to->account_password = from.account_password; }},
      {"nickname", [](const PlantedValues& from, PlantedValues* to) { to->nickname = from.nickname; }},
      {"email", [](const PlantedValues& from, PlantedValues* to) { to->email = from.email; }},
      {"phone_number", [](const PlantedValues& from, PlantedValues* to) { to->phone_number = from.phone_number; }},
      {"real_name", [](const PlantedValues& from, PlantedValues* to) { to->real_name = from.real_name; }},
      {"postal_address", [](const PlantedValues& from, PlantedValues* to) { to->postal_address = from.postal_address; }},
      {"session_token", [](const PlantedValues& from, PlantedValues* to) { to->session_token = from.session_token; }},
      {"precise_location",
       [](const PlantedValues& from, PlantedValues* to) {
         to->latitude_deg = from.latitude_deg;
         to->longitude_deg = from.longitude_deg;
       }},
      {"phone_device_id", [](const PlantedValues& from, PlantedValues* to) { to->phone_device_id = from.phone_device_id; }},
      {"robot_status", [](const PlantedValues& from, PlantedValues* to) { to->schedule_name = from.schedule_name; }},
  };
  return takers;
}

bool AreAllOtherAndAsLong(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const std::string& x, const std::string& y) { return x.size() == y.size() && x != y; });
}

double RoundTo(double value, double step) { return std::round(value / step) * step; }

void PlaceHome(const Seed& seed, const std::string& region, PlantedValues* out) {
  RandomStream stream = seed.Stream("planted.location");
  double lat_min = 43, lat_max = 53, lon_min = 1, lon_max = 20;  // Central Europe.
  if (region == "CN") lat_min = 23, lat_max = 34, lon_min = 104, lon_max = 119;
  if (region == "US") lat_min = 33, lat_max = 45, lon_min = -118, lon_max = -78;
  out->latitude_deg = RoundTo(stream.Uniform(lat_min, lat_max), 1e-7);
  out->longitude_deg = RoundTo(stream.Uniform(lon_min, lon_max), 1e-7);
}

}  // namespace

std::string FormatMac(const std::array<uint8_t, 6>& mac) {
  char text[18];
  std::snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3],
                mac[4], mac[5]);
  return text;
}

PlantedValues PlantValues(const Seed& seed, const std::string& region) {
  PlantedValues v;
  v.wifi_ssid = PickName(seed, "planted.ssid") + "-" + Draw(seed, "planted.ssid", kUnambiguous, 9);
  v.wifi_password = Draw(seed, "planted.wifi_password", kUnambiguous, 16);
  v.wifi_bssid = DrawMac(seed, "planted.bssid");
  v.robot_mac = DrawMac(seed, "planted.robot_mac");
  v.robot_id = "DP1-" + Draw(seed, "planted.robot_id", kCapitals, 14);
  v.setup_passphrase = Draw(seed, "planted.setup_passphrase", kUnambiguous, 12);
  v.account_id = "u" + Draw(seed, "planted.account_id", kDigits, 12);
  v.account_password = Draw(seed, "planted.account_password", kUnambiguous, 18);
  v.nickname = PickName(seed, "planted.nickname") + Draw(seed, "planted.nickname", kUnambiguous, 8);
  v.email = Draw(seed, "planted.email", kHex, 14) + "@mail.example";
  v.phone_number = (region == "CN"   ? "+861"
                    : region == "US" ? "+1"
                                     : "+49") +
                   Draw(seed, "planted.phone", kDigits, 10);
  v.real_name = PickName(seed, "planted.name") + " " + Draw(seed, "planted.name", kCapitals, 10);
  v.postal_address =
      "Lane " + Draw(seed, "planted.address", kDigits, 9) + " " + PickName(seed, "planted.address");
  v.session_token = Draw(seed, "planted.session_token", kHex, 40);
  v.phone_device_id = Draw(seed, "planted.phone_device", kHex, 16);
  v.schedule_name =
      PickName(seed, "planted.schedule") + "-" + Draw(seed, "planted.schedule", kUnambiguous, 9);
  for (int i = 0; i < 4; ++i) {
    const std::string name = "planted.neighbour" + std::to_string(i);
    v.neighbour_ssids.push_back(PickName(seed, name.c_str()) + "_" +
                                Draw(seed, name.c_str(), kUnambiguous, 8));
    v.neighbour_bssids.push_back(DrawMac(seed, name + ".bssid"));
  }
  PlaceHome(seed, region, &v);
  return v;
}

std::map<std::string, std::vector<std::string>> PlantedValues::ByCategory() const {
  char location[64];
  std::snprintf(location, sizeof location, "%.7f,%.7f", latitude_deg, longitude_deg);
  std::map<std::string, std::vector<std::string>> values = {
      {"wifi_ssid", {wifi_ssid}},
      {"wifi_password", {wifi_password}},
      {"robot_mac", {FormatMac(robot_mac)}},
      {"robot_id", {robot_id}},
      {"account_id", {account_id}},
      {"account_password", {account_password}},
      {"nickname", {nickname}},
      {"email", {email}},
      {"phone_number", {phone_number}},
      {"real_name", {real_name}},
      {"postal_address", {postal_address}},
      {"session_token", {session_token}},
      {"precise_location", {location}},
      {"phone_device_id", {phone_device_id}},
      {"robot_status", {schedule_name}},
  };
  std::vector<std::string>& scan = values["wifi_scan"];
  scan = neighbour_ssids;
  for (const auto& bssid : neighbour_bssids) scan.push_back(FormatMac(bssid));
  scan.push_back(FormatMac(wifi_bssid));
  return values;
}

PlantedValues PlantValues(const Seed& seed, const std::string& region, const Redraw& redraw) {
  PlantedValues values = PlantValues(seed, region);
  if (redraw.category.empty()) return values;
  const auto taker = Takers().find(redraw.category);
  DP_CHECK(taker != Takers().end(), redraw.category);
  const std::vector<std::string> before = values.ByCategory().at(redraw.category);
  int fitting = 0;
  for (int number = 1;; ++number) {  // Names are of four lengths at most: a draw that fits is soon found.
    const PlantedValues other = PlantValues(seed.Derive("counterfactual." + std::to_string(number)), region);
    if (!AreAllOtherAndAsLong(before, other.ByCategory().at(redraw.category)) || ++fitting < redraw.number) continue;
    taker->second(other, &values);
    return values;
  }
}

std::optional<Redraw> ParseRedraw(const std::string& text) {
  Redraw redraw;
  const size_t slash = text.find('/');
  redraw.category = text.substr(0, slash);
  if (slash != std::string::npos) {
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + slash + 1, end, redraw.number);
    if (error != std::errc() || stop != end || redraw.number < 1 || redraw.number > 1000) return std::nullopt;
  }
  if (!redraw.category.empty() && !Takers().contains(redraw.category)) return std::nullopt;
  return redraw;
}

std::string ToText(const Redraw& redraw) { return redraw.number == 1 ? redraw.category : redraw.category + "/" + std::to_string(redraw.number); }

std::vector<std::string> PlantedCategories() {
  std::vector<std::string> categories;
  for (const auto& [category, take] : Takers()) categories.push_back(category);
  return categories;
}

}  // namespace dustproof
