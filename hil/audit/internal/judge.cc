#include "hil/audit/internal/judge.h"

#include <algorithm>
#include <cstdio>
#include <set>

#include "hil/audit/internal/consent_time.h"
#include "hil/audit/internal/data_existence.h"
#include "hil/audit/internal/rule_book.h"

namespace dustproof::internal {

namespace {

constexpr uint64_t kUnexplainedInOneMin = 64;   // In one message.
constexpr uint64_t kUnexplainedInAllMin = 256;  // To one party in one phase.

/// One rule of the policy against one party in one phase: what the three readings make of it.
struct Cell {
  const PolicyRule* rule = nullptr;
  std::string category, party, phase;
};

class Court {
 public:
  Court(const Truth& truth, const Policy& policy, const std::vector<Finding>& findings,
        const std::vector<UnexplainedBytes>& unexplained)
      : truth_(truth),
        policy_(policy),
        findings_(findings),
        unexplained_(unexplained),
        rules_(truth, policy),
        exists_(FindDataExistence(truth, policy)) {}

  std::vector<VerdictRow> Run() {
    CollectMoments();
    const std::vector<std::string> parties = Parties();
    for (const PolicyCategory& category : policy_.categories) {
      for (const std::string& party : parties) {
        for (const PolicyRule* rule : policy_.RulesFor("robot", category.key)) {
          for (const std::string& phase : PhasesOf(rule->consent)) {
            const Cell cell{rule, category.key, party, phase};
            if (IsTraffic(cell) && phase == "granted") continue;
            for (const Reading reading : kReadings) JudgeCell(cell, reading);
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

  /// Flash that was never written says nothing of what the firmware stores.
  static bool IsBlankFlash(const Flow& flow) {
    return flow.kind == EmissionKind::kFlashAtRest &&
           std::all_of(flow.data.begin(), flow.data.end(),
                       [](std::byte b) { return b == std::byte{0xff}; });
  }

  void CollectMoments() {
    for (const Flow& flow : truth_.flows.flows()) {
      if (!flow.from_robot() || IsBlankFlash(flow)) continue;
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
          !SpansIn(truth_, consent, phase).empty();
      if (seen) phases.push_back(phase);
    }
    if (phases.empty()) phases.push_back("unset");
    return phases;
  }

  /// Traffic as such is judged only while the policy is not accepted.
  bool IsTraffic(const Cell& cell) const {
    return cell.category == policy_.before_consent.traffic_category;
  }

  bool InPhase(const std::string& consents, const Cell& cell) const {
    return cell.phase == "always" || StateOf(consents, cell.rule->consent) == cell.phase;
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
    bool any = false, early = false;
    for (const Finding& finding : findings_) {
      const bool mine = finding.emitter == "robot" && finding.category == cell.category &&
                        PolicyPartyOf(policy_, finding.party.key) == cell.party &&
                        InPhase(finding.consents, cell) &&
                        rules_.RuleFor(finding, reading) == cell.rule;
      if (!mine) continue;
      const RuleAnswer answer = rules_.AskFinding(*cell.rule, finding, reading);
      const bool worse =
          !any || (row.verdict == Verdict::kPass && answer.verdict != Verdict::kPass) ||
          (row.verdict == Verdict::kUndetermined && answer.verdict == Verdict::kFail);
      if (worse) {
        row.verdict = answer.verdict;
        row.basis = answer.basis;
        row.clause = answer.clause;
        row.rule = answer.rule;
        row.evidence.clear();
        early = false;
      }
      any = true;
      if (answer.verdict != row.verdict) continue;
      row.evidence.push_back(finding.id);
      early = early || rules_.NotAccepted(finding.consents, finding.time);
    }
    if (!any) return false;
    const std::string sent =
        std::to_string(row.evidence.size()) +
        (row.evidence.size() == 1 ? " finding: it was sent" : " findings: it was sent") +
        (early && row.party != "device" ? " before the policy was accepted" : "");
    if (row.verdict == Verdict::kFail) row.reason = sent + ", and may not be";
    if (row.verdict == Verdict::kPass) row.reason = sent + ", and may be";
    if (row.verdict == Verdict::kUndetermined)
      row.reason = sent + ", and the text is silent in this reading";
    return true;
  }

  void JudgeSilence(const Cell& cell, Reading reading, VerdictRow& row) const {
    const std::vector<TimeSpan> spans = SpansIn(truth_, cell.rule->consent, cell.phase);
    if (IsTraffic(cell)) {
      row.verdict = spans.empty() ? Verdict::kNotExercised : Verdict::kPass;
      row.reason = spans.empty() ? "the policy was accepted throughout"
                                 : "nothing went there in this time but what pairing needs";
      return;
    }
    const auto existed = exists_.find(cell.category);
    if (existed == exists_.end()) {
      row.reason = "the robot never had it in this run";
      return;
    }
    const bool reached = std::any_of(spans.begin(), spans.end(), [&](const TimeSpan& span) {
      return existed->second < span.end;
    });
    if (!reached) {
      row.reason = "the robot came to have it only after this phase";
      return;
    }
    const Silence silence = Listen(cell, reading, existed->second);
    if (!silence.allowed_throughout) {
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
    row.silent = true;
    if (silence.occasion) {
      row.verdict = Verdict::kPass;
      row.reason = "the data existed, the robot was sending, and none of it went there";
      return;
    }
    row.reason = "the data existed, but in this phase the robot had no session to send it in";
    row.withheld = OnlineIn(truth_, WithheldSpans(cell, reading), existed->second);
  }

  /// What a phase without findings was like.
  struct Silence {
    bool occasion = false;  ///< The robot had the data and was sending: it could have sent it.
    bool allowed_throughout = true;
  };
  Silence Listen(const Cell& cell, Reading reading, SimTime existed) const {
    Silence silence;
    silence.allowed_throughout = !moments_.empty();
    for (const Moment& moment : moments_) {
      if (!InPhase(*moment.consents, cell)) continue;
      if (rules_.Ask(*cell.rule, cell.party, *moment.consents, moment.time, reading).verdict !=
          Verdict::kPass)
        silence.allowed_throughout = false;
      if (moment.time < existed) continue;
      const bool reached = cell.party == "public" || cell.party == "app_lan"
                               ? moment.lan || moment.network
                               : moment.network;
      silence.occasion = silence.occasion || reached || moment.party == cell.party;
    }
    return silence;
  }

  /// The parts of a phase in which the rule does not let the party have it.
  std::vector<TimeSpan> WithheldSpans(const Cell& cell, Reading reading) const {
    std::vector<TimeSpan> withheld;
    for (const TimeSpan& span : SpansIn(truth_, cell.rule->consent, cell.phase)) {
      std::vector<SimTime> edges = {span.begin};
      for (const ConsentChange& change : truth_.consent_changes) {
        if (span.begin < change.time && change.time < span.end && change.time != edges.back())
          edges.push_back(change.time);
      }
      edges.push_back(span.end);
      for (size_t i = 0; i + 1 < edges.size(); ++i) {
        const std::string consents = ConsentsAt(truth_, edges[i]);
        // At its end, when the stop bound of a withdrawal is over.
        if (rules_.Ask(*cell.rule, cell.party, consents, edges[i + 1], reading).verdict !=
            Verdict::kPass)
          withheld.push_back({edges[i], edges[i + 1]});
      }
    }
    return withheld;
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
  const RuleBook rules_;
  const std::map<std::string, SimTime> exists_;
  std::vector<Moment> moments_;
  std::set<std::string> seen_parties_, consent_states_, opaque_;
  std::vector<VerdictRow> rows_;
};

}  // namespace

std::vector<PathTaken> FindPathsTaken(const Truth& truth, const Policy& policy,
                                      const std::vector<Finding>& findings) {
  const std::map<std::string, SimTime> exists = FindDataExistence(truth, policy);
  std::map<std::pair<std::string, std::string>, SimDuration> delays;
  for (const Finding& finding : findings) {
    const auto existed = exists.find(finding.category);
    if (existed == exists.end() || finding.emitter != "robot") continue;
    SimTime since = existed->second;
    for (const ConsentChange& change : truth.consent_changes) {
      if (change.time <= finding.time) since = std::max(since, change.time);
    }
    const SimDuration delay =
        OnlineIn(truth, {{SimTime::Zero(), std::max(finding.time, since)}}, since);
    const auto [entry, is_new] =
        delays.try_emplace({finding.category, PolicyPartyOf(policy, finding.party.key)}, delay);
    if (!is_new) entry->second = std::min(entry->second, delay);
  }
  std::vector<PathTaken> paths;
  for (const auto& [key, delay] : delays) paths.push_back({key.first, key.second, delay});
  return paths;
}

std::vector<VerdictRow> Judge(const Truth& truth, const Policy& policy,
                              const std::vector<Finding>& findings,
                              const std::vector<UnexplainedBytes>& unexplained) {
  return Court(truth, policy, findings, unexplained).Run();
}

}  // namespace dustproof::internal
