#include "hil/counterfactual/counterfactual.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <optional>

#include "hil/audit/audit.h"
#include "hil/run/firmware_kind.h"
#include "hil/run/inputs.h"
#include "hil/run/run_scenario.h"
#include "hil/run/supervisor.h"
#include "sim/config/number.h"
#include "sim/scenario/planted.h"

namespace dustproof {
namespace {

namespace fs = std::filesystem;

constexpr const char* kHome = "home";
constexpr const char* kUnchanged = "unchanged";

// Each change once, in the order asked for.
Result<std::vector<std::string>> Expand(const std::vector<std::string>& wanted) {
  std::vector<std::string> words = PlantedCategories();
  for (const auto& [group, categories] : ChangeGroups()) words.push_back(group);
  words.push_back(kHome);
  std::vector<std::string> changes;
  const auto add = [&](const std::string& change) {
    if (std::find(changes.begin(), changes.end(), change) == changes.end()) changes.push_back(change);
  };
  Error problems;
  for (const std::string& word : wanted) {
    const auto group = std::find_if(ChangeGroups().begin(), ChangeGroups().end(), [&](const auto& g) { return g.first == word; });
    if (group != ChangeGroups().end()) {
      for (const std::string& category : group->second) add(category);
    } else if (std::find(words.begin(), words.end(), word) != words.end()) {
      add(word);
    } else {
      const std::string near = SuggestWord(word, words);
      std::string message = "'" + word + "' is nothing that can be changed";
      message += near.empty() ? "; there are" : "; did you mean '" + near + "'? There are";
      for (const std::string& known : words) message += " " + known;
      problems.diagnostics.push_back({{}, "--change", message});
    }
  }
  if (!problems.diagnostics.empty()) return problems;
  return changes;
}

const char* HowItDepends(DifferenceKind kind) {
  if (kind == DifferenceKind::kTime) return "when it is sent depends on it";
  return kind == DifferenceKind::kAbsent ? "whether it is sent depends on it" : "its bytes depend on it, in no form that a matcher knows";
}

void AddDependent(const std::string& category, const std::vector<EmissionDifference>& differences, std::vector<DependentBytes>* out) {
  for (const EmissionDifference& d : differences) out->push_back({category, d.sequence, d.first_byte, d.byte_count, HowItDepends(d.kind)});
}

int Badness(Verdict verdict) {
  if (verdict == Verdict::kFail) return 3;
  if (verdict == Verdict::kUndetermined) return 2;
  return verdict == Verdict::kPass ? 1 : 0;
}

class Experiment {
 public:
  Experiment(const CounterfactualOptions& options, RunRequest request, RunInputs inputs, const CounterfactualObserver& observer)
      : options_(options), request_(std::move(request)), inputs_(std::move(inputs)), observer_(observer) {}

  Result<CounterfactualResult> Run(const std::vector<std::string>& changes) {
    const Result<std::string> folder = MakeResultFolder(options_.out, inputs_.scenario.name + "-counterfactual");
    if (!folder) return folder.error();
    result_.folder = *folder;
    result_.scenario = inputs_.scenario.name;
    result_.consent = request_.consent;
    result_.seed = inputs_.seed;
    observer_.on_start(*folder, changes.size() + 1);
    if (Result<void> made = MakeUnchanged(); !made) return made.error();
    for (const std::string& change : changes) {
      if (result_.interrupted) break;
      if (Result<void> made = Make(change); !made) return made.error();
    }
    if (Result<void> judged = Judge(); !judged) return judged.error();
    return std::move(result_);
  }

 private:
  std::string PathOf(const std::string& name) const { return result_.folder + "/" + name + ".mcap"; }

  Result<void> Live(const std::string& name, const std::string& redrawn, const std::string& home) {
    RunRequest request = request_;
    request.redrawn = redrawn;
    request.home = home;
    request.recording = fs::absolute(PathOf(name));
    const Result<RunOutcome> outcome =
        SuperviseRun(request, [&](const RunProgress& progress) { observer_.on_progress(name, progress.sim_s, progress.duration_s); });
    if (!outcome) return outcome.error();
    if (outcome->end == RunEnd::kFailed) return outcome->bad_input ? Error::BadInput(outcome->diagnosis) : Error::Environment(outcome->diagnosis);
    result_.interrupted = InterruptRequested() || outcome->end == RunEnd::kInterrupted;
    return {};
  }

  // Makes sure that the run says the same each time.
  Result<void> MakeUnchanged() {
    if (Result<void> lived = Live(kUnchanged, request_.redrawn, ""); !lived) return lived;
    result_.unchanged = std::string(kUnchanged) + ".mcap";
    if (result_.interrupted) return Error::Environment("counterfactual: interrupted; nothing was compared");
    const Result<EmissionComparison> repeated = CompareEmissions(options_.recording, PathOf(kUnchanged));
    if (repeated && repeated->same()) return {};
    if (request_.kind != ToWord(FirmwareKind::kLibrary))
      return Error::BadInput(options_.recording + ": the firmware is a program of its own, and made again it says something else although nothing was changed; a difference would prove nothing");
    result_.warnings.push_back(options_.recording + ": this build does not repeat it message by message; the others are held against " + PathOf(kUnchanged));
    return {};
  }

  Result<void> Make(const std::string& change) {
    Counterfactual made;
    made.change = change;
    for (int draw = 1; draw <= (change == kHome ? 1 : options_.draws); ++draw) {
      const std::string name = draw == 1 ? change : change + "-" + std::to_string(draw);
      const bool is_home = change == kHome;
      if (Result<void> lived = Live(name, is_home ? "" : ToText(Redraw{change, draw}), is_home ? fs::absolute(options_.home).string() : ""); !lived) return lived;
      std::error_code ignored;
      if (result_.interrupted) {
        fs::remove(PathOf(name), ignored);  // Half a run shows nothing.
        return {};
      }
      Result<EmissionComparison> comparison = CompareEmissions(PathOf(kUnchanged), PathOf(name));
      if (!comparison) return comparison.error();
      made.runs.push_back({name + ".mcap", std::move(*comparison)});
      if (!made.runs.back().comparison.same()) continue;
      fs::remove(PathOf(name), ignored);
      made.runs.back().recording.clear();
    }
    result_.changes.push_back(std::move(made));
    return {};
  }

  // What depends on secrets, judged in the run that said it: the unchanged one, but for what only a changed one says.
  Result<void> Judge() {
    AuditOptions options;
    for (const Counterfactual& made : result_.changes) {
      for (const ChangedRun& run : made.runs) {
        if (made.change != kHome) AddDependent(made.change, run.comparison.first, &options.dependent);
      }
    }
    observer_.on_stage("auditing");
    Result<AuditReport> audit = AuditRecording(PathOf(kUnchanged), inputs_.policy, options);
    if (!audit) return audit.error();
    for (Counterfactual& made : result_.changes) {
      for (const ChangedRun& run : made.runs) {
        if (run.comparison.same()) continue;
        if (Result<void> judged = made.change == kHome ? JudgeHome(*audit, run, &made) : JudgeSecret(*audit, run, &made); !judged) return judged;
      }
    }
    Result<RunReport> report = BuildRunReport(PathOf(kUnchanged), std::move(*audit));
    if (!report) return report.error();
    result_.firmware = report->firmware;
    result_.report = std::move(*report);
    return {};
  }

  Result<AuditReport> AuditChanged(const ChangedRun& run, const AuditOptions& options) {
    observer_.on_stage("auditing " + run.recording);
    return AuditRecording(result_.folder + "/" + run.recording, inputs_.policy, options);
  }

  Result<void> JudgeHome(const AuditReport& unchanged, const ChangedRun& run, Counterfactual* made) {
    const Result<AuditReport> other = AuditChanged(run, {});
    if (!other) return other.error();
    made->other_verdicts = CompareVerdicts(unchanged, *other);
    for (const PartyDifference& difference : run.comparison.parties) {
      if (difference.any()) OutcomeFor(difference, made);
    }
    return {};
  }

  Result<void> JudgeSecret(const AuditReport& unchanged, const ChangedRun& run, Counterfactual* made) {
    std::optional<AuditReport> other;
    if (!run.comparison.second.empty()) {
      AuditOptions options;
      AddDependent(made->change, run.comparison.second, &options.dependent);
      Result<AuditReport> audit = AuditChanged(run, options);
      if (!audit) return audit.error();
      other = std::move(*audit);
    }
    for (const PartyDifference& difference : run.comparison.parties) {
      if (!difference.any()) continue;
      PartyOutcome& outcome = OutcomeFor(difference, made);
      if (difference.differing > 0) TakeWorst(unchanged, made->change, &outcome);
      if (difference.other_alone > 0) TakeWorst(*other, made->change, &outcome);
    }
    return {};
  }

  static PartyOutcome& OutcomeFor(const PartyDifference& difference, Counterfactual* made) {
    const auto found = std::lower_bound(made->parties.begin(), made->parties.end(), difference.party,
                                        [](const PartyOutcome& p, const std::string& key) { return p.difference.party < key; });
    if (found == made->parties.end() || found->difference.party != difference.party) {
      PartyOutcome outcome;
      outcome.difference = difference;
      return *made->parties.insert(found, std::move(outcome));
    }
    if (found->difference.differing + found->difference.other_alone < difference.differing + difference.other_alone) found->difference = difference;
    return *found;
  }

  // The worst verdict on findings of a category that a party got.
  static void TakeWorst(const AuditReport& audit, const std::string& category, PartyOutcome* outcome) {
    const auto& known = audit.policy_parties;
    const std::string& sent_to = outcome->difference.party;
    const std::string party = std::find(known.begin(), known.end(), sent_to) == known.end() ? "other" : sent_to;
    for (const VerdictRow& row : audit.verdicts) {
      if (row.reading != Reading::kStrict || row.category != category || row.party != party || row.evidence.empty()) continue;
      outcome->inherent = false;
      if (Badness(row.verdict) <= Badness(outcome->verdict)) continue;
      outcome->verdict = row.verdict;
      outcome->reason = row.reason, outcome->clause = row.clause, outcome->rule = row.rule;
      outcome->hidden = std::all_of(row.evidence.begin(), row.evidence.end(), [&](const std::string& id) {
        const Finding* finding = audit.FindFinding(id);
        return finding != nullptr && finding->method == FindingMethod::kCounterfactual;
      });
    }
  }

  const CounterfactualOptions& options_;
  const RunRequest request_;
  const RunInputs inputs_;
  const CounterfactualObserver& observer_;
  CounterfactualResult result_;
};

}  // namespace

const std::vector<std::pair<std::string, std::vector<std::string>>>& ChangeGroups() {
  static const std::vector<std::pair<std::string, std::vector<std::string>>> groups = {
      {"wifi", {"wifi_ssid", "wifi_password", "wifi_scan"}},
      {"id", {"robot_id", "robot_mac"}},
      {"account", {"account_id", "account_password", "session_token", "nickname", "email", "phone_number", "real_name", "postal_address"}},
      {"location", {"precise_location"}},
      {"all", PlantedCategories()},
  };
  return groups;
}

bool Counterfactual::leaks() const {
  return std::any_of(parties.begin(), parties.end(), [](const PartyOutcome& p) { return p.verdict == Verdict::kFail; }) ||
         std::any_of(other_verdicts.begin(), other_verdicts.end(), [](const VerdictDifference& v) { return v.second == ToWord(Verdict::kFail); });
}

bool CounterfactualResult::leaks() const {
  return std::any_of(changes.begin(), changes.end(), [](const Counterfactual& c) { return c.leaks(); });
}

Result<CounterfactualResult> RunCounterfactuals(const CounterfactualOptions& options, const CounterfactualObserver& observer) {
  const Result<std::vector<std::string>> changes = Expand(options.changes);
  if (!changes) return changes.error();
  const bool home = std::find(changes->begin(), changes->end(), kHome) != changes->end();
  if (home && options.home.empty()) return Error::BadInput("--change home: which one? Name it with --home FILE");
  if (!home && !options.home.empty()) return Error::BadInput("--home: is the other home of --change home, which was not asked for");
  Result<RunRequest> request = RequestFromRecording(options.recording, options.firmware);
  if (!request) return request.error();
  Result<RunInputs> inputs = LoadRequestInputs(*request);
  if (!inputs) return inputs.error();
  if (!request->redrawn.empty())
    return Error::BadInput(options.recording + ": is itself a run in which " + request->redrawn + " was changed; take the unchanged one beside it");
  const InterruptNote note;
  return Experiment(options, std::move(*request), std::move(*inputs), observer).Run(*changes);
}

}  // namespace dustproof
