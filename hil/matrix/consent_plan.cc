#include "hil/matrix/consent_plan.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <optional>
#include <tuple>

#include "hil/matrix/covering_array.h"
#include "sim/config/config.h"
#include "sim/config/file_name.h"

namespace dustproof {
namespace {

constexpr size_t kStrengthMax = 6;
constexpr const char* kOthers = "others", *kOwn = "own";

// "all": 0; "pairwise": 2; "5-wise": 5; nothing for any other word.
std::optional<size_t> StrengthOf(const std::string& word) {
  if (word == "all") return 0;
  if (word == "pairwise") return 2;
  if (word.size() == 6 && word.ends_with("-wise") && word[0] >= '2' && word[0] <= '0' + static_cast<int>(kStrengthMax)) return word[0] - '0';
  return std::nullopt;
}

std::vector<std::string> WordsOf(const std::string& text) {
  std::vector<std::string> words;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find_first_of(" ,", begin), text.size());
    if (end > begin) words.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

// "C_MAP: 'maybe' is none of …" without the consent, where a message is about that one alone.
std::string WithoutConsent(const std::string& consent, const std::string& message) {
  return message.starts_with(consent + ": ") ? message.substr(consent.size() + 2) : message;
}

struct ConsentsFile {
  static constexpr const char* kKind = "consents";
  static constexpr int kFormatVersion = 1;
  std::vector<std::pair<std::string, std::string>> levels, configurations;
  std::string combine = "all";
  SourceLocation combine_at;
  std::map<std::string, SourceLocation> level_at, configuration_at;

  void Describe(Fields& f) {
    f.TextDictionary("levels", &levels,
                     {.doc = "By consent, or `others` (without the policy's master consent, which is granted where it isn't named): what it may do, words apart by spaces: granted, denied, unset, "
                             "withdrawn@6min10s, granted@4min, granted/withdrawn@5min/granted@6min."});
    f.Text("combine", &combine, {.doc = "How levels are combined: all, pairwise, 3-wise to 6-wise."});
    f.Where("combine", &combine_at);
    f.TextDictionary("configurations", &configurations,
                     {.doc = "By name, in one line: C_MAP_UPLOAD=granted/withdrawn@6min10s,C_POLICY=granted. Not `control`, nor the names that combinations have, as pairwise-01."});
    if (!f.reading()) return;
    if (!StrengthOf(combine)) f.Problem("combine", "must be all, pairwise or 3-wise to 6-wise, got '" + combine + "'");
    if (levels.empty() && configurations.empty()) f.Problem("", "holds neither levels nor configurations");
    for (const auto& [consent, words] : levels) {
      f.Where("levels", consent, &level_at[consent]);
      CheckLevels(f, consent, WordsOf(words));
    }
    for (const auto& [name, line] : configurations) {
      f.Where("configurations", name, &configuration_at[name]);
      if (!IsFileName(name)) f.ProblemIn("configurations", name, "a configuration's name " + FileNameProblem(name));
      if (name == kControlName) f.ProblemIn("configurations", name, "is the name of the cell that shows the ways out with everything granted; give it another");
      if (const auto parsed = ParseAnswers(line); !parsed) {
        for (const Diagnostic& problem : parsed.error().diagnostics) f.ProblemIn("configurations", name, problem.message);
      }
    }
  }

  static void CheckLevels(Fields& f, const std::string& consent, const std::vector<std::string>& words) {
    if (words.empty()) f.ProblemIn("levels", consent, "has no level");
    std::map<std::string, std::string> known;  // The word of each level, by what it means.
    for (const std::string& word : words) {
      const auto parsed = ParseAnswers(consent + "=" + word);
      if (!parsed) {
        for (const Diagnostic& problem : parsed.error().diagnostics) f.ProblemIn("levels", consent, WithoutConsent(consent, problem.message));
        continue;
      }
      const auto [same, is_new] = known.try_emplace(ToText(*parsed), word);
      if (is_new) continue;
      f.ProblemIn("levels", consent, same->second == word ? "'" + word + "' stands there twice" : "'" + same->second + "' and '" + word + "' are the same");
    }
  }
};

// What a consent may do, each as a configuration of that consent alone.
struct Factor {
  std::string consent;
  std::vector<ConsentConfiguration> levels;
};

Factor FactorOf(const std::string& consent, const std::vector<std::string>& words) {
  Factor factor{consent, {}};
  for (const std::string& word : words) factor.levels.push_back(*ParseAnswers(consent + "=" + word));
  return factor;
}

// Of levels that are chosen yet.
ConsentConfiguration Combine(const std::vector<Factor>& factors, const LevelRow& row) {
  ConsentConfiguration combined;
  for (size_t i = 0; i < factors.size(); ++i) {
    if (row[i] == kOpen) continue;
    const ConsentConfiguration& level = factors[i].levels[row[i]];
    combined.initial.insert(level.initial.begin(), level.initial.end());
    combined.changes.insert(combined.changes.end(), level.changes.begin(), level.changes.end());
  }
  // At one instant by name, as a run has them that is told by a line.
  std::stable_sort(combined.changes.begin(), combined.changes.end(), [](const ConsentStep& a, const ConsentStep& b) { return std::tie(a.at, a.consent) < std::tie(b.at, b.consent); });
  return combined;
}

// Finds the levels that the policy's constraints don't let come together.
//
// A constraint binds its own consent to each other one. How these two fare depends on what either does and on what the
// master consent does, whose withdrawal takes others back; on nothing else. A consent that is no factor stays unset.
class ClashFinder {
 public:
  ClashFinder(const Policy& policy, const std::vector<std::string>& consents, const std::vector<Factor>& factors)
      : policy_(policy), consents_(consents), factors_(factors) {}

  std::vector<LevelClash> Find() {
    for (const ConsentConstraint& constraint : policy_.consent_constraints) {
      for (const std::string& other : constraint.others.empty() ? consents_ : constraint.others) {
        if (constraint.others.empty() && other == constraint.consent) continue;
        if (IsPlayedWith(constraint.consent) && IsPlayedWith(other)) AddPair(constraint, other);
      }
    }
    return std::move(clashes_);
  }

 private:
  bool IsPlayedWith(const std::string& consent) const { return std::find(consents_.begin(), consents_.end(), consent) != consents_.end(); }

  void AddPair(const ConsentConstraint& constraint, const std::string& other) {
    Policy alone;
    alone.master_consent = policy_.master_consent;
    alone.consent_constraints = {constraint};
    alone.consent_constraints.front().others = {other};
    std::vector<size_t> involved;
    for (size_t i = 0; i < factors_.size(); ++i) {
      const std::string& consent = factors_[i].consent;
      if (consent == constraint.consent || consent == other || consent == policy_.master_consent) involved.push_back(i);
    }
    LevelRow row(factors_.size(), kOpen);
    TryLevels(alone, {constraint.consent, other}, involved, 0, &row);
  }

  void TryLevels(const Policy& policy, const std::vector<std::string>& consents, const std::vector<size_t>& involved, size_t at, LevelRow* row) {
    if (at < involved.size()) {
      for (size_t level = 0; level < factors_[involved[at]].levels.size(); ++level) {
        (*row)[involved[at]] = level;
        TryLevels(policy, consents, involved, at + 1, row);
      }
      return;
    }
    if (BrokenConstraint(policy, consents, Combine(factors_, *row)).empty()) return;
    LevelClash clash;
    for (const size_t factor : involved) clash.emplace_back(factor, (*row)[factor]);
    clashes_.push_back(std::move(clash));
  }

  const Policy& policy_;
  const std::vector<std::string>& consents_;
  const std::vector<Factor>& factors_;
  std::vector<LevelClash> clashes_;
};

std::string NumberedName(const std::string& word, size_t number, size_t count) {
  char text[40];
  std::snprintf(text, sizeof text, "%s-%0*zu", word.c_str(), static_cast<int>(std::to_string(count).size()), number + 1);
  return text;
}

// Where the consents of a plan come from, for what is said about all of them.
struct Origin {
  SourceLocation where;
  std::string field;
};

class Planner {
 public:
  Planner(const Scenario& scenario, const Policy& policy, const ConsentPlanRequest& request) : scenario_(scenario), policy_(policy), request_(request) {}

  Result<ConsentPlan> Own() {
    for (const ConsentConfiguration& c : scenario_.configurations) {
      if (!c.run_by_default) continue;
      NoteLateChanges({c.where, "consent_configurations." + c.name}, {c});
      Add(c);
    }
    if (plan_.configurations.empty()) return Error::BadInput(scenario_.path + ": consent_configurations: none has run_by_default; say which with --consents");
    return Planned();
  }

  Result<ConsentPlan> Combined(const std::string& word) {
    std::vector<Factor> factors;
    for (const std::string& consent : scenario_.consents)
      factors.push_back(FactorOf(consent, consent == policy_.master_consent ? std::vector<std::string>{"granted"} : std::vector<std::string>{"granted", "denied"}));
    if (const Result<void> added = AddCombined(factors, word, {{scenario_.path, 0, 0}, ""}); !added) return added.error();
    return Planned();
  }

  Result<ConsentPlan> FromFile(const std::string& path) {
    const Result<ConsentsFile> file = LoadConfig<ConsentsFile>(path);
    if (!file) return file.error();
    for (const auto& [name, line] : file->configurations) AddNamed({file->configuration_at.at(name), "configurations." + name}, name, line);
    const size_t named = plan_.configurations.size();
    if (!file->levels.empty()) {
      const std::vector<Factor> factors = FactorsOf(*file);
      if (!problems_.empty()) return Error::BadInput(std::move(problems_));
      if (const Result<void> added = AddCombined(factors, file->combine, {file->combine_at, "combine"}); !added) return added.error();
    }
    for (size_t i = named; i < plan_.configurations.size(); ++i) CheckNotNamed(*file, plan_.configurations[i].configuration.name);
    if (!problems_.empty()) return Error::BadInput(std::move(problems_));
    return Planned();
  }

 private:
  void AddNamed(const Origin& origin, const std::string& name, const std::string& line) {
    ConsentConfiguration configuration = *ParseAnswers(line);
    configuration.name = name;
    configuration.description = line;
    for (const auto& [consent, state] : configuration.initial) CheckKnown(origin, consent);
    NoteLateChanges(origin, {configuration});
    Add(configuration);
  }

  std::vector<Factor> FactorsOf(const ConsentsFile& file) {
    std::map<std::string, std::string> words(file.levels.begin(), file.levels.end());
    for (const auto& [consent, text] : words) {
      const Origin origin{file.level_at.at(consent), "levels." + consent};
      if (consent != kOthers) CheckKnown(origin, consent);
      NoteLateChanges(origin, FactorOf(consent, WordsOf(text)).levels);
    }
    const auto others = words.find(kOthers);
    std::vector<Factor> factors;
    for (const std::string& consent : scenario_.consents) {
      const auto own = words.find(consent);
      if (own == words.end() && others == words.end() && consent != policy_.master_consent) continue;
      const std::string text = own != words.end() ? own->second : consent == policy_.master_consent ? "granted" : others->second;
      factors.push_back(FactorOf(consent, WordsOf(text)));
    }
    return factors;
  }

  void CheckKnown(const Origin& origin, const std::string& consent) {
    if (std::find(scenario_.consents.begin(), scenario_.consents.end(), consent) != scenario_.consents.end()) return;
    const std::string near = SuggestWord(consent, scenario_.consents);
    problems_.push_back({origin.where, origin.field, scenario_.path + " has no consent '" + consent + "'" + (near.empty() ? "" : "; did you mean '" + near + "'?")});
  }

  void CheckNotNamed(const ConsentsFile& file, const std::string& generated) {
    const auto at = file.configuration_at.find(generated);
    if (at != file.configuration_at.end())
      problems_.push_back({at->second, "configurations." + generated, "is the name of a combination of the levels; give it another"});
  }

  void NoteLateChanges(const Origin& origin, const std::vector<ConsentConfiguration>& configurations) {
    std::vector<std::string> late;
    for (const ConsentConfiguration& configuration : configurations) {
      for (const ConsentStep& step : configuration.changes) {
        const SimDuration at = step.at - SimTime::Zero();
        std::string change = step.consent + " " + ToWord(step.state) + " at " + FormatDuration(at);
        if (at > request_.end && std::find(late.begin(), late.end(), change) == late.end()) late.push_back(std::move(change));
      }
    }
    if (late.empty()) return;
    std::string text = late.front();
    for (size_t i = 1; i < late.size(); ++i) text += ", " + late[i];
    plan_.warnings.push_back({origin.where, origin.field, text + ": comes after the run's end at " + FormatDuration(request_.end) + ": it never happens"});
  }

  Result<void> AddCombined(const std::vector<Factor>& factors, const std::string& word, const Origin& origin) {
    const size_t strength = *StrengthOf(word);
    if (strength == 0) return AddAll(factors, origin);
    std::vector<size_t> levels;
    for (const Factor& factor : factors) levels.push_back(factor.levels.size());
    const Result<CoveringArray> array = CoverTuples(levels, strength, ClashFinder(policy_, scenario_.consents, factors).Find());
    if (!array) return Error::BadInput(origin.where, origin.field, array.error().diagnostics.front().message);
    if (array->rows.empty()) {
      const std::string broken = BrokenConstraint(policy_, scenario_.consents, Combine(factors, LevelRow(factors.size(), 0)));
      return Error::BadInput(origin.where, origin.field, "the policy's constraints between consents allow none of the combinations; the first breaks this one: " + broken);
    }
    for (size_t i = 0; i < array->rows.size(); ++i) AddRow(factors, array->rows[i], NumberedName(word, i, array->rows.size()));
    return {};
  }

  Result<void> AddAll(const std::vector<Factor>& factors, const Origin& origin) {
    double all = 1;
    for (const Factor& factor : factors) all *= static_cast<double>(factor.levels.size());
    if (all > static_cast<double>(request_.most)) {
      char text[160];
      std::snprintf(text, sizeof text, "all combinations of %zu consents are %.0f configurations, where %zu fit; try pairwise or 3-wise", factors.size(), all, request_.most);
      return Error::BadInput(origin.where, origin.field, text);
    }
    const auto count = static_cast<size_t>(all);
    LevelRow row(factors.size(), 0);
    for (size_t number = 0; number < count; ++number) {
      AddRow(factors, row, NumberedName("all", number, count));
      for (size_t i = factors.size(); i-- > 0;) {
        if (++row[i] < factors[i].levels.size()) break;
        row[i] = 0;
      }
    }
    return {};
  }

  void AddRow(const std::vector<Factor>& factors, const LevelRow& row, const std::string& name) {
    ConsentConfiguration configuration = Combine(factors, row);
    configuration.name = name;
    configuration.description = ToText(configuration);
    Add(configuration);
  }

  void Add(const ConsentConfiguration& configuration) {
    plan_.configurations.push_back({configuration, BrokenConstraint(policy_, scenario_.consents, configuration)});
  }

  Result<ConsentPlan> Planned() {
    if (plan_.configurations.size() > request_.most) {
      return Error::BadInput(scenario_.path + ": " + std::to_string(plan_.configurations.size()) + " configurations, where " + std::to_string(request_.most) + " fit");
    }
    return std::move(plan_);
  }

  const Scenario& scenario_;
  const Policy& policy_;
  const ConsentPlanRequest& request_;
  std::vector<Diagnostic> problems_;
  ConsentPlan plan_;
};

using States = std::map<std::string, ConsentState>;

bool IsAmong(ConsentState state, const std::vector<std::string>& words) {
  return std::find(words.begin(), words.end(), ToWord(state)) != words.end();
}

// The consent that a constraint does not let be as it is; "" where there is none.
std::string Offender(const ConsentConstraint& constraint, const States& states) {
  const auto governing = states.find(constraint.consent);
  if (governing == states.end() || !IsAmong(governing->second, constraint.states)) return "";
  for (const auto& [consent, state] : states) {
    const bool meant = constraint.others.empty() ? consent != constraint.consent
                                                 : std::find(constraint.others.begin(), constraint.others.end(), consent) != constraint.others.end();
    if (meant && !IsAmong(state, constraint.may_be)) return consent;
  }
  return "";
}

}  // namespace

std::string BrokenConstraint(const Policy& policy, const std::vector<std::string>& consents, const ConsentConfiguration& configuration) {
  States states;
  for (const std::string& consent : consents) {
    const auto answer = configuration.initial.find(consent);
    states[consent] = answer == configuration.initial.end() ? ConsentState::kUnset : answer->second;
  }
  const auto broken = [&](const std::string& when) -> std::string {
    for (const ConsentConstraint& constraint : policy.consent_constraints) {
      const std::string offender = Offender(constraint, states);
      if (!offender.empty())
        return when + offender + " can't be " + ToWord(states[offender]) + " while " + constraint.consent + " is " +
               ToWord(states[constraint.consent]) + ": " + constraint.what + " (" + constraint.cite + ")";
    }
    return "";
  };
  if (std::string why = broken(""); !why.empty()) return why;
  for (size_t i = 0; i < configuration.changes.size(); ++i) {
    const ConsentStep& step = configuration.changes[i];
    states[step.consent] = step.state;
    if (step.consent == policy.master_consent && step.state != ConsentState::kGranted) {
      for (auto& [consent, state] : states) {  // The app takes the others back with it.
        if (consent != step.consent && state == ConsentState::kGranted) state = ConsentState::kWithdrawn;
      }
    }
    if (i + 1 < configuration.changes.size() && configuration.changes[i + 1].at == step.at) continue;
    if (std::string why = broken("from " + FormatDuration(step.at - SimTime::Zero()) + " on "); !why.empty()) return why;
  }
  return "";
}

Result<ConsentPlan> PlanConsents(const Scenario& scenario, const Policy& policy, const ConsentPlanRequest& request) {
  Planner planner(scenario, policy, request);
  const std::string& how = request.how;
  if (how.empty() || how == kOwn) return planner.Own();
  if (StrengthOf(how)) return planner.Combined(how);
  if (how.find('.') == std::string::npos && how.find('/') == std::string::npos)
    return Error::BadInput("--consents: must be own, all, pairwise, 3-wise to 6-wise or a file, got '" + how + "'");
  return planner.FromFile(how);
}

Result<void> CheckConsentsFile(const std::string& path) {
  const Result<ConsentsFile> file = LoadConfig<ConsentsFile>(path);
  return file ? Result<void>() : Result<void>(file.error());
}

SchemaNode ConsentsSchema() { return DescribeConfig<ConsentsFile>(); }

}  // namespace dustproof
