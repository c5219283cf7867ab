#pragma once

#include "hil/protocol/certificate_authority.h"
#include "hil/protocol/tls_end.h"

namespace dustproof {

struct TlsServerConfig {
  /// Chooses the certificate once the client has said whom it wants ("" without SNI).
  std::function<TlsIdentity(const std::string& server_name)> identity;
  RandomStream random{0};  ///< Of this connection alone.
  WallTime now;            ///< For the validity of a client's certificate.
  std::string
      client_trust_pem;  ///< Ask for a client certificate by these authorities; "" doesn't ask.
  TlsKeyLog key_log;     ///< May be empty.
};

std::unique_ptr<TlsEnd> MakeTlsServer(TlsServerConfig config);

}  // namespace dustproof
