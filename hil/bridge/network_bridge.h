#pragma once

#include "hil/net/robot_interface.h"
#include "hil/shim/lockstep/devices.h"
#include "sim/core/cpu_share.h"

namespace dustproof {

/// The robot's radio and sockets on the simulated network. Both sides number results alike, so this
/// only forwards.
class NetworkBridge final : public WifiDevice, public SocketDevice {
 public:
  /// `network` is borrowed; `cpu_share` may be null.
  NetworkBridge(RobotInterface* network, CpuShare* cpu_share)
      : network_(network), cpu_share_(cpu_share) {}

  // Wi-Fi.
  std::vector<dp_wifi_network> Scan() override;
  void StartJoin(std::string_view ssid, std::string_view password,
                 std::string_view host_name) override;
  dp_status PollJoin() override;
  void CancelJoin() override;
  dp_status StartHotspot(std::string_view ssid, std::string_view passphrase) override;
  void Stop() override;
  dp_wifi_state state() const override;
  uint32_t address() const override;
  int rssi_dbm() const override;

  // Sockets.
  void SetReadyHandler(std::function<void()> handler) override;
  int32_t Open(dp_socket_kind kind) override;
  dp_status StartConnect(int32_t id, dp_endpoint to) override;
  dp_status PollConnect(int32_t id) override;
  dp_status Bind(int32_t id, uint16_t port) override;
  int32_t Accept(int32_t id, dp_endpoint& peer) override;
  int32_t Send(int32_t id, std::span<const std::byte> data) override;
  int32_t Receive(int32_t id, std::span<std::byte> out) override;
  int32_t SendTo(int32_t id, dp_endpoint to, std::span<const std::byte> data) override;
  int32_t ReceiveFrom(int32_t id, dp_endpoint& from, std::span<std::byte> out) override;
  dp_status JoinGroup(int32_t id, uint32_t group) override;
  void Close(int32_t id) override;
  int32_t StartLookup(std::string_view host) override;
  int32_t PollLookup(int32_t lookup, std::span<uint32_t> out) override;
  void CancelLookup(int32_t lookup) override;

  /// Both devices at once: the first call silences everything, the second finds nothing left.
  void PowerLost() override;

 private:
  CpuScope Count() const { return CpuScope(cpu_share_, CpuSection::kNetwork); }

  RobotInterface* network_;
  CpuShare* cpu_share_;
};

}  // namespace dustproof
