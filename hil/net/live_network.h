#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "hil/capture/capture_sink.h"
#include "hil/net/byte_stream.h"
#include "hil/net/host_table.h"
#include "hil/net/net_types.h"
#include "hil/net/network.h"
#include "hil/protocol/certificate_authority.h"
#include "sim/core/event_queue.h"
#include "sim/core/random.h"

namespace dustproof {

/// A network that we are the only way out of: router, resolver and DHCP server in one.
struct GatewayLan {
  uint32_t router = kRouterAddress;
  int prefix_bits = 24;  ///< 8–30.

  uint32_t mask() const { return ~uint32_t{0} << (32 - prefix_bits); }
  bool contains(uint32_t address) const { return ((address ^ router) & mask()) == 0; }
  uint32_t broadcast() const { return router | ~mask(); }
};

struct LiveNetworkConfig {
  uint32_t address = 0;      ///< Where all hosts are: every name resolves to it. Without `lan`.
  std::string default_host;  ///< Whom a client means that names nobody, or the address itself. Without `lan`.
  WallTime start;            ///< The calendar at `SimTime::Zero()`. Without a network to stand on.
  /// Where clients are behind us. Then each host has its own address, as in a simulated network, and
  /// whom a client means is whom it dials.
  std::optional<GatewayLan> lan = {};
};

/// What a client behind us sent that is no TCP stream and no UDP datagram of its own.
struct OtherPacket {
  std::string protocol;  ///< "icmp", "arp", "ipv6", …; "" where it has no name.
  NetEndpoint from, to;  ///< Zero where it is not of IPv4.
  std::string to_name;   ///< For people, where `to` says nothing: an IPv6 or Ethernet address.
  bool to_group = false; ///< To several stations or all.
  std::span<const std::byte> bytes;
};

/// The internet's hosts for clients on real sockets: the same ends, certificates and resolver that
/// a simulated robot meets, at one address, and the place that records what crosses it.
///
/// Sockets and the clock are somebody else's (hil/live): here is no I/O. Since all names share an
/// address, a client's host is the one that its first bytes name (TLS's server name, HTTP's Host),
/// else the one that it has just looked up, else the default. Behind a gateway it is the one that
/// lives at the address dialled. Emissions say "robot". Used on one thread; events are the queue's.
class LiveNetwork final : public HostTable {
 public:
  /// `queue` and `sink` outlive the network. Server certificates are signed by `authority`.
  LiveNetwork(EventQueue& queue, Seed seed, LiveNetworkConfig config,
              CertificateAuthority authority, CaptureSink& sink);
  /// The hosts of a simulated network, which outlives this one: robot and phone meet at the same
  /// ones, some by simulated and some by real sockets. `network` also ends the recording.
  LiveNetwork(EventQueue& queue, Network& network, LiveNetworkConfig config);
  ~LiveNetwork() override;
  LiveNetwork(const LiveNetwork&) = delete;
  LiveNetwork& operator=(const LiveNetwork&) = delete;

  void AddHost(HostSpec spec) override;
  void Serve(std::string_view host, uint16_t port, PortSecurity security,
             StreamService& service) override;
  void TrustDevicesOf(std::string_view authority_pem) override;

  /// A client has connected to one of our ports.
  void Accept(std::shared_ptr<ByteStream> stream, NetEndpoint client, NetEndpoint server);
  /// What to answer to a datagram at the resolver's port; nothing where it is no query.
  std::optional<Bytes> AnswerDns(NetEndpoint client, NetEndpoint server,
                                 std::span<const std::byte> query);

  /// Records a datagram that a client behind us sent; what to answer, if anything (DNS, DHCP, NTP).
  /// @pre there is a `lan`.
  std::optional<Bytes> HearDatagram(NetEndpoint from, NetEndpoint to, std::span<const std::byte> payload);
  /// Records what else it sent. @pre there is a `lan`.
  void HearPacket(const OtherPacket& packet);
  /// The Ethernet address of somebody behind us: what to look for where the planted one is not the board's.
  void NoteStation(const MacAddress& mac);
  /// From now on not all of what clients send is recorded; no verdict on this run is a pass.
  void NoteUnwatched(const std::string& why);

  const CertificateAuthority& authority() const;
  /// Ends every connection, and writes what is complete only then: the TLS secrets, as
  /// "tls_secrets.txt".
  void Finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dustproof
