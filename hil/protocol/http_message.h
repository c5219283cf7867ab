#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hil/protocol/stream_core.h"

namespace dustproof {

/// Header fields in the order they came or shall go.
using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

/// The first field of that name, whatever its case; "" where there is none.
std::string_view FindHeader(const HttpHeaders& headers, std::string_view name);

struct HttpRequest {
  std::string method = "GET";
  std::string target = "/";  ///< As on the request line: path and query.
  HttpHeaders headers = {};  ///< `Host` is here; `Content-Length` is added by `Encode`.
  Bytes body = {};
  bool keep_alive = true;  ///< Whether the client lets the connection live on.

  std::string_view header(std::string_view name) const { return FindHeader(headers, name); }
  /// Without the query.
  std::string_view path() const { return std::string_view(target).substr(0, target.find('?')); }
  /// The token of `Authorization: Bearer …`, or "".
  std::string_view bearer() const;
};

struct HttpResponse {
  int status = 200;
  HttpHeaders headers = {};
  Bytes body = {};
  bool keep_alive = true;

  std::string_view header(std::string_view name) const { return FindHeader(headers, name); }
  /// An answer with a body of that media type.
  static HttpResponse With(int status, std::string_view media_type, std::string_view body);
};

/// "Not Found" for 404; "" for a status that has no name here.
std::string_view HttpReason(int status);

/// HTTP/1.1 with `Content-Length`, never chunked.
Bytes Encode(const HttpRequest& request);
/// `with_body` is false for the answer to HEAD: its length is stated, its bytes are not sent.
Bytes Encode(const HttpResponse& response, bool with_body = true);

/// Turns %41 into A; what is not valid percent-encoding stays as it is.
std::string PercentDecode(std::string_view text);

/// For bodies.
Bytes ToBytes(std::string_view text);
std::string_view AsText(const Bytes& bytes);

}  // namespace dustproof
