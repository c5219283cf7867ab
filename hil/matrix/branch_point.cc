#include "hil/matrix/branch_point.h"

#include <algorithm>

namespace dustproof {
namespace {

using Answers = std::map<std::string, ConsentState>;

Answers AnswersOf(const ConsentConfiguration& configuration) {
  Answers answers = configuration.initial;
  std::erase_if(answers, [](const auto& entry) { return entry.second == ConsentState::kUnset; });
  return answers;
}

bool Same(const ConsentStep& a, const ConsentStep& b) {
  return a.at == b.at && a.consent == b.consent && a.state == b.state;
}

// The instant at which the changes of two configurations first differ.
SimTime Parting(const std::vector<ConsentStep>& a, const std::vector<ConsentStep>& b) {
  for (size_t i = 0;; ++i) {
    const bool has_a = i < a.size(), has_b = i < b.size();
    if (!has_a && !has_b) return SimTime::Max();
    if (has_a && has_b && Same(a[i], b[i])) continue;
    return std::min(has_a ? a[i].at : SimTime::Max(), has_b ? b[i].at : SimTime::Max());
  }
}

// What a configuration does at one instant.
struct Doing {
  Answers answers;
  std::vector<ConsentStep> steps;

  bool operator==(const Doing& other) const {
    return answers == other.answers && std::equal(steps.begin(), steps.end(), other.steps.begin(), other.steps.end(), Same);
  }
};

Doing DoingAt(const ConsentConfiguration& configuration, SimTime at, SimTime answers_at) {
  Doing doing;
  if (at == answers_at) doing.answers = AnswersOf(configuration);
  for (const ConsentStep& step : configuration.changes) {
    if (step.at == at) doing.steps.push_back(step);
  }
  return doing;
}

}  // namespace

SimTime FirstAnswers(const Scenario& scenario) {
  SimTime first = SimTime::Max();
  for (const ScriptStep& step : scenario.script) {
    if (step.action == "pair") first = std::min(first, SimTime::Zero() + step.at);
  }
  return first;
}

std::optional<BranchPoint> FindBranchPoint(const std::vector<const ConsentConfiguration*>& configurations, SimTime now,
                                           SimTime answers_at) {
  SimTime at = SimTime::Max();
  for (const ConsentConfiguration* c : configurations) {
    at = std::min(at, Parting(configurations.front()->changes, c->changes));
    if (answers_at >= now && AnswersOf(*c) != AnswersOf(*configurations.front())) at = std::min(at, answers_at);
  }
  if (at == SimTime::Max()) return std::nullopt;
  BranchPoint point{at, {}};
  std::vector<Doing> known;
  for (size_t i = 0; i < configurations.size(); ++i) {
    const Doing doing = DoingAt(*configurations[i], at, answers_at);
    const auto place = static_cast<size_t>(std::find(known.begin(), known.end(), doing) - known.begin());
    if (place == known.size()) {
      known.push_back(doing);
      point.branches.emplace_back();
    }
    point.branches[place].push_back(i);
  }
  return point;
}

}  // namespace dustproof
