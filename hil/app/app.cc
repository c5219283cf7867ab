#include "hil/app/app.h"

#include <algorithm>
#include <deque>
#include <nlohmann/json.hpp>
#include <utility>

#include "hil/app/internal/cloud_account.h"
#include "hil/app/internal/consent_screens.h"
#include "hil/app/internal/pairing.h"
#include "hil/app/internal/user_view.h"

namespace dustproof {
namespace {

using nlohmann::json;

constexpr SimDuration kRetryPause = SimDuration::Seconds(5);
constexpr int kTries = 24;  // Five seconds apart: an outage of two minutes is waited out.

std::string TextOf(const json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

uint32_t CountOf(const json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_number_unsigned() ? it->get<uint32_t>() : 0;
}

}  // namespace

class App::Parts {
 public:
  Parts(const Config& config, EventQueue& queue, Phone& phone, CaptureSink& sink)
      : config_(config),
        queue_(queue),
        screens_(config_, queue, sink),
        view_(queue, sink),
        cloud_(config_, queue, phone),
        pairing_(config_, queue, phone, cloud_, screens_, view_) {
    ScheduleChanges();
  }

  bool Perform(const std::string& action);
  void SetAnswers(const ConsentConfiguration& answers);
  void SetConsent(const std::string& consent, ConsentState state);
  const ConsentScreens& screens() const { return screens_; }
  const UserView& view() const { return view_; }
  void AddToHash(Hasher& hasher) const;

 private:
  enum class Phase { kNew, kPairing, kPaired, kEnded };

  void Pair();
  void Send(const std::string& command);
  void ScheduleChanges();
  void ChangeConsent(const ConsentStep& step);
  void SaveConsents();
  void DeleteData();
  void DeleteAccount();
  void LookAtState();
  void LookAtMap();
  void ShowStateAnswer(const json& answer);
  void End(const std::string& why);
  std::string Target(const char* leaf) const {
    return "/v1/robots/" + std::to_string(robot_number_) + leaf;
  }

  Config config_;
  EventQueue& queue_;
  ConsentScreens screens_;
  UserView view_;
  CloudAccount cloud_;
  Pairing pairing_;
  Phase phase_ = Phase::kNew;
  uint32_t robot_number_ = 0;
  std::deque<std::string> waiting_actions_;  // Until the robot is paired.
  std::string map_tag_;
  uint32_t consent_version_shown_ = 0;
  bool consents_unsaved_ = false, saving_consents_ = false;
  bool state_asked_ = false, map_asked_ = false;
  EventId state_timer_ = 0, map_timer_ = 0;
  std::vector<EventId> changes_;
};

bool App::Parts::Perform(const std::string& action) {
  if (action == "pair") {
    if (phase_ == Phase::kNew || phase_ == Phase::kEnded) Pair();
    return true;
  }
  if (phase_ == Phase::kNew || phase_ == Phase::kEnded) return false;
  if (phase_ == Phase::kPairing) {
    waiting_actions_.push_back(action);
  } else if (action == "open_app") {
    LookAtState();
    LookAtMap();
  } else if (action == "delete_data") {
    DeleteData();
  } else if (action == "delete_account") {
    DeleteAccount();
  } else {
    Send(action);
  }
  return true;
}

void App::Parts::Pair() {
  phase_ = Phase::kPairing;
  view_.Tell("app_opened");
  view_.Tell("policy_shown", config_.policy_version);
  screens_.Ask([this](bool accepted) {
    if (!accepted) {
      view_.Tell("policy_declined");
      return End("the policy is declined");
    }
    pairing_.Start([this](uint32_t robot_number) {
      if (robot_number == 0) return End("pairing failed");
      phase_ = Phase::kPaired;
      robot_number_ = robot_number;
      view_.ShowPaired(robot_number);
      SaveConsents();
      for (const std::string& action : std::exchange(waiting_actions_, {})) Perform(action);
      LookAtState();
      LookAtMap();
    });
  });
}

void App::Parts::End(const std::string& why) {
  phase_ = Phase::kEnded;
  robot_number_ = 0;
  waiting_actions_.clear();
  cloud_.LogOut();
  view_.Tell("app_closed", why);
}

void App::Parts::Send(const std::string& command) {
  if (command == "factory_reset") view_.Tell("factory_reset_requested");
  const std::string body = json{{"command", command}}.dump();
  cloud_.AskUntilAnswered(
      "POST", Target("/commands"), body, kTries, [this, command](int status, const json& answer) {
        if (status == 202) return view_.CommandSent(CountOf(answer, "id"), command);
        view_.Tell("command_refused", command + ": status " + std::to_string(status));
      });
}

void App::Parts::ScheduleChanges() {
  for (const ConsentStep& step : config_.answers.changes) {
    if (step.at < queue_.now()) continue;
    changes_.push_back(queue_.Schedule(step.at, EventSource::kConsent, [this, step] { ChangeConsent(step); }));
  }
}

void App::Parts::SetAnswers(const ConsentConfiguration& answers) {
  for (const EventId change : std::exchange(changes_, {})) queue_.Cancel(change);
  config_.answers = answers;
  ScheduleChanges();
}

void App::Parts::SetConsent(const std::string& consent, ConsentState state) {
  config_.answers.initial[consent] = state;
  if (screens_.ledger().Get("C_POLICY") == ConsentState::kUnset) return;  // The screens are still to come.
  const ConsentStep step{.at = queue_.now(), .consent = consent, .state = state};
  queue_.Schedule(step.at, EventSource::kConsent, [this, step] { ChangeConsent(step); });
}

void App::Parts::ChangeConsent(const ConsentStep& step) {
  if (!screens_.accepted() && step.consent != "C_POLICY") {
    return view_.Tell("consent_switch_out_of_reach", step.consent + ": the policy is not accepted");
  }
  screens_.Change(step);
  consents_unsaved_ = true;
  SaveConsents();
}

// Each attempt says what holds by then: an earlier answer that is slow to arrive must not undo a
// later one.
void App::Parts::SaveConsents() {
  if (saving_consents_ || !consents_unsaved_ || phase_ != Phase::kPaired) return;
  saving_consents_ = true;
  consents_unsaved_ = false;
  json consents = json::object();
  for (const auto& [consent, state] : screens_.ledger().states()) consents[consent] = ToWord(state);
  const std::string body = json{{"consents", consents}}.dump();
  cloud_.Ask("PUT", Target("/consents"), body, [this](int status, const json& answer) {
    saving_consents_ = false;
    if (status == 200) {
      view_.Tell("consents_saved", "version " + std::to_string(CountOf(answer, "consent_version")));
      return SaveConsents();
    }
    view_.Tell("consents_not_saved", "status " + std::to_string(status));
    if (status != 0 && status < 500) return;
    consents_unsaved_ = true;
    queue_.ScheduleAfter(kRetryPause, EventSource::kApp, [this] { SaveConsents(); });
  });
}

void App::Parts::DeleteData() {
  view_.Tell("data_deletion_requested");
  cloud_.AskUntilAnswered(
      "DELETE", Target("/data"), "", kTries, [this](int status, const json& answer) {
        if (status == 202) return view_.CommandSent(CountOf(answer, "id"), "delete_data");
        view_.Tell("command_refused", "delete_data: status " + std::to_string(status));
      });
}

void App::Parts::DeleteAccount() {
  view_.Tell("account_deletion_requested");
  cloud_.AskUntilAnswered("DELETE", "/v1/account", "", kTries, [this](int status, const json&) {
    // 401: the first answer was lost, and the account is gone.
    const bool gone = status == 204 || status == 401;
    view_.Tell(gone ? "account_deleted" : "account_not_deleted",
               "status " + std::to_string(status));
    if (gone) End("the account is deleted");
  });
}

void App::Parts::LookAtState() {
  if (phase_ != Phase::kPaired || state_asked_) return;
  queue_.Cancel(state_timer_);
  state_asked_ = true;
  cloud_.Ask("GET", Target("/state"), "", [this](int status, const json& answer) {
    state_asked_ = false;
    if (phase_ != Phase::kPaired) return;
    if (status == 200) ShowStateAnswer(answer);
    if (status == 404) {  // The robot has left the account, as a factory reset does.
      view_.CompleteAll("factory_reset");
      return End("the robot has left the account");
    }
    const bool let_go = !screens_.accepted() &&
                        consent_version_shown_ == CountOf(answer, "consent_version") &&
                        status == 200 && !consents_unsaved_ && !saving_consents_;
    if (let_go) return End("the policy is no longer accepted");
    state_timer_ =
        queue_.ScheduleAfter(config_.state_period, EventSource::kApp, [this] { LookAtState(); });
  });
}

void App::Parts::ShowStateAnswer(const json& answer) {
  if (const std::string state = TextOf(answer, "state"); !state.empty()) view_.ShowState(state);
  const uint32_t version = CountOf(answer, "consent_version_on_robot");
  if (version != consent_version_shown_) {
    consent_version_shown_ = version;
    view_.Tell("consents_on_robot_shown", "version " + std::to_string(version));
  }
  const auto commands = answer.find("commands");
  if (commands == answer.end() || !commands->is_array()) return;
  for (const json& command : *commands) {
    if (command.is_object())
      view_.ShowCommand(CountOf(command, "id"), TextOf(command, "status"),
                        TextOf(command, "error"));
  }
}

void App::Parts::LookAtMap() {
  if (phase_ != Phase::kPaired || map_asked_) return;
  queue_.Cancel(map_timer_);
  const auto again = [this] {
    map_timer_ =
        queue_.ScheduleAfter(config_.map_period, EventSource::kApp, [this] { LookAtMap(); });
  };
  // Without the consent there is no map page.
  if (!screens_.ledger().granted("C_MAP_UPLOAD")) return again();
  map_asked_ = true;
  HttpHeaders headers;
  if (!map_tag_.empty()) headers.emplace_back("If-None-Match", map_tag_);
  cloud_.AskRaw(Target("/map"), headers, [this, again](const HttpResponse& response) {
    map_asked_ = false;
    if (phase_ != Phase::kPaired) return;
    if (response.status == 200) {
      map_tag_ = response.header("ETag");
      view_.ShowMap(response.body);
    }
    again();
  });
}

void App::Parts::AddToHash(Hasher& hasher) const {
  hasher.Add(phase_);
  hasher.Add(robot_number_);
  hasher.Add(screens_.ledger().ToString());
  hasher.Add(map_tag_);
  view_.AddToHash(hasher);
}

App::App(const Config& config, EventQueue& queue, Phone& phone, CaptureSink& sink)
    : parts_(std::make_unique<Parts>(config, queue, phone, sink)) {}
App::~App() = default;

bool App::Perform(const std::string& action) { return parts_->Perform(action); }
void App::SetAnswers(const ConsentConfiguration& answers) { parts_->SetAnswers(answers); }
void App::SetConsent(const std::string& consent, ConsentState state) { parts_->SetConsent(consent, state); }
std::string App::ConsentsNow() const { return parts_->screens().ledger().ToString(); }
const ConsentLedger& App::consents() const { return parts_->screens().ledger(); }
const App::Seen& App::seen() const { return parts_->view().seen(); }
void App::AddToHash(Hasher& hasher) const { parts_->AddToHash(hasher); }

}  // namespace dustproof
