#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "hil/capture/messages.h"
#include "hil/protocol/certificate_authority.h"
#include "hil/protocol/stream_core.h"

namespace dustproof {

/// Which port speaks TLS, and whether it wants to see the device's certificate.
enum class PortSecurity { kPlain, kTls, kTlsAskingClient };

/// A name on the internet and who is behind it.
struct HostSpec {
  std::string name;  ///< "api.vendor.example", or "*.vendor.example" for all names below.
  std::optional<uint32_t> address;      ///< Else one of 198.18.0.0/15, by the seed.
  Party party;                          ///< `host` may be left empty.
  std::optional<TlsIdentity> identity;  ///< Instead of a certificate by the run's authority.
  bool rogue_certificate =
      false;  ///< Shows one that nobody should trust: does the firmware verify?
};

/// Where the hosts of the internet are declared, simulated or on real sockets.
///
/// A name or address that nobody declared resolves, connects, completes TLS where the client begins
/// it, answers plausibly, and is recorded as party `other`.
class HostTable {
 public:
  virtual ~HostTable() = default;

  /// Declares a host. Ports that no service was given for are answered plausibly, like those of
  /// undeclared hosts: what firmware says there shall be seen.
  virtual void AddHost(HostSpec spec) = 0;
  /// `service` is borrowed and outlives the table. @pre the host was added.
  virtual void Serve(std::string_view host, uint16_t port, PortSecurity security,
                     StreamService& service) = 0;
  /// Authorities of client certificates, PEM, beside the run's own; for ports that ask for them.
  virtual void TrustDevicesOf(std::string_view authority_pem) = 0;
};

}  // namespace dustproof
