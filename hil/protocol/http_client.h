#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>

#include "hil/protocol/http_message.h"
#include "hil/protocol/http_parser.h"
#include "hil/protocol/stream_core.h"
#include "sim/core/result.h"

namespace dustproof {

/// An HTTP/1.1 client's end of one connection, without I/O or clock. Requests may be added at any
/// time; they go out one after another, each once the answer before it has come.
class HttpClientConnection final : public StreamCore {
 public:
  /// Called once a request: with the answer, or with why there will be none.
  using Done = std::function<void(SimTime now, const Result<HttpResponse>& response)>;

  struct Config {
    HttpLimits limits = {};
    SimDuration response_timeout =
        SimDuration::Seconds(30);  ///< Connecting is part of the first request's time.
  };

  explicit HttpClientConnection(const Config& config) : config_(config), reader_(config.limits) {}
  /// Whoever waits is not called any more.
  ~HttpClientConnection() override { *self_ = nullptr; }
  HttpClientConnection(const HttpClientConnection&) = delete;
  HttpClientConnection& operator=(const HttpClientConnection&) = delete;

  /// Points to this connection, and to null once it is gone: for who hands it to a driver that owns
  /// it from then on.
  std::shared_ptr<HttpClientConnection* const> handle() const { return self_; }

  /// @pre is_usable()
  void Request(SimTime now, HttpRequest request, Done done);
  /// Whether a further request would be sent: not once the stream has failed or ends.
  bool is_usable() const { return !closed_; }
  bool is_idle() const { return exchanges_.empty(); }
  /// Ends the connection after what is under way.
  void CloseWhenIdle();

  void OnOpen(SimTime now) override;
  void OnBytes(SimTime now, std::span<const std::byte> bytes) override;
  void OnClose(SimTime now) override;
  void OnTimer(SimTime now) override;
  std::optional<SimTime> next_timer() const override;

 private:
  struct Exchange {
    HttpRequest request;
    Done done;
    SimTime deadline;
  };

  void SendFirst(SimTime now);
  void Complete(SimTime now, HttpResponse response);
  void Fail(SimTime now, const Error& error);

  const Config config_;
  const std::shared_ptr<HttpClientConnection*> self_ =
      std::make_shared<HttpClientConnection*>(this);
  HttpResponseReader reader_;
  std::deque<Exchange> exchanges_;  // The first is under way once `open_`.
  bool open_ = false;
  bool closed_ = false;
  bool close_when_idle_ = false;
};

}  // namespace dustproof
