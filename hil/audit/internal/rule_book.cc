#include "hil/audit/internal/rule_book.h"

#include <algorithm>

#include "hil/audit/internal/consent_time.h"

namespace dustproof::internal {

namespace {

constexpr int kDepthMax = 3;  // Of "as that party may".
constexpr const char* kDevice = "device";

bool IsNetwork(EmissionKind kind) {
  return kind != EmissionKind::kFlashAtRest && kind != EmissionKind::kUart;
}

bool Names(const PartyRule& rule, const std::string& party) {
  return std::find(rule.parties.begin(), rule.parties.end(), party) != rule.parties.end();
}

}  // namespace

std::string PolicyPartyOf(const Policy& policy, const std::string& party) {
  return policy.FindParty(party) != nullptr ? party : "other";
}

RuleAnswer RuleBook::Ask(const PolicyRule& rule, const std::string& party,
                         const std::string& consents, SimTime time, Reading reading) const {
  return AskFor({rule, consents, time, reading}, party, 0);
}

bool RuleBook::NotAccepted(const std::string& consents, SimTime time) const {
  return StateOf(consents, policy_.master_consent) != "granted" &&
         !WithinStopBound(truth_, policy_, policy_.master_consent, time);
}

bool RuleBook::Granted(const std::string& consent, const Question& question) const {
  return StateOf(question.consents, consent) == "granted" ||
         WithinStopBound(truth_, policy_, consent, question.time);
}

/// First what holds of the party whatever the category.
RuleAnswer RuleBook::AskFor(const Question& question, const std::string& party, int depth) const {
  for (const PartyRule& special : policy_.party_rules) {
    const bool holds = special.emitter == question.rule.emitter &&
                       Names(special, PolicyPartyOf(policy_, party)) && depth <= kDepthMax;
    if (!holds) continue;
    if (!special.consent.empty() && StateOf(question.consents, special.consent) == "granted")
      return AskFor(question, special.as_party, depth + 1);
    const std::string& effect = special.effect[static_cast<size_t>(question.reading)];
    if (effect.starts_with("as ")) return AskFor(question, effect.substr(3), depth + 1);
    return {effect == "fail" ? Verdict::kFail : Verdict::kUndetermined, special.basis, special.cite,
            special.id};
  }
  return AskRule(question, party);
}

/// Then the rule itself, or what holds while the policy is not accepted. What stays on the robot is
/// not sent.
RuleAnswer RuleBook::AskRule(const Question& question, const std::string& party) const {
  const auto r = static_cast<size_t>(question.reading);
  const PolicyRule& rule = question.rule;
  const bool granted =
      (rule.consent.empty() || Granted(rule.consent, question)) &&
      (rule.also_needs[r].empty() || StateOf(question.consents, rule.also_needs[r]) == "granted");
  const Allowance& allowance = granted ? rule.granted[r] : rule.denied[r];
  if (NotAccepted(question.consents, question.time) && party != kDevice)
    return AskEarly(question, party, allowance);
  RuleAnswer answer{Verdict::kFail, rule.basis, rule.cite, rule.id};
  if (allowance.undetermined) answer.verdict = Verdict::kUndetermined;
  if (allowance.allows(party)) answer.verdict = Verdict::kPass;
  return answer;
}

/// While the policy is not accepted, no other consent counts: what would be allowed by one, or
/// without any, is held against what that time allows for.
RuleAnswer RuleBook::AskEarly(const Question& question, const std::string& party,
                              const Allowance& by_consents) const {
  const auto r = static_cast<size_t>(question.reading);
  const PolicyRule& rule = question.rule;
  const BeforeConsentRule& before = policy_.before_consent;
  const Allowance& early = before.allowed[r];
  RuleAnswer answer{Verdict::kFail, before.basis, before.cite, "before consent"};
  // A session's minimum is what that time allows for.
  const bool allowed = rule.denied[r].allows(party) || rule.purpose == "session";
  if (allowed && early.allows(party)) {
    answer.verdict = Verdict::kPass;
  } else if (early.undetermined && by_consents.allows(party)) {
    answer.verdict = Verdict::kUndetermined;
  } else if (!by_consents.allows(party)) {
    // It may not be sent then, whatever holds of the time.
    answer = {rule.denied[r].undetermined ? Verdict::kUndetermined : Verdict::kFail, rule.basis,
              rule.cite, rule.id};
  }
  return answer;
}

RuleAnswer RuleBook::AskFinding(const PolicyRule& rule, const Finding& finding,
                                Reading reading) const {
  RuleAnswer answer = Ask(rule, finding.party.key, finding.consents, finding.time, reading);
  // Traffic for being traffic is not data in clear text.
  const bool as_traffic = finding.method == FindingMethod::kTraffic;
  if (answer.verdict != Verdict::kPass || finding.encrypted || !IsNetwork(finding.kind) ||
      finding.party.key == kDevice || as_traffic) {
    return answer;
  }
  const std::string& effect = policy_.clear_text.effect[static_cast<size_t>(reading)];
  const bool lan = finding.party.key == "app_lan";
  if (effect == "allow_lan" && lan) return answer;
  answer.verdict = effect == "undetermined" ? Verdict::kUndetermined : Verdict::kFail;
  answer.basis = policy_.clear_text.basis;
  answer.clause = policy_.clear_text.cite;
  answer.rule = "clear text";
  return answer;
}

const PolicyRule* RuleBook::RuleFor(const Finding& finding, Reading reading) const {
  const auto rules = policy_.RulesFor("robot", finding.category);
  for (const PolicyRule* rule : rules) {
    if (!finding.purpose.empty() && rule->purpose == finding.purpose) return rule;
  }
  // What nobody declared is not what a session needs.
  const PolicyRule* best = nullptr;
  Verdict best_verdict = Verdict::kFail;
  for (const PolicyRule* rule : rules) {
    if (rule->purpose == "session" && rules.size() > 1 && finding.category == "robot_status")
      continue;
    const Verdict verdict = AskFinding(*rule, finding, reading).verdict;
    const bool better = best == nullptr ||
                        (best_verdict == Verdict::kFail && verdict != Verdict::kFail) ||
                        (best_verdict == Verdict::kUndetermined && verdict == Verdict::kPass);
    if (better) best = rule, best_verdict = verdict;
  }
  return best;
}

}  // namespace dustproof::internal
