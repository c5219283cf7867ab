#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "hil/protocol/http_server.h"

namespace dustproof {

/// One request on its way to whoever answers it.
struct HttpCall {
  SimTime now;
  const StreamPeer& peer;
  const HttpRequest& request;
  std::map<std::string, std::string> parameters =
      {};  ///< What `{name}` in the pattern stood for, percent-decoded.
};

/// Finds who answers a request, by method and path. A pattern such as "/v1/robots/{id}/map" takes
/// whole segments; one that ends in "/*" takes every path below. The first route that fits wins.
class HttpRouter {
 public:
  using Handler = std::function<HttpReply(const HttpCall&)>;

  void Add(std::string method, std::string pattern, Handler handler);

  /// 404 where no path fits, 405 with `Allow` where only the method doesn't. GET routes answer
  /// HEAD.
  HttpReply Handle(SimTime now, const StreamPeer& peer, const HttpRequest& request) const;

 private:
  struct Route {
    std::string method, pattern;
    Handler handler;
  };
  std::vector<Route> routes_;
};

}  // namespace dustproof
