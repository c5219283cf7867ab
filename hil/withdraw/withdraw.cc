#include "hil/withdraw/withdraw.h"

#include <algorithm>
#include <map>

#include "hil/matrix/branch_point.h"
#include "hil/run/firmware_kind.h"
#include "sim/config/number.h"

namespace dustproof {
namespace {

constexpr int kRefinements = 8;  // Instants at a time between the last good one and the first that leaks.

// When a consent is granted in a configuration, from the answers on.
std::vector<std::pair<SimTime, SimTime>> GrantedSpans(const ConsentConfiguration& c, const std::string& consent, SimTime answers_at, SimTime end) {
  std::vector<std::pair<SimTime, SimTime>> spans;
  const auto answer = c.initial.find(consent);
  ConsentState state = answer == c.initial.end() ? ConsentState::kUnset : answer->second;
  SimTime since = answers_at;
  const auto close = [&](SimTime at) {
    if (state == ConsentState::kGranted && since < at) spans.emplace_back(since, at);
  };
  for (const ConsentStep& step : c.changes) {
    if (step.consent != consent) continue;
    close(step.at);
    state = step.state;
    since = step.at;
  }
  close(end);
  return spans;
}

const ConsentConfiguration* ChooseConfiguration(const Scenario& scenario, const std::string& wanted) {
  const ConsentConfiguration* chosen = nullptr;
  const auto grants = [](const ConsentConfiguration& c) {
    return std::count_if(c.initial.begin(), c.initial.end(), [](const auto& answer) { return answer.second == ConsentState::kGranted; });
  };
  for (const ConsentConfiguration& c : scenario.configurations) {
    if (c.name == wanted) return &c;
    if (wanted.empty() && c.run_by_default && (chosen == nullptr || grants(c) > grants(*chosen))) chosen = &c;
  }
  return chosen;
}

// One withdrawal as a cell.
struct Instant {
  SimDuration at;
  std::string consent;
};

class Withdrawer {
 public:
  Withdrawer(const WithdrawOptions& options, const RunInputs& inputs, const ConsentConfiguration& base, const MatrixObserver& observer)
      : options_(options), inputs_(inputs), base_(base), observer_(observer) {}

  Result<WithdrawResult> Run() {
    const Result<std::vector<std::string>> consents = Consents();
    if (!consents) return consents.error();
    result_.configuration = base_.name;
    result_.seed = inputs_.seed;
    result_.window = options_.window;
    result_.resolution = options_.resolution;
    std::vector<Instant> instants;
    for (const std::string& consent : *consents) AddGrid(consent, &instants);
    if (instants.empty()) return Error::BadInput("withdraw: no consent is granted at any instant between --from and --to");
    Result<std::vector<Withdrawal>> lived = Live(instants, options_.out, options_.resume);
    if (!lived) return lived.error();
    result_.withdrawals = std::move(*lived);
    if (options_.bisect && !result_.interrupted && result_.problem.empty()) {
      if (const Result<void> found = FindEarliest(*consents); !found) return found.error();
    }
    return std::move(result_);
  }

 private:
  SimTime End() const {
    const SimDuration duration = inputs_.scenario.duration;
    return SimTime::Zero() + (options_.to > SimDuration() ? std::min(duration, options_.to) : duration);
  }

  Result<std::vector<std::string>> Consents() const {
    if (options_.withdrawn.empty()) {
      std::vector<std::string> all;
      for (const std::string& consent : inputs_.scenario.consents) {
        if (consent != inputs_.policy.master_consent) all.push_back(consent);
      }
      return all;
    }
    for (const std::string& consent : options_.withdrawn) {
      const auto& known = inputs_.scenario.consents;
      if (std::find(known.begin(), known.end(), consent) != known.end()) continue;
      const std::string near = SuggestWord(consent, known);
      return Error::BadInput("--withdraw: " + inputs_.scenario.path + " has no consent '" + consent + "'" + (near.empty() ? "" : "; did you mean '" + near + "'?"));
    }
    return options_.withdrawn;
  }

  // The instants of the grid at which a consent is granted.
  void AddGrid(const std::string& consent, std::vector<Instant>* instants) const {
    const auto spans = GrantedSpans(base_, consent, FirstAnswers(inputs_.scenario), End());
    const SimTime from = SimTime::Zero() + options_.from;
    const int count = options_.instants.value_or(WithdrawOptions::kInstants);
    const SimDuration stretch = options_.every.value_or(SimDuration::Nanoseconds((End() - from).nanoseconds() / std::max(1, count)));
    SimTime at = options_.every ? from + stretch : from + SimDuration::Nanoseconds(stretch.nanoseconds() / 2);
    for (; at < End(); at = at + stretch) {
      const SimTime whole = SimTime::Zero() + SimDuration::Milliseconds(1) * ((at - SimTime::Zero()) / SimDuration::Milliseconds(1));
      const bool granted = std::any_of(spans.begin(), spans.end(), [&](const auto& span) { return span.first < whole && whole < span.second; });
      if (granted) instants->push_back({whole - SimTime::Zero(), consent});
    }
  }

  MatrixCell CellOf(const Instant& instant) const {
    MatrixCell cell;
    cell.scenario = inputs_.scenario.name;
    cell.seed = inputs_.seed;
    cell.consents = base_;
    cell.consents.name = instant.consent + "-" + FormatDuration(instant.at);
    cell.consents.description = instant.consent + " withdrawn at " + FormatDuration(instant.at);
    cell.consents.changes.push_back({SimTime::Zero() + instant.at, instant.consent, ConsentState::kWithdrawn});
    std::stable_sort(cell.consents.changes.begin(), cell.consents.changes.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
    std::erase_if(cell.consents.changes, [&](const ConsentStep& step) {
      return step.consent == instant.consent && step.at > SimTime::Zero() + instant.at;  // It stays withdrawn.
    });
    cell.until = std::min(instant.at + options_.window, inputs_.scenario.duration);
    cell.name = cell.scenario + "." + cell.consents.name + ".seed" + std::to_string(cell.seed);
    cell.key = KeyOf(inputs_, cell, std::nullopt);
    return cell;
  }

  Result<std::vector<Withdrawal>> Live(const std::vector<Instant>& instants, const std::string& out, bool resume) {
    MatrixPlan plan;
    plan.sources[inputs_.scenario.name] = SourcesOf(options_.scenario, inputs_);
    for (const Instant& instant : instants) {
      plan.cells.push_back(CellOf(instant));
      plan.requests.push_back(inputs_.request);
      plan.requests.back().seed = inputs_.seed;
      plan.durations.push_back(*plan.cells.back().until);
      plan.answers_at.push_back(FirstAnswers(inputs_.scenario));
    }
    MatrixOptions options;
    options.scenarios = {options_.scenario};
    options.home = options_.home, options.firmware = options_.firmware;
    options.out = out, options.resume = resume, options.workers = options_.workers;
    const Result<MatrixResult> matrix = RunPlan(plan, options, observer_);
    if (!matrix) return matrix.error();
    if (result_.folder.empty()) result_.folder = matrix->folder;
    if (result_.problem.empty()) result_.problem = matrix->problem;
    result_.interrupted = result_.interrupted || matrix->interrupted;
    std::vector<Withdrawal> withdrawals;
    for (size_t i = 0; i < instants.size(); ++i) withdrawals.push_back(Judged(instants[i], matrix->entries[i]));
    return withdrawals;
  }

  // What may not leave after the withdrawal: what leaked before is not its doing.
  static Withdrawal Judged(const Instant& instant, const MatrixEntry& entry) {
    Withdrawal w{.at = instant.at, .consent = instant.consent, .known = entry.result.has_value(), .leaks = {}, .command = entry.command, .recording = entry.recording};
    if (!entry.result) return w;
    w.died = entry.result->died();
    for (const CellFailure& failure : entry.result->failures) {
      if (failure.time_s >= instant.at.seconds()) w.leaks.push_back(failure);
    }
    std::stable_sort(w.leaks.begin(), w.leaks.end(), [](const auto& a, const auto& b) { return a.time_s < b.time_s; });
    return w;
  }

  // Between the last good instant before the first that leaks and that one, again and again.
  Result<void> FindEarliest(const std::vector<std::string>& consents) {
    int round = 0;
    for (const std::string& consent : consents) {
      std::vector<Withdrawal> mine;
      for (const Withdrawal& w : result_.withdrawals) {
        if (w.consent == consent) mine.push_back(w);
      }
      const auto first = std::find_if(mine.begin(), mine.end(), [](const Withdrawal& w) { return w.leaked(); });
      if (first == mine.end()) continue;
      Withdrawal earliest = *first;
      const auto spans = GrantedSpans(base_, consent, FirstAnswers(inputs_.scenario), End());
      SimDuration good = first == mine.begin() ? std::max(options_.from, spans.front().first - SimTime::Zero()) : std::prev(first)->at;
      while (earliest.at - good > options_.resolution && !result_.interrupted && result_.problem.empty()) {
        const Result<std::vector<Withdrawal>> lived = Live(Between(good, earliest.at, consent), result_.folder + "/bisect-" + std::to_string(++round), false);
        if (!lived) return lived.error();
        for (const Withdrawal& w : *lived) {
          if (w.leaked()) {
            earliest = w;
            earliest.recording = w.recording.empty() ? "" : "bisect-" + std::to_string(round) + "/" + w.recording;
            break;
          }
          good = w.at;
        }
      }
      result_.earliest.push_back(earliest);
    }
    return {};
  }

  std::vector<Instant> Between(SimDuration good, SimDuration bad, const std::string& consent) const {
    const int64_t steps = (bad - good).nanoseconds() / std::max<int64_t>(1, options_.resolution.nanoseconds());
    const int64_t count = std::clamp<int64_t>(steps, 1, kRefinements);
    std::vector<Instant> instants;
    for (int64_t i = 1; i <= count; ++i) {
      const int64_t ns = good.nanoseconds() + (bad - good).nanoseconds() * i / (count + 1);
      const SimDuration at = options_.resolution * (ns / options_.resolution.nanoseconds());
      if (at > good && at < bad && (instants.empty() || instants.back().at < at)) instants.push_back({at, consent});
    }
    if (instants.empty()) instants.push_back({SimDuration::Nanoseconds(good.nanoseconds() + (bad - good).nanoseconds() / 2), consent});
    return instants;
  }

  const WithdrawOptions& options_;
  const RunInputs& inputs_;
  const ConsentConfiguration& base_;
  const MatrixObserver& observer_;
  WithdrawResult result_;
};

}  // namespace

SimDuration Withdrawal::first_byte_after() const {
  return leaks.empty() ? SimDuration() : SimDuration::FromSeconds(leaks.front().time_s) - at;
}

Result<WithdrawResult> RunWithdrawals(const WithdrawOptions& options, const MatrixObserver& observer) {
  const Result<RunInputs> inputs = LoadRunInputs({options.scenario, options.home, options.firmware, options.seed});
  if (!inputs) return inputs.error();
  if (inputs->request.kind != ToWord(FirmwareKind::kLibrary))
    return Error::BadInput("withdraw: " + inputs->request.firmware + " is a program of its own, and a run of such has no branches; give the firmware's shared object (--firmware)");
  const ConsentConfiguration* base = ChooseConfiguration(inputs->scenario, options.consent);
  if (base == nullptr) return Error::BadInput(UnknownConfiguration(inputs->scenario, options.consent));
  return Withdrawer(options, *inputs, *base, observer).Run();
}

}  // namespace dustproof
