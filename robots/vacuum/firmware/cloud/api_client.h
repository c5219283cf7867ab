#pragma once

#include <memory>
#include <optional>
#include <string>

#include "robots/vacuum/firmware/cloud/consent_gate.h"
#include "robots/vacuum/firmware/cloud/http.h"
#include "robots/vacuum/firmware/cloud/tls_stream.h"
#include "robots/vacuum/firmware/platform.h"

namespace vacuum {

/// The vendor's HTTPS API, one request after another over a connection that is kept while the
/// server likes it.
class ApiClient {
 public:
  /// Both outlive the client.
  ApiClient(const Platform& hal, TlsContext& tls) : hal_(hal), tls_(tls) {}

  struct Request {
    std::string method;
    std::string path;
    std::string bearer;        ///< Credential; "" sends no Authorization.
    std::string content_type;  ///< "" sends no body.
    std::string_view body;
    uint64_t connect_us_max = DP_FOREVER;  ///< Where connecting takes longer, nothing is sent.
  };
  /// Blocking. The response, or none where there was no whole one or the permit lapsed on the way.
  std::optional<HttpMessage> Do(const Permit& permit, const std::string& host, uint16_t port,
                                const Request& request);
  /// Ends the connection, if one is kept.
  void Close();

 private:
  bool Send(const Permit& permit, const std::string& host, uint16_t port, const Request& request);

  const Platform& hal_;
  TlsContext& tls_;
  std::unique_ptr<TlsStream> stream_;
  std::string buffer_;
  std::string connected_to_;
};

}  // namespace vacuum
