#include "sim/scenario/consent.h"

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
