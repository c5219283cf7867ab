#include "hil/matrix/consent_plan.h"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <set>

#include "hil/matrix/covering_array.h"
#include "sim/config/config.h"

namespace dustproof {
namespace {

constexpr size_t kStrengthMax = 6;
constexpr const char* kOthers = "others";

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

struct ConsentsFile {
  static constexpr const char* kKind = "consents";
  static constexpr int kFormatVersion = 1;
  std::vector<std::pair<std::string, std::string>> levels, configurations;
  std::string combine = "all";
  SourceLocation levels_at, configurations_at;

  void Describe(Fields& f) {
    f.TextDictionary("levels", &levels,
                     {.doc = "By consent, or `others` (without the policy's master consent, which is granted where it isn't named): what it may do, words apart by spaces: granted, denied, unset, "
                             "withdrawn@6min10s, granted@4min, granted/withdrawn@5min/granted@6min."});
    f.Where("levels", &levels_at);
    f.Text("combine", &combine, {.doc = "How levels are combined: all, pairwise, 3-wise to 6-wise."});
    f.TextDictionary("configurations", &configurations,
                     {.doc = "By name, in one line: C_MAP_UPLOAD=granted/withdrawn@6min10s,C_POLICY=granted."});
    f.Where("configurations", &configurations_at);
    if (!f.reading()) return;
    if (!StrengthOf(combine)) f.Problem("combine", "must be all, pairwise or 3-wise to 6-wise, got '" + combine + "'");
    if (levels.empty() && configurations.empty()) f.Problem("", "holds neither levels nor configurations");
    for (const auto& [consent, words] : levels) {
      if (WordsOf(words).empty()) f.Problem("levels", consent + " has no level");
      for (const std::string& word : WordsOf(words)) TakeProblems(f, "levels", consent + ": ", ParseAnswers("C=" + word));
    }
    for (const auto& [name, line] : configurations) TakeProblems(f, "configurations", name + ": ", ParseAnswers(line));
  }

  static void TakeProblems(Fields& f, const char* key, const std::string& what, const Result<ConsentConfiguration>& parsed) {
    if (parsed) return;
    for (const Diagnostic& problem : parsed.error().diagnostics) f.Problem(key, what + problem.message);
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
  std::stable_sort(combined.changes.begin(), combined.changes.end(), [](const ConsentStep& a, const ConsentStep& b) { return a.at < b.at; });
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

class Planner {
 public:
  Planner(const Scenario& scenario, const Policy& policy, size_t most) : scenario_(scenario), policy_(policy), most_(most) {}

  Result<std::vector<PlannedConfiguration>> Own() {
    for (const ConsentConfiguration& c : scenario_.configurations) {
      if (c.run_by_default) Add(c);
    }
    return Planned();
  }

  Result<std::vector<PlannedConfiguration>> Combined(const std::string& word) {
    std::vector<Factor> factors;
    for (const std::string& consent : scenario_.consents)
      factors.push_back(FactorOf(consent, consent == policy_.master_consent ? std::vector<std::string>{"granted"} : std::vector<std::string>{"granted", "denied"}));
    if (const Result<void> added = AddCombined(factors, word); !added) return added.error();
    return Planned();
  }

  Result<std::vector<PlannedConfiguration>> FromFile(const std::string& path) {
    const Result<ConsentsFile> file = LoadConfig<ConsentsFile>(path);
    if (!file) return file.error();
    for (const auto& [name, line] : file->configurations) {
      ConsentConfiguration configuration = *ParseAnswers(line);
      configuration.name = name;
      configuration.description = line;
      for (const auto& [consent, state] : configuration.initial) CheckKnown(file->configurations_at, "configurations." + name, consent);
      Add(configuration);
    }
    if (!file->levels.empty()) {
      const std::vector<Factor> factors = FactorsOf(*file);
      if (!problems_.empty()) return Error::BadInput(std::move(problems_));
      if (const Result<void> added = AddCombined(factors, file->combine); !added) return added.error();
    }
    if (!problems_.empty()) return Error::BadInput(std::move(problems_));
    return Planned();
  }

 private:
  std::vector<Factor> FactorsOf(const ConsentsFile& file) {
    std::map<std::string, std::string> words(file.levels.begin(), file.levels.end());
    for (const auto& [consent, text] : words) {
      if (consent != kOthers) CheckKnown(file.levels_at, "levels", consent);
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

  void CheckKnown(const SourceLocation& where, const std::string& field, const std::string& consent) {
    if (std::find(scenario_.consents.begin(), scenario_.consents.end(), consent) != scenario_.consents.end()) return;
    const std::string near = SuggestWord(consent, scenario_.consents);
    problems_.push_back({where, field, scenario_.path + " has no consent '" + consent + "'" + (near.empty() ? "" : "; did you mean '" + near + "'?")});
  }

  Result<void> AddCombined(const std::vector<Factor>& factors, const std::string& word) {
    const size_t strength = *StrengthOf(word);
    if (strength == 0) return AddAll(factors);
    std::vector<size_t> levels;
    for (const Factor& factor : factors) levels.push_back(factor.levels.size());
    const Result<CoveringArray> array = CoverTuples(levels, strength, ClashFinder(policy_, scenario_.consents, factors).Find());
    if (!array) return array.error();
    if (array->rows.empty()) return Error::BadInput("no configuration satisfies the policy's constraints between consents");
    for (size_t i = 0; i < array->rows.size(); ++i) AddRow(factors, array->rows[i], NumberedName(word, i, array->rows.size()));
    return {};
  }

  Result<void> AddAll(const std::vector<Factor>& factors) {
    size_t count = 1;
    for (const Factor& factor : factors) {
      count *= factor.levels.size();
      if (count > most_) break;
    }
    if (count > most_) {
      double all = 1;
      for (const Factor& factor : factors) all *= static_cast<double>(factor.levels.size());
      char text[200];
      std::snprintf(text, sizeof text, "%s: all combinations of %zu consents are %.0f configurations, where %zu fit; try pairwise or 3-wise",
                    scenario_.path.c_str(), factors.size(), all, most_);
      return Error::BadInput(text);
    }
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
    planned_.push_back({configuration, BrokenConstraint(policy_, scenario_.consents, configuration)});
  }

  Result<std::vector<PlannedConfiguration>> Planned() {
    if (planned_.empty()) return Error::BadInput(scenario_.path + ": consent_configurations: none has run_by_default; say which with --consents");
    if (planned_.size() > most_) {
      return Error::BadInput(scenario_.path + ": " + std::to_string(planned_.size()) + " configurations, where " + std::to_string(most_) + " fit");
    }
    return std::move(planned_);
  }

  const Scenario& scenario_;
  const Policy& policy_;
  const size_t most_;
  std::vector<Diagnostic> problems_;
  std::vector<PlannedConfiguration> planned_;
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

Result<std::vector<PlannedConfiguration>> PlanConsents(const Scenario& scenario, const Policy& policy, const std::string& how, size_t most) {
  Planner planner(scenario, policy, most);
  if (how.empty()) return planner.Own();
  if (StrengthOf(how)) return planner.Combined(how);
  if (how.find('.') == std::string::npos && how.find('/') == std::string::npos)
    return Error::BadInput("--consents: must be all, pairwise, 3-wise to 6-wise or a file, got '" + how + "'");
  return planner.FromFile(how);
}

Result<void> CheckConsentsFile(const std::string& path) {
  const Result<ConsentsFile> file = LoadConfig<ConsentsFile>(path);
  return file ? Result<void>() : Result<void>(file.error());
}

SchemaNode ConsentsSchema() { return DescribeConfig<ConsentsFile>(); }

}  // namespace dustproof
