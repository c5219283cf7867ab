#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "robots/vacuum/firmware/byte_io.h"
#include "robots/vacuum/firmware/cloud/byte_stream.h"

/// HTTP/1.1 messages: enough for the vendor's API and the setup hotspot.
namespace vacuum {

struct HttpHeader {
  std::string name;   ///< In lower case.
  std::string value;  ///< Without surrounding space.
};

/// A message as received: `start` is the request or status line.
struct HttpMessage {
  std::string start;
  std::vector<HttpHeader> headers;
  std::string body;

  /// The value of the first header `name` (lower case), or "".
  std::string_view Find(std::string_view name) const;
  /// Of a response, 100–599; 0 where the line isn't one.
  int status() const;
  /// Whether the sender closes the connection after this message.
  bool last() const;
};

struct HttpLimits {
  size_t head_bytes_max = 8192;
  size_t body_bytes_max = 65536;
};

/// Reads one message; bytes read beyond it stay in `buffer` for the next. A response's body may be
/// delimited by its length, chunks or the end of the stream; a request's only by its length or
/// chunks. None where the peer breaks HTTP or the limits, closes, or takes longer than
/// `deadline_us` by `now_us`.
std::optional<HttpMessage> ReadHttpMessage(ByteStream& stream, std::string& buffer,
                                           bool is_response, const HttpLimits& limits,
                                           const std::function<uint64_t()>& now_us,
                                           uint64_t deadline_us);

}  // namespace vacuum
