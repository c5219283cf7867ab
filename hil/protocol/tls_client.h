#pragma once

#include <optional>

#include "hil/protocol/certificate_authority.h"
#include "hil/protocol/tls_end.h"

namespace dustproof {

struct TlsClientConfig {
  std::string server_name;  ///< Sent as SNI and held against the server's certificate.
  std::string trust_pem;    ///< Authorities to trust; "" accepts any certificate.
  std::vector<std::string> alpn;
  std::optional<TlsIdentity> identity;  ///< A client certificate to show if asked.
  RandomStream random{0};
  WallTime now;
  TlsKeyLog key_log;
};

std::unique_ptr<TlsEnd> MakeTlsClient(TlsClientConfig config);

}  // namespace dustproof
