#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "sim/core/random.h"
#include "sim/core/time.h"

namespace dustproof {

using Bytes = std::vector<std::byte>;

/// Why a handshake or a session broke.
struct TlsFailure {
  std::string reason;  ///< "unknown_ca", "certificate_expired", "wrong_version_number", ….
  bool alert_from_peer = false;  ///< The peer said so, rather than we.
  bool certificate_refused =
      false;  ///< The peer doesn't accept our certificate: pinning, or another trust anchor.
};

/// One end of a TLS session as a sans-IO machine: ciphertext and plaintext in and out, no clock.
/// Made by `MakeTlsServer` and `MakeTlsClient`. TLS 1.2 and 1.3, no tickets, no session cache, no
/// renegotiation.
class TlsEnd {
 public:
  ~TlsEnd();
  TlsEnd(const TlsEnd&) = delete;
  TlsEnd& operator=(const TlsEnd&) = delete;

  /// Ciphertext that arrived. Also call it with nothing, once, to let a client begin.
  void OnBytes(std::span<const std::byte> bytes);
  /// Plaintext to send; kept until the handshake is done.
  void Write(std::span<const std::byte> plaintext);
  /// Says goodbye (close_notify).
  void Close();

  Bytes TakeOutput();     ///< Ciphertext to send.
  Bytes TakePlaintext();  ///< What the peer said.

  bool handshake_done() const;
  bool peer_closed() const;
  const TlsFailure* failure() const;  ///< Null while all is well.

  /// Known once the handshake is done, or earlier.
  std::string server_name() const;  ///< SNI, "" where none was sent.
  std::string alpn() const;
  std::string description() const;       ///< "TLSv1.2 ECDHE-ECDSA-AES128-GCM-SHA256".
  std::string peer_common_name() const;  ///< Of a verified certificate, else "".

  struct Impl;
  explicit TlsEnd(std::unique_ptr<Impl> impl);

 private:
  std::unique_ptr<Impl> impl_;
};

/// Takes a line of the NSS key log, without its end.
using TlsKeyLog = std::function<void(const std::string& line)>;

}  // namespace dustproof
