#include "hil/matrix/matrix_plan.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "hil/matrix/branch_point.h"
#include "hil/matrix/consent_plan.h"
#include "hil/run/build_id.h"
#include "hil/run/firmware_kind.h"
#include "sim/config/number.h"
#include "sim/core/hash.h"

namespace dustproof {
namespace {

constexpr size_t kCellsMax = 10'000;

bool GrantsAll(const Scenario& scenario, const ConsentConfiguration& c) {
  return c.changes.empty() && std::all_of(scenario.consents.begin(), scenario.consents.end(), [&](const std::string& consent) {
           const auto answer = c.initial.find(consent);
           return answer != c.initial.end() && answer->second == ConsentState::kGranted;
         });
}

ConsentConfiguration ControlOf(const Scenario& scenario, const std::vector<PlannedConfiguration>& others) {
  ConsentConfiguration control;
  control.name = kControlName;
  const auto is_taken = [&] { return std::any_of(others.begin(), others.end(), [&](const auto& other) { return other.configuration.name == control.name; }); };
  for (int number = 2; is_taken(); ++number) control.name = std::string(kControlName) + "-" + std::to_string(number);
  control.description = "Everything is granted from the start: shows which ways out exist.";
  for (const std::string& consent : scenario.consents) control.initial[consent] = ConsentState::kGranted;
  return control;
}

class Planner {
 public:
  explicit Planner(const MatrixOptions& options) : options_(options) {}

  Result<MatrixPlan> Plan() {
    Error problems;
    for (const std::string& path : options_.scenarios) {
      const Result<RunInputs> inputs = LoadRunInputs({path, options_.home, options_.firmware, std::nullopt, options_.kind});
      Result<void> added = inputs ? AddScenario(*inputs) : Result<void>(inputs.error());
      if (added) continue;
      if (added.error().code == ErrorCode::kEnvironment) return added.error();
      problems.diagnostics.insert(problems.diagnostics.end(), added.error().diagnostics.begin(), added.error().diagnostics.end());
    }
    if (!problems.diagnostics.empty()) return problems;
    return std::move(plan_);
  }

 private:
  Result<void> AddScenario(const RunInputs& inputs) {
    if (inputs.request.kind == ToWord(FirmwareKind::kBoard))
      return Error::BadInput(inputs.scenario.path + ": runs on a board, in real time; `dustproof bench run` does that");
    const auto own = static_cast<uint64_t>(inputs.scenario.seed);
    const uint64_t first = options_.seed_first.value_or(own), last = options_.seed_last.value_or(own);
    const SimDuration end = std::min(inputs.scenario.duration, options_.until.value_or(inputs.scenario.duration));
    const Result<ConsentPlan> consents = PlanConsents(inputs.scenario, inputs.policy, {ConsentsOf(inputs), kCellsMax, end});
    if (!consents) return consents.error();
    const std::vector<PlannedConfiguration>& configurations = consents->configurations;
    for (const Diagnostic& warning : consents->warnings) plan_.warnings.push_back(ToString(warning));
    const uint64_t seeds = last - first + 1, left = kCellsMax - plan_.cells.size();
    if (seeds == 0 || seeds > left || configurations.size() * seeds > left) {
      return Error::BadInput(inputs.scenario.path + ": " + std::to_string(configurations.size()) + " configurations × " + std::to_string(seeds) +
                             " seeds are more than " + std::to_string(kCellsMax) + " cells; try --consents pairwise, or fewer seeds");
    }
    const std::string name = UniqueName(inputs.scenario.name);
    plan_.sources[name] = SourcesOf(inputs.request.scenario, inputs);
    for (uint64_t seed = first; seed <= last; ++seed) AddSeed(inputs, name, seed, configurations);
    return {};
  }

  /// Firmware that is a program of its own can't be branched: each configuration takes a whole run, so few must do.
  std::string ConsentsOf(const RunInputs& inputs) {
    const bool can_branch = inputs.request.kind == ToWord(FirmwareKind::kLibrary);
    if (options_.consents == "all" && !can_branch)
      plan_.warnings.push_back(inputs.scenario.path + ": its firmware is a program of its own, each cell is a whole run; --consents pairwise needs fewer");
    if (!options_.consents.empty()) return options_.consents;
    if (can_branch) {
      Note("the scenario's own configurations, since --consents names no others");
      return "";
    }
    if (!inputs.scenario.lists_consents) {
      Note("the scenario's own configurations, since it lists no consents to combine");
      return "";
    }
    Note("pairwise, since firmware of kind " + inputs.request.kind + " can't be branched; --consents says otherwise");
    return "pairwise";
  }

  void Note(const std::string& text) {
    if (std::find(plan_.notes.begin(), plan_.notes.end(), text) == plan_.notes.end()) plan_.notes.push_back(text);
  }

  /// Two files may have one name.
  std::string UniqueName(const std::string& name) {
    std::string unique = name;
    for (int number = 2; !names_.insert(unique).second; ++number) unique = name + "-" + std::to_string(number);
    return unique;
  }

  void AddSeed(const RunInputs& inputs, const std::string& name, uint64_t seed,
               const std::vector<PlannedConfiguration>& configurations) {
    bool shown = false;
    for (const PlannedConfiguration& planned : configurations) {
      Add(inputs, name, seed, planned.configuration);
      plan_.cells.back().infeasible = planned.infeasible;
      shown = shown || (plan_.cells.back().grants_all && planned.infeasible.empty());
    }
    if (shown) return;
    Add(inputs, name, seed, ControlOf(inputs.scenario, configurations));
    plan_.cells.back().control = true;
  }

  void Add(const RunInputs& inputs, const std::string& name, uint64_t seed, const ConsentConfiguration& consents) {
    MatrixCell cell{.name = name + "." + consents.name + ".seed" + std::to_string(seed), .scenario = name, .seed = seed,
                    .consents = consents, .key = {}, .grants_all = GrantsAll(inputs.scenario, consents)};
    cell.key = KeyOf(inputs, cell, options_.until);
    RunRequest request = inputs.request;
    request.seed = seed;
    request.consent = consents.name;
    request.until = options_.until;
    plan_.cells.push_back(std::move(cell));
    plan_.requests.push_back(std::move(request));
    plan_.durations.push_back(std::min(inputs.scenario.duration, options_.until.value_or(inputs.scenario.duration)));
    plan_.answers_at.push_back(FirstAnswers(inputs.scenario));
  }

  const MatrixOptions& options_;
  MatrixPlan plan_;
  std::set<std::string> names_;
};

// Simulated time of cells from `now`, and for each the time that is its alone.
SimDuration Reckon(const MatrixPlan& plan, const std::vector<size_t>& cells, SimTime now, std::vector<SimDuration>* alone) {
  const SimTime end = SimTime::Zero() + plan.durations[cells.front()];
  std::vector<const ConsentConfiguration*> configurations;
  for (const size_t cell : cells) configurations.push_back(&plan.cells[cell].consents);
  const auto parting = FindBranchPoint(configurations, now, plan.answers_at[cells.front()]);
  if (!parting || parting->at > end) {
    for (const size_t cell : cells) (*alone)[cell] = (end - now) * (cell == cells.front() ? 1 : 0);
    return end - now;
  }
  const SimTime at = std::max(now, parting->at - SimDuration::Nanoseconds(1));
  SimDuration all = at - now;
  for (const std::vector<size_t>& branch : parting->branches) {
    std::vector<size_t> some;
    for (const size_t index : branch) some.push_back(cells[index]);
    all = all + Reckon(plan, some, at, alone);
  }
  return all;
}

bool CanBranch(const MatrixPlan& plan, size_t cell) { return plan.requests[cell].kind == ToWord(FirmwareKind::kLibrary); }

/// Cuts cells into pieces of about equal time of their own.
void Cut(const std::vector<size_t>& cells, const std::vector<SimDuration>& alone, size_t pieces,
         std::vector<std::vector<size_t>>* groups) {
  double all_s = 0, done_s = 0;
  for (const size_t cell : cells) all_s += alone[cell].seconds();
  size_t piece = 0;
  groups->emplace_back();
  for (const size_t cell : cells) {
    const double middle_s = done_s + alone[cell].seconds() / 2;
    if (middle_s > all_s * static_cast<double>(piece + 1) / static_cast<double>(pieces) && !groups->back().empty()) {
      ++piece;
      groups->emplace_back();
    }
    groups->back().push_back(cell);
    done_s += alone[cell].seconds();
  }
}

}  // namespace

std::string KeyOf(const RunInputs& inputs, const MatrixCell& cell, const std::optional<SimDuration>& until) {
  Hasher hasher;
  hasher.Add(BuildId());
  hasher.Add(inputs.scenario_hash);
  hasher.Add(inputs.request.kind);
  hasher.Add(cell.seed);
  hasher.Add(cell.consents.name);
  hasher.Add(ToText(cell.consents));
  const std::optional<SimDuration> end = cell.until ? cell.until : until;
  hasher.Add(end ? FormatDuration(*end) : "");
  return HexDigest(hasher.Digest());
}

Result<MatrixPlan> PlanMatrix(const MatrixOptions& options) { return Planner(options).Plan(); }

SimDuration SharedTime(const MatrixPlan& plan, const std::vector<size_t>& cells) {
  std::vector<SimDuration> alone(plan.cells.size());
  return Reckon(plan, cells, SimTime::Zero(), &alone);
}

std::vector<std::vector<size_t>> GroupCells(const MatrixPlan& plan, const std::vector<size_t>& undone, size_t workers) {
  std::map<std::pair<std::string, uint64_t>, std::vector<size_t>> sharing;
  std::vector<std::vector<size_t>> groups;
  for (const size_t cell : undone) {
    if (CanBranch(plan, cell)) {
      sharing[{plan.cells[cell].scenario, plan.cells[cell].seed}].push_back(cell);
    } else {
      groups.push_back({cell});
    }
  }
  std::vector<SimDuration> alone(plan.cells.size());
  std::vector<std::pair<double, std::vector<size_t>>> wholes;  // With the time that each takes.
  double all_s = 0;
  for (auto& [key, cells] : sharing) {
    const double s = Reckon(plan, cells, SimTime::Zero(), &alone).seconds();
    all_s += s;
    wholes.emplace_back(s, std::move(cells));
  }
  for (const auto& [s, cells] : wholes) {
    const double share = all_s > 0 ? s / all_s * static_cast<double>(workers) : 1;
    Cut(cells, alone, std::clamp<size_t>(static_cast<size_t>(share + 0.5), 1, cells.size()), &groups);
  }
  return groups;
}

}  // namespace dustproof
