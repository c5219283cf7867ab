#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hil/capture/capture_sink.h"
#include "hil/net/app_interface.h"
#include "hil/net/host_table.h"
#include "hil/net/link_profile.h"
#include "hil/net/net_types.h"
#include "hil/net/robot_interface.h"
#include "hil/protocol/certificate_authority.h"
#include "sim/core/event_queue.h"
#include "sim/core/hash.h"
#include "sim/core/random.h"

namespace dustproof {

namespace internal {
class Fabric;
}

/// The home's access point and what surrounds it. The defaults make a plausible home; a run puts
/// planted values in.
struct NetworkConfig {
  WifiNetwork home = {
      .ssid = "home", .bssid = {0x3c, 0x84, 0x6a, 0x10, 0x20, 0x30}, .rssi_dbm = -52, .channel = 6};
  std::string home_password = "correct horse";
  std::vector<WifiNetwork> neighbours;  ///< Seen by scans. None can be joined.
  MacAddress robot_mac = {0x50, 0xec, 0x50, 0x01, 0x02, 0x03};
  MacAddress phone_mac = {0x9a, 0x11, 0x22, 0x33, 0x44, 0x55};
  std::string phone_host_name;        ///< Sent by the phone's DHCP; "" sends none.
  bool phone_has_mobile_data = true;  ///< Reaches the internet where home Wi-Fi doesn't serve it.
  uint32_t public_address = MakeAddress(203, 0, 113, 77);  ///< Of the home, as servers see it.
  LinkProfile wifi;
  LinkProfile internet = {.latency = SimDuration::Milliseconds(25),
                          .jitter = SimDuration::Milliseconds(5),
                          .bytes_per_s = 2.5e6,
                          .loss = 0.002};
  SimDuration give_up =
      SimDuration::Seconds(60);  ///< TCP ends a connection that didn't get through for so long.
  WallTime start;                ///< The calendar at `SimTime::Zero()`.
};

/// What breaks in an outage: the radio (stations lose the access point), or the line behind the
/// router.
enum class OutageKind { kWifi, kInternet };

/// The robot's whole network in virtual time: access point, DHCP, resolver, byte streams with
/// latency, loss and outages, the internet's hosts with our end of their TLS — and the one place
/// that sees and records all that crosses it. Used on the simulation thread only; events are the
/// queue's.
class Network final : public HostTable {
 public:
  /// `queue` and `sink` outlive the network. Server certificates are signed by `authority`.
  Network(EventQueue& queue, Seed seed, NetworkConfig config, CertificateAuthority authority,
          CaptureSink& sink);
  ~Network() override;
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  /// Asked at each emission for the consents as they are: "C_DEVID=denied,C_POLICY=granted".
  void SetConsents(std::function<std::string()> consents);

  void AddHost(HostSpec spec) override;
  void Serve(std::string_view host, uint16_t port, PortSecurity security,
             StreamService& service) override;
  void TrustDevicesOf(std::string_view authority_pem) override;
  void ScheduleOutage(OutageKind kind, SimTime from, SimDuration duration);

  RobotInterface& robot();
  AppInterface& app();
  const CertificateAuthority& authority() const;

  /// The address that `host` has or would be given.
  uint32_t AddressOf(std::string_view host);
  /// Bytes on the wire so far, both directions, by party key.
  std::map<std::string, uint64_t> bytes_by_party() const;
  /// Writes what is complete only at the end of a run: the TLS secrets, as "tls_secrets.txt".
  void Finish();
  void AddToHash(Hasher& hasher) const;

 private:
  friend class LiveNetwork;  // Which can stand on the same hosts.
  internal::Fabric& fabric();

  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dustproof
