#include "sim/scenario/consent.h"

#include <algorithm>
#include <sstream>

#include "sim/config/number.h"
#include "sim/core/diagnostic.h"

namespace dustproof {
namespace {
constexpr const char* kWords[] = {"unset", "granted", "denied", "withdrawn"};
}

const char* ToWord(ConsentState state) { return kWords[static_cast<int>(state)]; }

bool ParseConsentState(const std::string& word, ConsentState* out) {
  for (int i = 0; i < 4; ++i) {
    if (word == kWords[i]) {
      *out = static_cast<ConsentState>(i);
      return true;
    }
  }
  return false;
}

std::string ToText(const ConsentConfiguration& configuration) {
  std::map<std::string, std::string> words;
  for (const auto& [consent, state] : configuration.initial) {
    if (state != ConsentState::kUnset) words[consent] = ToWord(state);
  }
  for (const ConsentStep& step : configuration.changes) {
    std::string& word = words.try_emplace(step.consent, ToWord(ConsentState::kUnset)).first->second;
    word += std::string("/") + ToWord(step.state) + "@" + FormatDuration(step.at - SimTime::Zero());
  }
  std::string text;
  for (const auto& [consent, word] : words) text += (text.empty() ? "" : ",") + consent + "=" + word;
  return text;
}

namespace {

std::vector<std::string> Split(const std::string& text, char at) {
  std::vector<std::string> pieces;
  std::istringstream stream(text);
  for (std::string piece; std::getline(stream, piece, at);) pieces.push_back(piece);
  return pieces;
}

// "" or what is wrong with one consent's words.
std::string TakeAnswer(const std::string& consent, const std::string& words, ConsentConfiguration* out) {
  SimTime last = SimTime::Zero();
  for (const std::string& word : Split(words, '/')) {
    const size_t at = word.find('@');
    ConsentState state{};
    if (!ParseConsentState(word.substr(0, at), &state))
      return consent + ": '" + word.substr(0, at) + "' is none of unset, granted, denied, withdrawn";
    const bool first = !out->initial.contains(consent);
    if (first && at != std::string::npos)
      out->initial[consent] = state == ConsentState::kGranted ? ConsentState::kDenied : ConsentState::kGranted;
    if (!first && at == std::string::npos)
      return consent + ": a later change needs its time, as in withdrawn@6min10s; got '" + word + "'";
    if (at == std::string::npos) {
      if (state == ConsentState::kWithdrawn) return consent + ": can't be withdrawn on its screen, before it was granted";
      out->initial[consent] = state;
      continue;
    }
    const auto time = ParseDuration(word.substr(at + 1));
    if (!time || *time < SimDuration()) return consent + ": '" + word.substr(at + 1) + "' is no time after the start, as 6min10s is";
    if (SimTime::Zero() + *time < last) return consent + ": changes stand in the order of their times, and '" + word + "' comes before the one ahead of it";
    last = SimTime::Zero() + *time;
    out->changes.push_back({SimTime::Zero() + *time, consent, state});
  }
  return out->initial.contains(consent) ? "" : consent + ": has no answer";
}

}  // namespace

Result<ConsentConfiguration> ParseAnswers(const std::string& text) {
  ConsentConfiguration configuration;
  Error problems;
  for (const std::string& entry : Split(text, ',')) {
    const size_t equals = entry.find('=');
    std::string problem;
    if (equals == std::string::npos || equals == 0) {
      problem = "'" + entry + "' is not CONSENT=STATE";
    } else if (configuration.initial.contains(entry.substr(0, equals))) {
      problem = entry.substr(0, equals) + ": stands there twice";
    } else {
      problem = TakeAnswer(entry.substr(0, equals), entry.substr(equals + 1), &configuration);
    }
    if (!problem.empty()) problems.diagnostics.push_back({{}, "", problem});
  }
  if (!problems.diagnostics.empty()) return problems;
  std::stable_sort(configuration.changes.begin(), configuration.changes.end(),
                   [](const ConsentStep& a, const ConsentStep& b) { return a.at < b.at; });
  return configuration;
}

ConsentLedger::ConsentLedger(const std::vector<std::string>& consents) {
  for (const std::string& consent : consents) states_[consent] = ConsentState::kUnset;
}

ConsentState ConsentLedger::Get(const std::string& consent) const {
  const auto it = states_.find(consent);
  return it == states_.end() ? ConsentState::kUnset : it->second;
}

std::string ConsentLedger::ToString() const {
  std::string text;
  for (const auto& [consent, state] : states_) {
    if (!text.empty()) text += ',';
    text += consent + '=' + ToWord(state);
  }
  return text;
}

}  // namespace dustproof
