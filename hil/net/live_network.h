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
#include "hil/protocol/certificate_authority.h"
#include "sim/core/event_queue.h"
#include "sim/core/random.h"

namespace dustproof {

struct LiveNetworkConfig {
  uint32_t address = 0;      ///< Where all hosts are: every name resolves to it.
  std::string default_host;  ///< Whom a client means that names nobody, or the address itself.
  WallTime start;            ///< The calendar at `SimTime::Zero()`.
};

/// The internet's hosts for clients on real sockets: the same ends, certificates and resolver that
/// a simulated robot meets, at one address, and the place that records what crosses it.
///
/// Sockets and the clock are somebody else's (hil/live): here is no I/O. Since all names share an
/// address, a client's host is the one that its first bytes name (TLS's server name, HTTP's Host),
/// else the one that it has just looked up, else the default. Emissions say "robot". Used on one
/// thread; events are the queue's.
class LiveNetwork final : public HostTable {
 public:
  /// `queue` and `sink` outlive the network. Server certificates are signed by `authority`.
  LiveNetwork(EventQueue& queue, Seed seed, LiveNetworkConfig config,
              CertificateAuthority authority, CaptureSink& sink);
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

  const CertificateAuthority& authority() const;
  /// Ends every connection, and writes what is complete only then: the TLS secrets, as
  /// "tls_secrets.txt".
  void Finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dustproof
