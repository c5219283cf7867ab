#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hil/protocol/dhcp.h"

/// Words that the network shares with those who attach to it. Addresses are IPv4 in host byte
/// order.
namespace dustproof {

/// Numbered like the HAL's dp_status, so that the bridge hands them on.
enum class NetStatus : int {
  kOk = 0,
  kInvalid = -1,
  kNotYet = -2,  ///< Ask again after the ready handler was called.
  kClosed = -3,
  kRefused = -4,
  kUnreachable = -5,
  kFull = -6,
  kState = -9,
};

/// Numbered like dp_wifi_state.
enum class WifiState { kOff = 0, kConnecting = 1, kConnected = 2, kHotspot = 3, kLost = 4 };

struct WifiNetwork {
  std::string ssid;
  MacAddress bssid{};
  int rssi_dbm = -60;
  int channel = 6;
  bool encrypted = true;
};

struct NetEndpoint {
  uint32_t address = 0;
  uint16_t port = 0;
  auto operator<=>(const NetEndpoint&) const = default;
};

/// "192.168.4.1"
std::string FormatAddress(uint32_t address);
/// False where `text` isn't an address in dotted form.
bool ParseAddress(const std::string& text, uint32_t* address);
constexpr uint32_t MakeAddress(uint32_t a, uint32_t b, uint32_t c, uint32_t d) {
  return a << 24 | b << 16 | c << 8 | d;
}

constexpr uint32_t kHotspotRobotAddress = MakeAddress(192, 168, 4, 1);
constexpr uint32_t kHotspotPhoneAddress = MakeAddress(192, 168, 4, 2);
constexpr uint32_t kRouterAddress = MakeAddress(192, 168, 1, 1);
constexpr uint32_t kBroadcastAddress = 0xffffffff;
constexpr bool IsMulticast(uint32_t address) { return address >> 28 == 14; }
constexpr bool IsHomeAddress(uint32_t address) { return address >> 8 == kRouterAddress >> 8; }

}  // namespace dustproof
