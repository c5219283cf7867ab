#include "hil/app/internal/consent_screens.h"

#include <utility>

namespace dustproof {

ConsentScreens::ConsentScreens(const App::Config& config, EventQueue& queue, CaptureSink& sink)
    : config_(config), queue_(queue), sink_(sink), ledger_(config.consents) {}

void ConsentScreens::Ask(std::function<void(bool)> done) {
  queue_.ScheduleAfter(config_.screen_time, EventSource::kApp, [this, done = std::move(done)] {
    Answer("C_POLICY", Wanted("C_POLICY"), "app: policy screen");
    if (!accepted()) return done(false);
    AskNext(0, done);
  });
}

void ConsentScreens::AskNext(size_t index, std::function<void(bool)> done) {
  while (index < config_.consents.size() && config_.consents[index] == "C_POLICY") ++index;
  if (index == config_.consents.size()) return done(true);
  queue_.ScheduleAfter(config_.screen_time, EventSource::kApp,
                       [this, index, done = std::move(done)] {
                         const std::string& consent = config_.consents[index];
                         // A switch that was turned meanwhile, or a screen that is left without an
                         // answer, stays as it is.
                         if (ledger_.Get(consent) == ConsentState::kUnset &&
                             Wanted(consent) != ConsentState::kUnset) {
                           Answer(consent, Wanted(consent), "app: consent screen");
                         }
                         AskNext(index + 1, done);
                       });
}

void ConsentScreens::Change(const ConsentStep& step) {
  const bool takes_policy_back = step.consent == "C_POLICY" && step.state != ConsentState::kGranted;
  Answer(step.consent, step.state, "app: settings");
  if (!takes_policy_back) return;
  for (const auto& [consent, state] : std::map(ledger_.states())) {
    if (state == ConsentState::kGranted)
      Answer(consent, ConsentState::kWithdrawn, "app: settings, with the policy");
  }
}

void ConsentScreens::Answer(const std::string& consent, ConsentState state, const char* cause) {
  ledger_.Set(consent, state);
  sink_.Write(ConsentChange{
      .time = queue_.now(), .consent = consent, .state = ToWord(state), .cause = cause});
}

ConsentState ConsentScreens::Wanted(const std::string& consent) const {
  const auto it = config_.answers.initial.find(consent);
  return it == config_.answers.initial.end() ? ConsentState::kUnset : it->second;
}

}  // namespace dustproof
