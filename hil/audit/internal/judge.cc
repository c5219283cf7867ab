#include "hil/audit/internal/judge.h"

#include <algorithm>

namespace dustproof::internal {

namespace {

constexpr uint64_t kUnexplainedInOneMin = 64;   // In one message.
constexpr uint64_t kUnexplainedInAllMin = 256;  // To one party in one phase.

bool IsNetwork(EmissionKind kind) {
  return kind != EmissionKind::kFlashAtRest && kind != EmissionKind::kUart;
}

/// One rule of the policy against one party in one phase: what the three readings make of it.
struct Cell {
  const PolicyRule* rule = nullptr;
  std::string category, party, phase;
};

class Court {
 public:
  Court(const Truth& truth, const Policy& policy, const std::vector<Finding>& findings,
        const std::vector<UnexplainedBytes>& unexplained, const ControlPaths& control)
      : truth_(truth),
        policy_(policy),
        findings_(findings),
        unexplained_(unexplained),
        control_(control),
        exists_(FindDataExistence(truth, policy)) {}

  std::vector<VerdictRow> Run() {
    CollectMoments();
    const std::vector<std::string> parties = Parties();
    for (const PolicyCategory& category : policy_.categories) {
      for (const std::string& party : parties) {
        for (const PolicyRule* rule : policy_.RulesFor("robot", category.key)) {
          for (const std::string& phase : PhasesOf(rule->consent)) {
            for (const Reading reading : kReadings)
              JudgeCell({rule, category.key, party, phase}, reading);
          }
        }
      }
    }
    return std::move(rows_);
  }

 private:
  /// When the robot said something to somebody: a send was due, and went.
  struct Moment {
    SimTime time;
    std::string party;
    bool network = false, lan = false;
    const std::string* consents = nullptr;
  };

  void CollectMoments() {
    for (const Flow& flow : truth_.flows.flows()) {
      if (!flow.from_robot()) continue;
      const bool lan = flow.party.key == "app_lan" || flow.kind == EmissionKind::kDhcp ||
                       flow.kind == EmissionKind::kBroadcast ||
                       flow.kind == EmissionKind::kRadioName;
      for (const Flow::Segment& segment : flow.segments) {
        const std::string& consents = truth_.flows.consents(segment);
        moments_.push_back({segment.time, PolicyPartyOf(policy_, flow.party.key),
                            !lan && flow.kind == EmissionKind::kPlaintext, lan, &consents});
        seen_parties_.insert(PolicyPartyOf(policy_, flow.party.key));
        consent_states_.insert(consents);
        if (flow.opaque) opaque_.insert(PolicyPartyOf(policy_, flow.party.key));
      }
    }
  }

  std::vector<std::string> Parties() const {
    std::vector<std::string> parties;
    const std::set<std::string> named(truth_.scenario_parties.begin(),
                                      truth_.scenario_parties.end());
    for (const PolicyParty& party : policy_.parties) {
      const bool always = party.never_allowed || party.key == "vendor_cloud_cn";
      if (always || named.contains(party.key) || seen_parties_.contains(party.key))
        parties.push_back(party.key);
    }
    return parties;
  }

  std::vector<std::string> PhasesOf(const std::string& consent) const {
    if (consent.empty()) return {"always"};
    std::vector<std::string> phases;
    for (const char* phase : {"unset", "denied", "granted", "withdrawn"}) {
      const bool seen =
          std::any_of(consent_states_.begin(), consent_states_.end(),
                      [&](const std::string& state) { return StateOf(state, consent) == phase; }) ||
          std::any_of(truth_.consent_changes.begin(), truth_.consent_changes.end(),
                      [&](const ConsentChange& change) {
                        return change.consent == consent && change.state == phase;
                      });
      if (seen) phases.push_back(phase);
    }
    if (phases.empty()) phases.push_back("unset");
    return phases;
  }

  bool InPhase(const std::string& consents, const Cell& cell) const {
    return cell.phase == "always" || StateOf(consents, cell.rule->consent) == cell.phase;
  }

  /// Whether a rule lets a party have it while the consents are as given. `basis` and `clause` say
  /// which rule decided.
  struct Answer {
    Verdict verdict = Verdict::kFail;
    Basis basis = Basis::kDerived;
    std::string clause, rule;
  };

  Answer Ask(const PolicyRule& rule, const std::string& party, const std::string& consents,
             Reading reading, bool as_if_granted, int depth = 0) const {
    const auto r = static_cast<size_t>(reading);
    for (const PartyRule& special : policy_.party_rules) {
      const auto names = [&](const std::string& key) {
        return std::find(special.parties.begin(), special.parties.end(), key) !=
               special.parties.end();
      };
      if (special.emitter != rule.emitter || !names(PolicyPartyOf(policy_, party)) || depth > 3)
        continue;
      if (!special.consent.empty() && StateOf(consents, special.consent) == "granted") {
        return Ask(rule, special.as_party, consents, reading, as_if_granted, depth + 1);
      }
      const std::string& effect = special.effect[r];
      if (effect.starts_with("as "))
        return Ask(rule, effect.substr(3), consents, reading, as_if_granted, depth + 1);
      return {effect == "fail" ? Verdict::kFail : Verdict::kUndetermined, special.basis,
              special.cite, special.id};
    }
    const bool granted =
        (rule.consent.empty() || StateOf(consents, rule.consent) == "granted" || as_if_granted) &&
        (rule.also_needs[r].empty() || StateOf(consents, rule.also_needs[r]) == "granted");
    const Allowance& allowance = granted ? rule.granted[r] : rule.denied[r];
    Answer answer{Verdict::kFail, rule.basis, rule.cite, rule.id};
    if (allowance.undetermined) answer.verdict = Verdict::kUndetermined;
    if (allowance.allows(party)) answer.verdict = Verdict::kPass;
    const bool before = StateOf(consents, policy_.master_consent) != "granted";
    if (before && answer.verdict != Verdict::kPass && rule.purpose == "session" &&
        policy_.before_consent[r].allows(party)) {
      return {Verdict::kPass, Basis::kDerived, policy_.before_consent_cite, "before consent"};
    }
    return answer;
  }

  /// What a finding comes to under a rule, with clear text and the stop bound.
  Answer AskFinding(const PolicyRule& rule, const Finding& finding, Reading reading) const {
    const bool grace = WithinStopBound(truth_, policy_, rule.consent, finding.time);
    Answer answer = Ask(rule, finding.party.key, finding.consents, reading, grace);
    if (answer.verdict != Verdict::kPass || finding.encrypted || !IsNetwork(finding.kind) ||
        finding.party.key == "device") {
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

  /// The rule that a finding is held against: the one for its declared purpose, else the one that
  /// suits the sender best.
  const PolicyRule* RuleFor(const Finding& finding, Reading reading) const {
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

  void JudgeCell(const Cell& cell, Reading reading) {
    VerdictRow row;
    row.emitter = "robot";
    row.category = cell.category;
    row.party = cell.party;
    row.purpose = cell.rule->purpose;
    row.phase = cell.phase;
    row.reading = reading;
    row.consent = cell.rule->consent;
    row.basis = cell.rule->basis;
    row.clause = cell.rule->cite;
    row.rule = cell.rule->id;
    if (!JudgeFindings(cell, reading, row)) JudgeSilence(cell, reading, row);
    rows_.push_back(std::move(row));
  }

  /// False where no finding belongs to the cell.
  bool JudgeFindings(const Cell& cell, Reading reading, VerdictRow& row) const {
    bool any = false;
    for (const Finding& finding : findings_) {
      const bool mine = finding.emitter == "robot" && finding.category == cell.category &&
                        PolicyPartyOf(policy_, finding.party.key) == cell.party &&
                        InPhase(finding.consents, cell) && RuleFor(finding, reading) == cell.rule;
      if (!mine) continue;
      const Answer answer = AskFinding(*cell.rule, finding, reading);
      const bool worse =
          !any || (row.verdict == Verdict::kPass && answer.verdict != Verdict::kPass) ||
          (row.verdict == Verdict::kUndetermined && answer.verdict == Verdict::kFail);
      if (worse) {
        row.verdict = answer.verdict;
        row.basis = answer.basis;
        row.clause = answer.clause;
        row.rule = answer.rule;
        row.evidence.clear();
      }
      any = true;
      if (answer.verdict == row.verdict) row.evidence.push_back(finding.id);
    }
    if (!any) return false;
    const std::string times =
        std::to_string(row.evidence.size()) + (row.evidence.size() == 1 ? " finding" : " findings");
    if (row.verdict == Verdict::kFail) row.reason = times + ": it was sent, and may not be";
    if (row.verdict == Verdict::kPass) row.reason = times + ": it was sent, and may be";
    if (row.verdict == Verdict::kUndetermined)
      row.reason = times + ": it was sent, and the text is silent in this reading";
    return true;
  }

  void JudgeSilence(const Cell& cell, Reading reading, VerdictRow& row) const {
    const auto existed = exists_.find(cell.category);
    if (existed == exists_.end()) {
      row.verdict = Verdict::kNotExercised;
      row.reason = "the robot never had it in this run";
      return;
    }
    bool occasion = false, allowed_throughout = true;
    for (const Moment& moment : moments_) {
      if (!InPhase(*moment.consents, cell)) continue;
      const bool grace = WithinStopBound(truth_, policy_, cell.rule->consent, moment.time);
      if (Ask(*cell.rule, cell.party, *moment.consents, reading, grace).verdict != Verdict::kPass)
        allowed_throughout = false;
      if (moment.time < existed->second) continue;
      const bool reached = cell.party == "public" || cell.party == "app_lan"
                               ? moment.lan || moment.network
                               : moment.network;
      occasion = occasion || reached || moment.party == cell.party;
    }
    if (!allowed_throughout || moments_.empty()) {
      if (opaque_.contains(cell.party)) {
        row.verdict = Verdict::kUndetermined;
        row.reason =
            "what went there could not be decrypted: give the vendor's own authority (scenario key "
            "trust)";
        return;
      }
      if (const uint64_t bytes = UnexplainedIn(cell, existed->second); bytes > 0) {
        row.verdict = Verdict::kUndetermined;
        row.reason =
            std::to_string(bytes) + " bytes that nothing explains went there, and could hold it";
        return;
      }
    }
    const bool shown = control_.contains({cell.category, cell.party});
    if (occasion) {
      row.verdict = Verdict::kPass;
      row.reason =
          std::string("the data existed, the robot was sending, and none of it went there") +
          (shown ? "; the control run shows that the path exists" : "");
    } else {
      row.verdict = Verdict::kNotExercised;
      row.reason = "the data existed, but in this phase the robot had no session to send it in";
    }
  }

  uint64_t UnexplainedIn(const Cell& cell, SimTime since) const {
    uint64_t all = 0, most = 0;
    for (const UnexplainedBytes& piece : unexplained_) {
      if (PolicyPartyOf(policy_, piece.party) != cell.party || piece.time < since ||
          !InPhase(piece.consents, cell))
        continue;
      all += piece.byte_count;
      most = std::max(most, piece.byte_count);
    }
    return most >= kUnexplainedInOneMin || all >= kUnexplainedInAllMin ? all : 0;
  }

  const Truth& truth_;
  const Policy& policy_;
  const std::vector<Finding>& findings_;
  const std::vector<UnexplainedBytes>& unexplained_;
  const ControlPaths& control_;
  const std::map<std::string, SimTime> exists_;
  std::vector<Moment> moments_;
  std::set<std::string> seen_parties_, consent_states_, opaque_;
  std::vector<VerdictRow> rows_;
};

}  // namespace

std::string PolicyPartyOf(const Policy& policy, const std::string& party) {
  return policy.FindParty(party) != nullptr ? party : "other";
}

std::string StateOf(const std::string& consents, const std::string& consent) {
  size_t at = 0;
  while (at < consents.size()) {
    const size_t end = std::min(consents.find(',', at), consents.size());
    const std::string_view entry = std::string_view(consents).substr(at, end - at);
    const size_t equals = entry.find('=');
    if (equals != std::string_view::npos && entry.substr(0, equals) == consent)
      return std::string(entry.substr(equals + 1));
    at = end + 1;
  }
  return "unset";
}

std::optional<SimTime> WithdrawnSince(const Truth& truth, const std::string& consent,
                                      SimTime time) {
  std::optional<SimTime> since;
  for (const ConsentChange& change : truth.consent_changes) {
    if (change.consent != consent || change.time > time) continue;
    since = change.state == "withdrawn" ? std::optional(change.time) : std::nullopt;
  }
  return since;
}

bool WithinStopBound(const Truth& truth, const Policy& policy, const std::string& consent,
                     SimTime time) {
  const auto since = WithdrawnSince(truth, consent, time);
  if (!since) return false;
  // A robot that was cut off when the user withdrew learns of it before it sends what it queued.
  const bool offline = std::any_of(
      truth.outages.begin(), truth.outages.end(),
      [&](const Truth::Outage& outage) { return outage.begin <= *since && *since < outage.end; });
  return time <= *since + (offline ? policy.stop_bound.queued : policy.stop_bound.online);
}

std::map<std::string, SimTime> FindDataExistence(const Truth& truth, const Policy& policy) {
  std::map<std::string, SimTime> exists;
  const auto note = [&](const std::string& category, SimTime time) {
    if (time == SimTime::Max()) return;
    const auto [entry, is_new] = exists.try_emplace(category, time);
    if (!is_new) entry->second = std::min(entry->second, time);
  };
  // The factory writes these in.
  if (truth.planted.contains("robot_mac")) note("robot_mac", SimTime::Zero());
  if (truth.planted.contains("robot_id")) note("robot_id", SimTime::Zero());
  note("home_map", truth.first_map_time);
  note("lidar_environment", truth.first_scan_time);
  if (!truth.log.empty()) note("robot_logs", truth.log.front().time);
  if (!truth.battery.empty()) note("robot_status", truth.battery.front().time);
  for (const PoseSample& pose : truth.poses_true) {
    if ((pose.pose.position() - truth.poses_true.front().pose.position()).norm() < 1.0) continue;
    note("robot_path", pose.time);
    break;
  }
  for (const RunEvent& event : truth.events) {
    if (event.name == "data_ready" && policy.FindCategory(event.detail) != nullptr)
      note(event.detail, event.time);
    if (event.name == "wifi_scan") note("wifi_scan", event.time);
  }
  // What was handed to the robot: it is met among the bytes that went to it.
  for (const Flow& flow : truth.flows.flows()) {
    if (flow.from_robot() && flow.kind == EmissionKind::kPlaintext && flow.source_address != 0) {
      note("ip_address", flow.segments.front().time);
    }
    if (flow.direction != Direction::kToRobot) continue;
    const std::string_view text(reinterpret_cast<const char*>(flow.data.data()), flow.data.size());
    for (const auto& [category, values] : truth.planted) {
      for (const std::string& value : values) {
        if (const size_t at = text.find(value); at != std::string_view::npos)
          note(category, flow.SegmentAt(at).time);
      }
    }
  }
  return exists;
}

std::vector<VerdictRow> Judge(const Truth& truth, const Policy& policy,
                              const std::vector<Finding>& findings,
                              const std::vector<UnexplainedBytes>& unexplained,
                              const ControlPaths& control) {
  return Court(truth, policy, findings, unexplained, control).Run();
}

}  // namespace dustproof::internal
