#pragma once

#include <string>

#include "hil/audit/audit_report.h"
#include "hil/audit/internal/truth.h"
#include "hil/audit/policy.h"

namespace dustproof::internal {

/// What a policy says to something that is sent.
struct RuleAnswer {
  Verdict verdict = Verdict::kFail;
  Basis basis = Basis::kDerived;
  std::string clause, rule;  ///< Of the rule that decided.
};

/// Asks a policy about a run's consents and findings. All is borrowed.
class RuleBook {
 public:
  RuleBook(const Truth& truth, const Policy& policy) : truth_(truth), policy_(policy) {}

  /// Whether a rule lets a party have it at `time`, while the consents are as given.
  RuleAnswer Ask(const PolicyRule& rule, const std::string& party, const std::string& consents,
                 SimTime time, Reading reading) const;
  /// The same for a finding, with what holds of clear text.
  RuleAnswer AskFinding(const PolicyRule& rule, const Finding& finding, Reading reading) const;
  /// The rule that a finding is held against: the one for its declared purpose, else the one that
  /// suits the sender best. Null where the policy knows no such category.
  const PolicyRule* RuleFor(const Finding& finding, Reading reading) const;
  /// Whether the policy was not accepted at `time`: the consent that gates all others is not
  /// granted, and the stop bound after its withdrawal is over.
  bool NotAccepted(const std::string& consents, SimTime time) const;

 private:
  struct Question {
    const PolicyRule& rule;
    const std::string& consents;
    SimTime time;
    Reading reading;
  };
  RuleAnswer AskFor(const Question& question, const std::string& party, int depth) const;
  RuleAnswer AskRule(const Question& question, const std::string& party) const;
  RuleAnswer AskEarly(const Question& question, const std::string& party,
                      const Allowance& by_consents) const;
  bool Granted(const std::string& consent, const Question& question) const;

  const Truth& truth_;
  const Policy& policy_;
};

/// The policy's key for a party: its own, or `other` for one that the policy doesn't know.
std::string PolicyPartyOf(const Policy& policy, const std::string& party);

}  // namespace dustproof::internal
