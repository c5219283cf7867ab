#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "sim/core/random.h"
#include "sim/core/result.h"
#include "sim/core/time.h"

namespace dustproof {

/// A certificate and its private key, PEM.
struct TlsIdentity {
  std::string certificate_pem;  ///< The leaf, then what the chain needs.
  std::string key_pem;
};

/// Signs the certificates of a run's servers and devices: P-256 and ECDSA with SHA-256 throughout.
///
/// The same seed, names and dates give the same bytes; no clock is read.
class CertificateAuthority {
 public:
  /// A fresh authority whose keys come from `seed` and whose certificates are valid around `now`.
  static CertificateAuthority Create(Seed seed, WallTime now,
                                     std::string_view name = "Dustproof Run CA");
  /// The vendor's own: a CA certificate and its key, each PEM. `seed` is for the keys of what it
  /// signs.
  static Result<CertificateAuthority> FromPem(std::string_view certificate_pem,
                                              std::string_view key_pem, Seed seed, WallTime now);

  CertificateAuthority(CertificateAuthority&&) noexcept;
  CertificateAuthority& operator=(CertificateAuthority&&) noexcept;
  ~CertificateAuthority();

  /// For those who are to trust it.
  const std::string& certificate_pem() const;

  /// For a server called `host`: a DNS name, or an IPv4 address in dotted form. Any bytes are
  /// taken.
  TlsIdentity IssueServer(std::string_view host) const { return IssueServer(std::array{host}); }
  /// For a server with several such names, the first of which is its common name. @pre any
  TlsIdentity IssueServer(std::span<const std::string_view> hosts) const;
  /// For a device that shows a client certificate with this common name.
  TlsIdentity IssueDevice(std::string_view common_name) const;

 private:
  struct Impl;
  explicit CertificateAuthority(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Problems of a PEM identity that somebody gives us: unreadable, or the key doesn't belong to the
/// certificate.
Result<void> CheckTlsIdentity(const TlsIdentity& identity);

}  // namespace dustproof
