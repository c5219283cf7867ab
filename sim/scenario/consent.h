#pragma once

#include <map>
#include <string>
#include <vector>

#include "sim/core/result.h"
#include "sim/core/time.h"

namespace dustproof {

/// A consent's state. Unset (never answered) counts as denied wherever consent is needed.
enum class ConsentState { kUnset, kGranted, kDenied, kWithdrawn };
const char* ToWord(ConsentState state);
/// The state of a word, or false where it is none.
bool ParseConsentState(const std::string& word, ConsentState* out);

/// One consent takes a state at an instant.
struct ConsentStep {
  SimTime at;  ///< `SimTime::Zero()`: the answer given on the consent screen while pairing.
  std::string consent;  ///< A name of the policy, e.g. `C_MAP_UPLOAD`.
  ConsentState state = ConsentState::kUnset;
};

/// What the user answers on the consent screens, and what is changed later.
struct ConsentConfiguration {
  std::string name;
  std::string description;
  bool run_by_default = true;
  std::map<std::string, ConsentState> initial;  ///< Answers on the consent screen.
  std::vector<ConsentStep> changes;             ///< Later ones, by time.
  SourceLocation where = {};                    ///< In the scenario's file; none for one that has no line there.
};

/// A configuration in one line, without its name: `C_MAP_UPLOAD=granted/withdrawn@6min10s,C_POLICY=granted`. For each
/// consent the answer on its screen, then what it is changed to later; by name. A consent that is never answered and
/// never changed is left out; one that is only changed begins with `unset`. Read, `withdrawn@T` and `denied@T` alone
/// begin with `granted`, and `granted@T` with `denied`.
std::string ToText(const ConsentConfiguration& configuration);
/// Reads such a line; every problem at once. The name stays empty.
Result<ConsentConfiguration> ParseAnswers(const std::string& text);

/// The consents as they are now: "C_DEVID=denied,C_POLICY=granted", sorted by name. Every known
/// consent is in it.
class ConsentLedger {
 public:
  explicit ConsentLedger(const std::vector<std::string>& consents);
  void Set(const std::string& consent, ConsentState state) { states_[consent] = state; }
  ConsentState Get(const std::string& consent) const;
  bool granted(const std::string& consent) const { return Get(consent) == ConsentState::kGranted; }
  const std::map<std::string, ConsentState>& states() const { return states_; }
  std::string ToString() const;

 private:
  std::map<std::string, ConsentState> states_;
};

}  // namespace dustproof
