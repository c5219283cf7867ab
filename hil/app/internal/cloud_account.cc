#include "hil/app/internal/cloud_account.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace dustproof {
namespace {

using nlohmann::json;

constexpr SimDuration kRetryPause = SimDuration::Seconds(5);
constexpr int kLoginTries = 12;

json ObjectOf(const HttpResponse& response) {
  json body = json::parse(AsText(response.body), nullptr, /*allow_exceptions=*/false);
  return body.is_object() ? body : json::object();
}

}  // namespace

CloudAccount::CloudAccount(const App::Config& config, EventQueue& queue, Phone& phone)
    : config_(config),
      queue_(queue),
      line_(phone, queue, {.host = config.cloud_host, .port = config.api_port, .tls = true}) {}

void CloudAccount::LogIn(std::function<void(int)> done) {
  if (logged_in()) return done(200);
  const json body = {{"account", config_.account}, {"password", config_.password}};
  AskUntilAnswered("POST", "/v1/login", body.dump(), kLoginTries,
                   [this, done = std::move(done)](int status, const json& answer) {
                     const auto token = answer.find("token");
                     const bool has_token = token != answer.end() && token->is_string() &&
                                            !token->get<std::string>().empty();
                     if (status == 200 && has_token) token_ = token->get<std::string>();
                     done(status == 200 && !has_token ? 0 : status);
                   });
}

void CloudAccount::LogOut() {
  token_.clear();
  line_.HangUp();
}

void CloudAccount::Ask(const std::string& method, const std::string& target,
                       const std::string& body, Done done) {
  line_.Ask(method, target, body, token_, [done = std::move(done)](const HttpResponse& response) {
    done(response.status, ObjectOf(response));
  });
}

void CloudAccount::AskRaw(const std::string& target, HttpHeaders headers, RawDone done) {
  line_.Ask("GET", target, "", token_, std::move(done), std::move(headers));
}

void CloudAccount::AskUntilAnswered(const std::string& method, const std::string& target,
                                    const std::string& body, int tries, Done done) {
  Ask(method, target, body, [=, this, done = std::move(done)](int status, const json& answer) {
    if ((status != 0 && status < 500) || tries <= 1) return done(status, answer);
    queue_.ScheduleAfter(kRetryPause, EventSource::kApp,
                         [=, this] { AskUntilAnswered(method, target, body, tries - 1, done); });
  });
}

}  // namespace dustproof
