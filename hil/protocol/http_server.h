#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "hil/protocol/http_message.h"
#include "hil/protocol/http_parser.h"
#include "hil/protocol/stream_core.h"

namespace dustproof {

/// What a server does with a request: answers, after a while or at once, or hangs up without a
/// word.
struct HttpReply {
  HttpResponse response = {};
  SimDuration delay = {};
  bool drop_connection = false;
};

/// An HTTP/1.1 server without I/O or clock: keep-alive, pipelining, limits and time-outs. Requests
/// of one connection are answered in their order. It outlives its connections.
class HttpService final : public StreamService {
 public:
  using Handler =
      std::function<HttpReply(SimTime now, const StreamPeer& peer, const HttpRequest& request)>;

  struct Config {
    std::string server_name = "";  ///< `Server` of every response; "" sends none.
    HttpLimits limits = {};
    SimDuration request_timeout =
        SimDuration::Seconds(30);  ///< From the first byte of a request to its last.
    SimDuration idle_timeout = SimDuration::Seconds(75);  ///< Between requests.
  };

  HttpService(const Config& config, Handler handler)
      : config_(config), handler_(std::move(handler)) {}

  std::unique_ptr<StreamCore> Accept(SimTime now, const StreamPeer& peer) override;

 private:
  class Connection;
  const Config config_;
  const Handler handler_;
};

}  // namespace dustproof
