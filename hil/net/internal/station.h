#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "hil/net/internal/recorder.h"
#include "hil/net/network.h"
#include "sim/core/event_queue.h"

namespace dustproof::internal {

/// Which networks are on the air now. Stations read it; the fabric and the robot's hotspot change
/// it.
struct Air {
  struct Hotspot {
    std::string ssid, passphrase;
  };
  int wifi_outages = 0;  ///< How many are under way.
  int internet_outages = 0;
  std::optional<Hotspot> hotspot;
  bool home_up() const { return wifi_outages == 0; }
  bool internet_up() const { return internet_outages == 0; }
};

/// A Wi-Fi station: the robot's or the phone's. Joins (scan, association, key exchange), gets an
/// address by DHCP, loses the network with the access point and comes back with it.
class Station {
 public:
  struct Options {
    std::string name;  ///< The emitter: "robot" or "app".
    MacAddress mac{};
    uint32_t home_address = 0;  ///< What the router's DHCP gives it.
  };

  Station(EventQueue& queue, const Seed& seed, const NetworkConfig& config, const Air& air,
          Recorder& recorder, Options options);

  /// Called whenever `state()` or `join_status()` may have changed.
  void set_on_change(std::function<void()> on_change) { on_change_ = std::move(on_change); }

  void Join(std::string ssid, std::string password, std::string host_name);
  NetStatus join_status() const { return join_status_; }
  void Leave();
  /// Is on the home's network already, from before the run.
  void StartAtHome();
  void OnHomeDown();
  void OnHomeUp();
  void OnHotspotClosed();

  WifiState state() const { return state_; }
  uint32_t address() const { return state_ == WifiState::kConnected ? address_ : 0; }
  /// Whether it can put something on the air that the network hears.
  bool on_home() const {
    return state_ == WifiState::kConnected && where_ == Where::kHome && air_.home_up();
  }
  bool on_hotspot() const {
    return state_ == WifiState::kConnected && where_ == Where::kHotspot && air_.hotspot;
  }
  const Options& options() const { return options_; }
  std::vector<WifiNetwork> Scan() const;
  void AddToHash(Hasher& hasher) const;

 private:
  enum class Where { kNone, kHome, kHotspot };

  /// Runs `then` after `delay`, unless the station was told something else meanwhile.
  void After(SimDuration delay, std::function<void()> then);
  void Associate();
  void EndJoin(NetStatus status);
  void Discover();
  void Request(const DhcpMessage& offer);
  void EmitDhcp(const DhcpMessage& message, bool from_station);
  bool LinkUp() const { return where_ == Where::kHome ? air_.home_up() : air_.hotspot.has_value(); }
  void SetState(WifiState state);
  void Changed();

  EventQueue& queue_;
  RandomStream random_;
  const NetworkConfig& config_;
  const Air& air_;
  Recorder& recorder_;
  const Options options_;
  std::function<void()> on_change_;
  uint64_t epoch_ = 0;
  std::string ssid_, password_, host_name_;
  Where where_ = Where::kNone;
  WifiState state_ = WifiState::kOff;
  NetStatus join_status_ = NetStatus::kState;
  uint32_t address_ = 0;
};

}  // namespace dustproof::internal
