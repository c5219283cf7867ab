#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "hil/net/byte_stream.h"
#include "hil/net/host_table.h"
#include "hil/net/internal/hosts.h"
#include "hil/net/internal/plausible_service.h"
#include "hil/net/internal/recorder.h"
#include "hil/net/internal/stream_driver.h"
#include "hil/protocol/certificate_authority.h"
#include "hil/protocol/tls_end.h"
#include "sim/core/event_queue.h"
#include "sim/core/random.h"

namespace dustproof::internal {

/// The internet's hosts and our ends of the streams to them: which service answers, behind which
/// certificate, and what is noted of it. The same for simulated streams and for sockets.
class Servers final : public HostTable {
 public:
  /// All borrowed outlive the servers. `start` is the calendar at `SimTime::Zero()`.
  Servers(EventQueue& queue, Seed seed, WallTime start, CertificateAuthority authority,
          Recorder& recorder);

  void AddHost(HostSpec spec) override;
  void Serve(std::string_view host, uint16_t port, PortSecurity security,
             StreamService& service) override;
  void TrustDevicesOf(std::string_view authority_pem) override {
    device_trust_pem_ += authority_pem;
  }

  /// A client's stream to one of the hosts.
  struct Visit {
    Host& host;
    uint16_t port = 0;
    uint32_t client_address = 0;  ///< As the server sees it.
    std::string stream_name;      ///< Names the stream of chance that its TLS draws from.
    /// How long the TLS handshake may take; zero: as long as it likes.
    SimDuration handshake_max = {};
  };
  /// Answers until either side closes.
  void Answer(const Visit& visit, std::shared_ptr<ByteStream> stream,
              const std::shared_ptr<ConversationTap>& tap);

  /// Nobody answers any more: every stream ends without a word.
  void Break();

  Hosts& hosts() { return hosts_; }
  const CertificateAuthority& authority() const { return authority_; }
  WallTime wall_now() const { return start_ + (queue_.now() - SimTime::Zero()); }

 private:
  std::unique_ptr<TlsEnd> MakeServerTls(const Host& host, PortSecurity security,
                                        const std::string& stream_name);
  TlsIdentity IdentityFor(const Host& host, const std::string& server_name);
  void NoteHandshake(ConversationTap& tap, const Host& host, const TlsEnd& tls);
  void EndUnlessOpen(uint32_t connection);
  void Forget(uint32_t connection);

  EventQueue& queue_;
  const Seed seed_;
  const WallTime start_;
  const CertificateAuthority authority_, rogue_authority_;
  Recorder& recorder_;
  Hosts hosts_;
  PlausibleService plausible_;
  std::string device_trust_pem_;
  std::map<std::string, TlsIdentity> identities_;  // Minted so far, by name; "!" before a rogue's.
  std::map<uint32_t, std::unique_ptr<StreamDriver>> drivers_;  // By connection.
  bool out_of_patience_ = false;  // While a handshake ends because of that.
};

}  // namespace dustproof::internal
