#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hil/net/net_types.h"

namespace dustproof {

namespace internal {
class Fabric;
}

enum class SocketKind { kTcp = 1, kUdp = 2 };

/// The robot's radio and sockets, never waiting. `kNotYet` means: ask again once the ready handler
/// was called.
///
/// It has the shape of the lockstep shim's Wi-Fi and socket devices, with the HAL's numbers for
/// results, so that the bridge only forwards. Counts are zero or more; below zero is a `NetStatus`.
class RobotInterface {
 public:
  explicit RobotInterface(internal::Fabric& fabric);
  ~RobotInterface();
  RobotInterface(const RobotInterface&) = delete;
  RobotInterface& operator=(const RobotInterface&) = delete;

  /// Called from queue events whenever a pending call may have become ready.
  void SetReadyHandler(std::function<void()> handler);

  // --- Wi-Fi
  std::vector<WifiNetwork> Scan() const;
  /// Begins to join and then to get an address by DHCP; ends a hotspot or an earlier network.
  void StartJoin(std::string_view ssid, std::string_view password, std::string_view host_name);
  /// kNotYet while under way; then kOk, kRefused (password), or kUnreachable (no such network).
  NetStatus PollJoin() const;
  void CancelJoin();
  /// An empty passphrase opens it to everybody; else 8 to 63 characters.
  NetStatus StartHotspot(std::string_view ssid, std::string_view passphrase);
  void Stop();
  WifiState state() const;
  uint32_t address() const;
  int rssi_dbm() const;

  // --- sockets
  int32_t Open(SocketKind kind);
  NetStatus StartConnect(int32_t id, NetEndpoint to);
  NetStatus PollConnect(int32_t id) const;
  /// Port 0 picks one. A TCP socket also begins to listen.
  NetStatus Bind(int32_t id, uint16_t port);
  int32_t Accept(int32_t id, NetEndpoint& peer);
  int32_t Send(int32_t id, std::span<const std::byte> data);
  int32_t Receive(int32_t id, std::span<std::byte> out);
  int32_t SendTo(int32_t id, NetEndpoint to, std::span<const std::byte> data);
  int32_t ReceiveFrom(int32_t id, NetEndpoint& from, std::span<std::byte> out);
  NetStatus JoinGroup(int32_t id, uint32_t group);
  void Close(int32_t id);

  int32_t StartLookup(std::string_view host);
  int32_t PollLookup(int32_t lookup, std::span<uint32_t> out);
  void CancelLookup(int32_t lookup);

  /// Radio, sockets and look-ups are gone at once, without a word on the air.
  void PowerLost();

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace dustproof
