#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>

#include "hil/protocol/http_message.h"
#include "sim/core/result.h"

namespace dustproof {

struct HttpLimits {
  size_t header_bytes_max = 16 * 1024;
  size_t body_bytes_max = 8 * 1024 * 1024;
};

/// Cuts a client's byte stream into requests: pipelined, chunked, in pieces of any size. Strict:
/// what proxies and servers are known to read differently (both lengths, unknown transfer codings,
/// no or two hosts) is refused.
class HttpRequestReader {
 public:
  explicit HttpRequestReader(const HttpLimits& limits);
  ~HttpRequestReader();
  HttpRequestReader(HttpRequestReader&&) noexcept;
  HttpRequestReader& operator=(HttpRequestReader&&) noexcept;

  void Append(std::span<const std::byte> bytes);
  /// The next whole request; nothing while one is incomplete. After an error the stream can't be
  /// resumed.
  Result<std::optional<HttpRequest>> Next();
  /// What to answer after `Next` failed: 400, 413, 431, 501 or 505.
  int error_status() const;
  /// True once for a request whose client waits for "100 Continue" before it sends the body.
  bool TakeContinueWish();
  /// Whether part of a request has come.
  bool in_request() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Cuts a server's byte stream into responses. Interim ones (1xx) are passed over.
class HttpResponseReader {
 public:
  explicit HttpResponseReader(const HttpLimits& limits);
  ~HttpResponseReader();
  HttpResponseReader(HttpResponseReader&&) noexcept;
  HttpResponseReader& operator=(HttpResponseReader&&) noexcept;

  void Append(std::span<const std::byte> bytes);
  /// `to_head`: the response answers HEAD, so that no body follows.
  Result<std::optional<HttpResponse>> Next(bool to_head = false);
  /// The server closed: completes a response whose end is the end of the stream.
  Result<std::optional<HttpResponse>> Finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace dustproof
