#include "hil/app/internal/http_line.h"

#include <utility>
#include <vector>

namespace dustproof {

/// Answered once, by the connection or by the failure to make one.
struct HttpLine::Call {
  Done done;
  void Answer(const HttpResponse& response) {
    if (const Done answer = std::exchange(done, nullptr)) answer(response);
  }
  void Fail(const std::string& why) { Answer({.status = 0, .body = ToBytes(why)}); }
};

struct HttpLine::Connection {
  std::shared_ptr<HttpClientConnection* const> core;
  std::vector<std::shared_ptr<Call>> calls;  // Those that may fail with the connection.
  bool usable() const { return core && *core && (*core)->is_usable(); }
};

void HttpLine::Ask(const std::string& method, const std::string& target, const std::string& body,
                   const std::string& token, Done done, HttpHeaders headers) {
  const bool is_new = !connection_ || !connection_->usable();
  std::unique_ptr<HttpClientConnection> core;
  if (is_new) {
    core = std::make_unique<HttpClientConnection>(HttpClientConnection::Config{});
    connection_ = std::make_shared<Connection>(Connection{.core = core->handle(), .calls = {}});
  }
  const bool usual_port = dial_.port == (dial_.tls ? 443 : 80);
  HttpRequest request{.method = method, .target = target, .body = ToBytes(body)};
  request.headers = {
      {"Host", usual_port ? dial_.host : dial_.host + ":" + std::to_string(dial_.port)},
      {"User-Agent", "dustproof-app"}};
  if (!token.empty()) request.headers.emplace_back("Authorization", "Bearer " + token);
  if (!body.empty()) request.headers.emplace_back("Content-Type", "application/json");
  request.headers.insert(request.headers.end(), headers.begin(), headers.end());

  auto call = std::make_shared<Call>(Call{std::move(done)});
  std::erase_if(connection_->calls, [](const auto& earlier) { return !earlier->done; });
  connection_->calls.push_back(call);
  (*connection_->core)
      ->Request(queue_.now(), std::move(request),
                [call](SimTime, const Result<HttpResponse>& response) {
                  response.ok() ? call->Answer(*response)
                                : call->Fail(response.error().diagnostics.front().message);
                });
  if (!is_new) return;
  phone_.Connect(dial_, std::move(core), [connection = connection_](const std::string& why) {
    for (const auto& failed : std::exchange(connection->calls, {})) failed->Fail(why);
  });
}

void HttpLine::HangUp() {
  if (connection_ && connection_->usable()) (*connection_->core)->CloseWhenIdle();
  connection_.reset();
}

}  // namespace dustproof
