#include "hil/protocol/http_server.h"

#include <utility>

namespace dustproof {

class HttpService::Connection final : public StreamCore {
 public:
  Connection(SimTime now, const HttpService& service, StreamPeer peer)
      : service_(service),
        peer_(std::move(peer)),
        reader_(service.config_.limits),
        deadline_(now + service.config_.idle_timeout) {}

  void OnBytes(SimTime now, std::span<const std::byte> bytes) override {
    if (wants_close()) return;
    if (!reader_.in_request()) deadline_ = now + service_.config_.request_timeout;
    reader_.Append(bytes);
    ReadRequests(now);
  }

  void OnTimer(SimTime now) override {
    if (wants_close()) return;
    if (waiting_ && now >= waiting_->due) {
      SendReply(std::exchange(waiting_, std::nullopt)->reply);
      deadline_ = now + service_.config_.request_timeout;
      ReadRequests(now);
    } else if (!waiting_ && now >= deadline_) {
      if (!reader_.in_request()) return Close();
      SendError(408);
    }
  }

  std::optional<SimTime> next_timer() const override {
    if (wants_close()) return std::nullopt;
    return waiting_ ? waiting_->due : deadline_;
  }

 private:
  struct Waiting {
    SimTime due;
    HttpReply reply;
  };

  void ReadRequests(SimTime now) {
    while (!waiting_ && !wants_close()) {
      Result<std::optional<HttpRequest>> request = reader_.Next();
      if (!request.ok()) return SendError(reader_.error_status());
      if (reader_.TakeContinueWish()) Send(ToBytes("HTTP/1.1 100 Continue\r\n\r\n"));
      if (!request->has_value()) {
        if (!reader_.in_request()) deadline_ = now + service_.config_.idle_timeout;
        return;
      }
      Answer(now, **request);
    }
  }

  void Answer(SimTime now, const HttpRequest& request) {
    HttpReply reply = service_.handler_(now, peer_, request);
    reply.response.keep_alive = reply.response.keep_alive && request.keep_alive;
    to_head_ = request.method == "HEAD";
    if (reply.delay > SimDuration()) {
      waiting_ = Waiting{.due = now + reply.delay, .reply = std::move(reply)};
      Send({});  // Nothing yet, but the driver learns of the timer.
    } else {
      SendReply(std::move(reply));
    }
  }

  /// The stream can't be understood from here on: says why, and ends it.
  void SendError(int status) {
    to_head_ = false;
    SendReply({.response = {.status = status, .keep_alive = false}});
  }

  void SendReply(HttpReply reply) {
    if (reply.drop_connection) return Close();
    const std::string& name = service_.config_.server_name;
    if (!name.empty())
      reply.response.headers.insert(reply.response.headers.begin(), {"Server", name});
    Send(Encode(reply.response, !to_head_));
    if (!reply.response.keep_alive) Close();
  }

  const HttpService& service_;
  const StreamPeer peer_;
  HttpRequestReader reader_;
  std::optional<Waiting> waiting_;
  bool to_head_ = false;
  SimTime deadline_;
};

std::unique_ptr<StreamCore> HttpService::Accept(SimTime now, const StreamPeer& peer) {
  return std::make_unique<Connection>(now, *this, peer);
}

}  // namespace dustproof
