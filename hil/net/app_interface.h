#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hil/net/net_types.h"
#include "hil/protocol/certificate_authority.h"
#include "hil/protocol/stream_core.h"

namespace dustproof {

namespace internal {
class Fabric;
}

/// The phone's radio and connections, for the companion app. Emissions say "app". At first it is on
/// the home's Wi-Fi.
class AppInterface {
 public:
  explicit AppInterface(internal::Fabric& fabric);
  ~AppInterface();
  AppInterface(const AppInterface&) = delete;
  AppInterface& operator=(const AppInterface&) = delete;

  // --- Wi-Fi
  /// What is in range, the robot's setup hotspot among it while that is open.
  std::vector<WifiNetwork> Scan() const;
  /// Leaves the present network and joins another: the home's, or the robot's hotspot. `done` hears
  /// kOk, kRefused or kUnreachable, once.
  void Join(std::string_view ssid, std::string_view password, std::function<void(NetStatus)> done);
  void Leave();
  WifiState state() const;
  uint32_t address() const;
  /// The robot's address on the network that both are on, 0 where there is none.
  uint32_t robot_address() const;
  /// Called when the phone has lost or regained its network.
  void SetWifiHandler(std::function<void()> handler);

  // --- streams
  struct Dial {
    std::string host;  ///< Name (looked up on the wire) or address in dotted form.
    uint16_t port = 443;
    bool tls = true;
    std::string trust_pem;  ///< Authorities to trust; "" trusts the run's own.
    std::vector<std::string> alpn;
    std::optional<TlsIdentity> identity;
  };
  /// Looks the host up, connects, completes TLS, then opens `core` and runs it until either side
  /// closes. Where that fails, `failed` hears the reason ("refused", "unreachable", "tls: …") and
  /// the core is dropped unopened; else the core hears OnOpen and, once, OnClose. Returns a number
  /// for `Close`.
  uint32_t Connect(Dial dial, std::unique_ptr<StreamCore> core,
                   std::function<void(const std::string& reason)> failed);
  void Close(uint32_t stream);

  // --- datagrams on the local network
  using DatagramHandler = std::function<void(NetEndpoint from, std::span<const std::byte> bytes)>;
  /// What arrives at this port; an empty handler closes it.
  void SetDatagramHandler(uint16_t port, DatagramHandler handler);
  void SendDatagram(uint16_t from_port, NetEndpoint to, std::span<const std::byte> bytes);

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace dustproof
