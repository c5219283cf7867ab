#include "hil/app/internal/pairing.h"

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

namespace dustproof {
namespace {

using nlohmann::json;

constexpr int kTries = 12;
constexpr SimDuration kRetryPause = SimDuration::Seconds(5);
constexpr SimDuration kOnlinePollPause = SimDuration::Seconds(2);
constexpr const char* kRobotAddress = "192.168.4.1";

json ConsentsAsJson(const ConsentLedger& ledger) {
  json consents = json::object();
  for (const auto& [consent, state] : ledger.states()) consents[consent] = ToWord(state);
  return consents;
}

/// The robots of `GET /v1/robots`: number, and whether it is online.
std::vector<std::pair<uint32_t, bool>> RobotsOf(const json& answer) {
  std::vector<std::pair<uint32_t, bool>> robots;
  const auto list = answer.find("robots");
  if (list == answer.end() || !list->is_array()) return robots;
  for (const json& robot : *list) {
    if (!robot.is_object()) continue;
    const uint32_t number = robot.contains("number") && robot["number"].is_number_unsigned()
                                ? robot["number"].get<uint32_t>()
                                : 0;
    if (number != 0)
      robots.emplace_back(number, robot.contains("online") && robot["online"] == true);
  }
  return robots;
}

}  // namespace

void Pairing::After(SimDuration delay, std::function<void()> action) {
  queue_.ScheduleAfter(delay, EventSource::kApp, std::move(action));
}

void Pairing::Start(Done done) {
  done_ = std::move(done);
  attempts_left_ = config_.pairing_attempts;
  known_robots_.reset();
  Attempt();
}

void Pairing::Fail(const std::string& why) {
  view_.Tell("pairing_attempt_failed", why);
  if (robot_) robot_->HangUp();
  if (attempts_left_ > 0) return After(kRetryPause, [this] { Attempt(); });
  view_.Tell("pairing_failed", why);
  std::exchange(done_, nullptr)(0);
}

void Pairing::Attempt() {
  --attempts_left_;
  const bool was_logged_in = cloud_.logged_in();
  cloud_.LogIn([this, was_logged_in](int status) {
    if (status != 200) return Fail("log-in: status " + std::to_string(status));
    if (!was_logged_in) view_.Tell("logged_in");
    NoteRobotsThereAre();
  });
}

void Pairing::NoteRobotsThereAre() {
  cloud_.AskUntilAnswered("GET", "/v1/robots", "", kTries, [this](int status, const json& answer) {
    if (status != 200) return Fail("list of robots: status " + std::to_string(status));
    // A robot that an earlier attempt gave up on may have come since.
    if (known_robots_) return TakeNewRobot(answer) ? void() : AskForToken();
    known_robots_.emplace();
    for (const auto& [number, online] : RobotsOf(answer)) known_robots_->insert(number);
    AskForToken();
  });
}

void Pairing::AskForToken() {
  const json body = {{"policy_version", config_.policy_version},
                     {"consents", ConsentsAsJson(screens_.ledger())}};
  cloud_.AskUntilAnswered("POST", "/v1/pairings", body.dump(), kTries,
                          [this](int status, const json& answer) {
                            const auto token = answer.find("pairing_token");
                            if (status != 201 || token == answer.end() || !token->is_string()) {
                              return Fail("pairing token: status " + std::to_string(status));
                            }
                            pairing_token_ = token->get<std::string>();
                            cloud_.HangUp();
                            JoinHotspot(kTries);
                          });
}

void Pairing::JoinHotspot(int tries_left) {
  phone_.JoinWifi(
      config_.hotspot_ssid, config_.hotspot_passphrase,
      [this, tries_left](const std::string& problem) {
        if (problem.empty()) {
          view_.Tell("hotspot_joined");
          robot_ = std::make_unique<HttpLine>(
              phone_, queue_, Phone::Dial{.host = kRobotAddress, .port = 80, .tls = false});
          return GreetRobot(kTries);
        }
        // Its hotspot may not be open yet: a robot takes its time to start.
        if (tries_left > 1)
          return After(kRetryPause, [this, tries_left] { JoinHotspot(tries_left - 1); });
        view_.Tell("hotspot_out_of_reach", problem);
        phone_.JoinWifi(config_.wifi_ssid, config_.wifi_password,
                        [this](const std::string&) { WaitForRobot(queue_.now(), "no setup hotspot"); });
      });
}

void Pairing::GreetRobot(int tries_left) {
  robot_->Ask("GET", "/info", "", "", [this, tries_left](const HttpResponse& response) {
    const json info = json::parse(AsText(response.body), nullptr, false);
    const bool ok = response.status == 200 && info.is_object() && info.contains("model") &&
                    info["model"].is_string();
    if (ok) {
      view_.Tell("robot_found", info["model"].get<std::string>());
      return Provision(kTries);
    }
    if (tries_left > 1)
      return After(kRetryPause, [this, tries_left] { GreetRobot(tries_left - 1); });
    GoHome(1);
  });
}

void Pairing::Provision(int tries_left) {
  const json body = {{"ssid", config_.wifi_ssid},
                     {"password", config_.wifi_password},
                     {"host", config_.cloud_host},
                     {"api_port", config_.api_port},
                     {"mqtt_port", config_.mqtt_port},
                     {"pairing_token", pairing_token_},
                     {"policy_version", config_.policy_version},
                     {"consents", ConsentsAsJson(screens_.ledger())}};
  robot_->Ask("POST", "/provision", body.dump(), "",
              [this, tries_left](const HttpResponse& response) {
                if (response.status == 202) {
                  view_.Tell("provisioned");
                } else if (response.status == 0 && tries_left > 1) {
                  return After(kRetryPause, [this, tries_left] { Provision(tries_left - 1); });
                } else {
                  view_.Tell("provisioning_refused", "status " + std::to_string(response.status));
                }
                robot_->HangUp();
                GoHome(kTries);
              });
}

void Pairing::GoHome(int tries_left) {
  phone_.JoinWifi(config_.wifi_ssid, config_.wifi_password,
                  [this, tries_left](const std::string& problem) {
                    if (!problem.empty() && tries_left > 1)
                      return After(kRetryPause, [this, tries_left] { GoHome(tries_left - 1); });
                    WaitForRobot(queue_.now() + config_.online_timeout, "the robot did not come online");
                  });
}

bool Pairing::TakeNewRobot(const json& answer) {
  for (const auto& [number, online] : RobotsOf(answer)) {
    if (!online || known_robots_->contains(number)) continue;
    std::exchange(done_, nullptr)(number);
    return true;
  }
  return false;
}

void Pairing::WaitForRobot(SimTime until, const std::string& why_not) {
  cloud_.Ask("GET", "/v1/robots", "", [this, until, why_not](int status, const json& answer) {
    if (status == 200 && TakeNewRobot(answer)) return;
    if (queue_.now() >= until) return Fail(why_not);
    After(kOnlinePollPause, [this, until, why_not] { WaitForRobot(until, why_not); });
  });
}

}  // namespace dustproof
