#include "hil/protocol/http_client.h"

#include <utility>

#include "sim/core/check.h"

namespace dustproof {

void HttpClientConnection::Request(SimTime now, HttpRequest request, Done done) {
  DP_CHECK(is_usable());
  exchanges_.push_back({std::move(request), std::move(done), now + config_.response_timeout});
  if (exchanges_.size() == 1) SendFirst(now);
}

void HttpClientConnection::CloseWhenIdle() {
  close_when_idle_ = true;
  if (!is_idle() || closed_) return;
  closed_ = true;
  Close();
}

void HttpClientConnection::OnOpen(SimTime now) {
  open_ = true;
  if (!exchanges_.empty()) SendFirst(now);
}

void HttpClientConnection::SendFirst(SimTime now) {
  exchanges_.front().deadline = now + config_.response_timeout;
  if (open_) Send(Encode(exchanges_.front().request));
}

void HttpClientConnection::OnBytes(SimTime now, std::span<const std::byte> bytes) {
  if (closed_) return;
  reader_.Append(bytes);
  while (!closed_ && !exchanges_.empty()) {
    Result<std::optional<HttpResponse>> response =
        reader_.Next(exchanges_.front().request.method == "HEAD");
    if (!response.ok()) return Fail(now, response.error());
    if (!response->has_value()) return;
    Complete(now, std::move(**response));
  }
}

void HttpClientConnection::Complete(SimTime now, HttpResponse response) {
  const Exchange exchange = std::move(exchanges_.front());
  exchanges_.pop_front();
  if (!response.keep_alive || (close_when_idle_ && is_idle())) {
    closed_ = true;
    Close();
  } else if (!is_idle()) {
    SendFirst(now);
  }
  exchange.done(now, response);
  if (!response.keep_alive) Fail(now, Error::Environment("the server closed the connection"));
}

void HttpClientConnection::Fail(SimTime now, const Error& error) {
  closed_ = true;
  if (!wants_close()) Close();
  for (const Exchange& exchange : std::exchange(exchanges_, {})) exchange.done(now, error);
}

void HttpClientConnection::OnClose(SimTime now) {
  if (!closed_ && !exchanges_.empty() && open_) {
    const auto last = reader_.Finish();
    if (last.ok() && last->has_value()) {
      HttpResponse response = **last;
      response.keep_alive = false;
      Complete(now, std::move(response));
    }
  }
  Fail(now, Error::Environment("the connection was lost"));
}

void HttpClientConnection::OnTimer(SimTime now) {
  if (!closed_ && !exchanges_.empty() && now >= exchanges_.front().deadline) {
    Fail(now, Error::Environment("no answer in time"));
  }
}

std::optional<SimTime> HttpClientConnection::next_timer() const {
  if (closed_ || exchanges_.empty()) return std::nullopt;
  return exchanges_.front().deadline;
}

}  // namespace dustproof
