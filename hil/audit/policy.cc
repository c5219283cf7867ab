#include "hil/audit/policy.h"

#include <algorithm>
#include <map>
#include <set>

#include "sim/config/config.h"
#include "sim/scenario/consent.h"

namespace dustproof {

namespace {

constexpr Named<Basis> kBases[] = {{"text", Basis::kText},
                                   {"derived", Basis::kDerived},
                                   {"standard", Basis::kStandard},
                                   {"law", Basis::kLaw},
                                   {"harness", Basis::kHarness}};
constexpr const char* kSilent = "undetermined";

/// An answer for each reading, none of which may be left out.
struct ByReading {
  std::vector<std::string> strict, literal, lenient;
  void Describe(Fields& f) {
    f.Texts("strict", &strict,
            {.doc = "Parties that may receive it; [] is nobody, [undetermined] is silence.",
             .required = true});
    f.Texts("literal", &literal, {.doc = "The same at the words of the text.", .required = true});
    f.Texts("lenient", &lenient,
            {.doc = "The same in the vendor's best reading.", .required = true});
  }
  std::array<Allowance, 3> Take() const {
    std::array<Allowance, 3> out;
    const std::vector<std::string>* all[3] = {&strict, &literal, &lenient};
    for (size_t i = 0; i < 3; ++i) {
      out[i].undetermined = all[i]->size() == 1 && all[i]->front() == kSilent;
      if (!out[i].undetermined) out[i].parties = *all[i];
    }
    return out;
  }
};

struct WordByReading {
  std::string strict, literal, lenient;
  void Describe(Fields& f) {
    f.Text("strict", &strict, {.may_be_empty = true});
    f.Text("literal", &literal, {.may_be_empty = true});
    f.Text("lenient", &lenient, {.may_be_empty = true});
  }
  std::array<std::string, 3> Take() const { return {strict, literal, lenient}; }
};

struct CategoryEntry : PolicyCategory {
  void Describe(Fields& f) {
    f.Text("key", &key, {.doc = "Name in findings and verdicts.", .required = true});
    f.Text("id", &id, {.doc = "Short id, e.g. D29."});
    f.Text("title", &title, {.doc = "For people.", .required = true});
    f.Text("dpv", &dpv, {.doc = "Term of W3C DPV 2.3.", .may_be_empty = true});
    f.Text("fides", &fides, {.doc = "Term of fideslang.", .may_be_empty = true});
    f.Text("sensitivity", &sensitivity,
           {.doc = "How sensitive.", .choices = {"normal", "elevated", "sensitive"}});
  }
};

struct PartyEntry : PolicyParty {
  void Describe(Fields& f) {
    f.Text("key", &key, {.doc = "Name in scenarios, findings and verdicts.", .required = true});
    f.Text("id", &id, {.doc = "Short id, e.g. R_CLOUD_CN."});
    f.Text("title", &title, {.doc = "For people.", .required = true});
    f.Bool("never_allowed", &never_allowed, {.doc = "Nothing personal may ever go there."});
  }
};

struct ConsentEntry : PolicyConsent {
  void Describe(Fields& f) {
    f.Text("key", &key, {.doc = "As scenarios name it.", .required = true});
    f.Text("what", &what,
           {.doc = "What is consented to, with its place in the text.", .required = true});
  }
};

struct ConstraintEntry : ConsentConstraint {
  void Describe(Fields& f) {
    f.Where(&where);
    f.Text("consent", &consent, {.doc = "Key of the consent that governs.", .required = true});
    f.Texts("states", &states, {.doc = "While it is one of these …", .required = true, .count_min = 1});
    f.Texts("others", &others, {.doc = "… these consents; left out: all others …"});
    f.Texts("may_be", &may_be, {.doc = "… can only be one of these.", .required = true, .count_min = 1});
    f.Text("what", &what, {.doc = "The same in words.", .required = true});
    f.Choice("basis", &basis, kBases, {.doc = "What it rests on.", .required = true});
    f.Text("cite", &cite, {.doc = "Where the text says so.", .required = true});
    ConsentState parsed;
    for (const std::vector<std::string>* words : {&states, &may_be}) {
      for (const std::string& word : *words) {
        if (!ParseConsentState(word, &parsed)) f.Problem(words == &states ? "states" : "may_be", "must be unset, granted, denied or withdrawn, got '" + word + "'");
      }
    }
  }
};

struct RuleEntry : PolicyRule {
  WordByReading also;
  ByReading if_granted, if_denied;
  void Describe(Fields& f) {
    f.Where(&where);
    f.Text("id", &id, {.doc = "Short id, e.g. F23.", .required = true});
    f.Text("emitter", &emitter,
           {.doc = "Who sends.",
            .required = true,
            .choices = {"robot", "app", "website", "third_party"}});
    f.Texts("categories", &categories,
            {.doc = "Keys of categories.", .required = true, .count_min = 1});
    f.Text("purpose", &purpose, {.doc = "What for.", .required = true});
    f.Text("consent", &consent,
           {.doc = "The consent that governs, or empty.", .may_be_empty = true});
    f.Section("also_needs", &also, {.doc = "By reading: a second consent that must be granted."});
    f.Section("granted", &if_granted,
              {.doc = "Who may receive it while consent is granted.", .required = true});
    f.Section("denied", &if_denied,
              {.doc = "Who may while it is unset, denied or withdrawn.", .required = true});
    f.Choice("basis", &basis, kBases, {.doc = "What the rule rests on.", .required = true});
    f.Text("cite", &cite, {.doc = "Where the text says so.", .required = true});
    f.Text("note", &note, {.doc = "For people.", .may_be_empty = true});
  }
};

struct PartyRuleEntry : PartyRule {
  WordByReading words;
  void Describe(Fields& f) {
    f.Where(&where);
    f.Text("id", &id, {.doc = "Short id.", .required = true});
    f.Text("emitter", &emitter, {.doc = "Who sends.", .required = true});
    f.Texts("parties", &parties, {.doc = "Keys of parties.", .required = true, .count_min = 1});
    f.Section("effect", &words,
              {.doc = "By reading: fail, undetermined, or 'as PARTY'.", .required = true});
    f.Text("consent", &consent, {.doc = "While granted: as as_party.", .may_be_empty = true});
    f.Text("as_party", &as_party, {.doc = "See consent.", .may_be_empty = true});
    f.Choice("basis", &basis, kBases, {.doc = "What the rule rests on.", .required = true});
    f.Text("cite", &cite, {.doc = "Where the text says so.", .required = true});
  }
};

struct BeforeConsentEntry : BeforeConsentRule {
  ByReading words;
  void Describe(Fields& f) {
    words.Describe(f);
    f.Text("traffic_category", &traffic_category,
           {.doc = "Category under which traffic as such is judged; empty: it is not.",
            .may_be_empty = true});
    f.Texts("traffic_excepted", &traffic_excepted,
            {.doc = "Protocols that getting ready to pair needs."});
    f.Choice("basis", &basis, kBases, {.doc = "What the rule rests on.", .required = true});
    f.Text("cite", &cite, {.doc = "Where the text says so.", .required = true});
  }
};

struct ClearTextEntry : ClearTextRule {
  WordByReading words;
  void Describe(Fields& f) {
    f.Section("effect", &words,
              {.doc = "By reading: fail, undetermined, or allow_lan.", .required = true});
    f.Choice("basis", &basis, kBases, {.doc = "What the rule rests on.", .required = true});
    f.Text("cite", &cite, {.doc = "Where the text says so.", .required = true});
  }
};

struct StopBoundEntry : StopBound {
  void Describe(Fields& f) {
    f.Duration("online", &online,
               {.doc = "How long after a withdrawal bytes may still leave.", .min = SimDuration()});
    f.Duration("queued", &queued,
               {.doc = "The same for what was queued before it.", .min = SimDuration()});
    f.Choice("basis", &basis, kBases, {.doc = "What the bound rests on.", .required = true});
    f.Text("cite", &cite, {.doc = "Where it comes from.", .required = true});
  }
};

struct PolicyFile {
  static constexpr const char* kKind = Policy::kKind;
  static constexpr int kFormatVersion = Policy::kFormatVersion;
  Policy policy;
  std::vector<CategoryEntry> categories;
  std::vector<PartyEntry> parties;
  std::vector<ConsentEntry> consents;
  std::vector<ConstraintEntry> consent_constraints;
  std::vector<RuleEntry> rules;
  std::vector<PartyRuleEntry> party_rules;
  BeforeConsentEntry before;
  ClearTextEntry clear_text;
  StopBoundEntry stop_bound;

  void Describe(Fields& f) {
    f.Text("name", &policy.name, {.doc = "Of the policy.", .required = true});
    f.Text("controller", &policy.controller,
           {.doc = "Who answers for the data.", .required = true});
    f.Text("language_note", &policy.language_note,
           {.doc = "Which language governs.", .may_be_empty = true});
    f.Text("master_consent", &policy.master_consent,
           {.doc = "Before it is given, before_consent holds.", .required = true});
    f.List("categories", &categories,
           {.doc = "Kinds of personal data.", .required = true, .count_min = 1});
    f.List("parties", &parties, {.doc = "Who may receive data.", .required = true, .count_min = 1});
    f.List("consents", &consents, {.doc = "What users are asked.", .required = true});
    f.List("consent_constraints", &consent_constraints, {.doc = "Which states of consents can't come together."});
    f.Section("before_consent", &before,
              {.doc = "Who may receive anything while the master consent is not granted.",
               .required = true});
    f.List("rules", &rules,
           {.doc = "What may go to whom, when.", .required = true, .count_min = 1});
    f.List("party_rules", &party_rules, {.doc = "What holds of a party whatever the category."});
    f.Section("clear_text", &clear_text,
              {.doc = "Personal data without encryption.", .required = true});
    f.Section("stop_bound", &stop_bound,
              {.doc = "How soon a withdrawal takes effect.", .required = true});
  }
};

/// Names that must exist, categories without a rule, and the like.
class Checker {
 public:
  explicit Checker(const Policy& policy) : policy_(policy) {}

  std::vector<Diagnostic> Run() {
    for (const PolicyRule& rule : policy_.rules) CheckRule(rule);
    for (const PartyRule& rule : policy_.party_rules) CheckPartyRule(rule);
    for (const ConsentConstraint& constraint : policy_.consent_constraints) {
      CheckConsent(constraint.where, "consent", constraint.consent);
      for (const std::string& other : constraint.others) CheckConsent(constraint.where, "others", other);
    }
    CheckBeforeConsent();
    CheckHoles();
    return std::move(problems_);
  }

 private:
  void Problem(const SourceLocation& where, const std::string& field, const std::string& message) {
    problems_.push_back({where, field, message});
  }
  template <typename Entry>
  void CheckName(const SourceLocation& where, const std::string& field, const std::string& key,
                 const char* kind, const char* list, const std::vector<Entry>& entries) {
    std::vector<std::string> known;
    for (const Entry& entry : entries) known.push_back(entry.key);
    if (std::find(known.begin(), known.end(), key) != known.end()) return;
    const std::string suggestion = SuggestWord(key, known);
    Problem(where, field,
            std::string("no ") + kind + " '" + key + "' in " + list +
                (suggestion.empty() ? "" : "; did you mean '" + suggestion + "'?"));
  }
  void CheckParty(const SourceLocation& where, const std::string& field, const std::string& key) {
    CheckName(where, field, key, "party", "parties", policy_.parties);
  }
  void CheckConsent(const SourceLocation& where, const std::string& field, const std::string& key) {
    if (!key.empty()) CheckName(where, field, key, "consent", "consents", policy_.consents);
  }
  void CheckCategory(const SourceLocation& where, const std::string& field,
                     const std::string& key) {
    CheckName(where, field, key, "category", "categories", policy_.categories);
  }
  void CheckRule(const PolicyRule& rule) {
    const std::string field = "rule " + rule.id;
    for (const std::string& category : rule.categories) CheckCategory(rule.where, field, category);
    CheckConsent(rule.where, field, rule.consent);
    for (size_t i = 0; i < kReadings.size(); ++i) {
      CheckConsent(rule.where, field, rule.also_needs[i]);
      for (const std::string& party : rule.granted[i].parties) CheckParty(rule.where, field, party);
      for (const std::string& party : rule.denied[i].parties) CheckParty(rule.where, field, party);
    }
  }
  void CheckPartyRule(const PartyRule& rule) {
    const std::string field = "party rule " + rule.id;
    for (const std::string& party : rule.parties) CheckParty(rule.where, field, party);
    CheckConsent(rule.where, field, rule.consent);
    if (!rule.as_party.empty()) CheckParty(rule.where, field, rule.as_party);
    for (const std::string& effect : rule.effect) {
      if (effect.starts_with("as ")) {
        CheckParty(rule.where, field, effect.substr(3));
      } else if (effect != "fail" && effect != "undetermined") {
        Problem(rule.where, field,
                "effect must be fail, undetermined or 'as PARTY' in each reading, got '" + effect +
                    "'");
      }
    }
  }
  void CheckBeforeConsent() {
    const SourceLocation where{policy_.rules.front().where.file, 0, 0};
    CheckConsent(where, "master_consent", policy_.master_consent);
    for (const Allowance& allowance : policy_.before_consent.allowed) {
      for (const std::string& party : allowance.parties) CheckParty(where, "before_consent", party);
    }
    const std::string& traffic = policy_.before_consent.traffic_category;
    if (!traffic.empty()) CheckCategory(where, "before_consent.traffic_category", traffic);
  }
  void CheckHoles() {
    std::set<std::string> emitters;
    for (const PolicyRule& rule : policy_.rules) emitters.insert(rule.emitter);
    for (const std::string& emitter : emitters) {
      for (const PolicyCategory& category : policy_.categories) {
        if (!policy_.RulesFor(emitter, category.key).empty()) continue;
        Problem({policy_.rules.front().where.file, 0, 0}, "rules",
                "emitter '" + emitter + "' has rules, but none for category '" + category.key +
                    "': add one (granted and denied may be [] for nobody)");
      }
    }
  }

  const Policy& policy_;
  std::vector<Diagnostic> problems_;
};

Result<Policy> Finish(Result<PolicyFile> file) {
  if (!file) return file.error();
  Policy policy = std::move(file->policy);
  policy.categories.assign(file->categories.begin(), file->categories.end());
  policy.parties.assign(file->parties.begin(), file->parties.end());
  policy.consents.assign(file->consents.begin(), file->consents.end());
  policy.consent_constraints.assign(file->consent_constraints.begin(), file->consent_constraints.end());
  for (RuleEntry& entry : file->rules) {
    entry.also_needs = entry.also.Take();
    entry.granted = entry.if_granted.Take();
    entry.denied = entry.if_denied.Take();
    policy.rules.push_back(entry);
  }
  for (PartyRuleEntry& entry : file->party_rules) {
    entry.effect = entry.words.Take();
    policy.party_rules.push_back(entry);
  }
  file->before.allowed = file->before.words.Take();
  policy.before_consent = file->before;
  file->clear_text.effect = file->clear_text.words.Take();
  policy.clear_text = file->clear_text;
  policy.stop_bound = file->stop_bound;
  std::vector<Diagnostic> problems = Checker(policy).Run();
  if (problems.empty()) return policy;
  SortByPlace(&problems);
  return Error::BadInput(std::move(problems));
}

}  // namespace

const char* ToWord(Reading reading) {
  constexpr const char* kWords[] = {"strict", "literal", "lenient"};
  return kWords[static_cast<size_t>(reading)];
}

const char* ToWord(Basis basis) { return NameOf(basis, kBases); }

const char* HeadingFor(Basis basis) {
  switch (basis) {
    case Basis::kText:
      return "violates the policy";
    case Basis::kDerived:
      return "fails the harness's rule (basis: derived from the policy)";
    case Basis::kStandard:
      return "fails the harness's rule (basis: standard)";
    case Basis::kLaw:
      return "fails the harness's rule (basis: law)";
    case Basis::kHarness:
      return "fails the harness's rule (basis: a bound chosen by the harness)";
  }
  return "";
}

bool Allowance::allows(const std::string& party) const {
  return std::find(parties.begin(), parties.end(), party) != parties.end();
}

const PolicyCategory* Policy::FindCategory(const std::string& key) const {
  for (const PolicyCategory& category : categories) {
    if (category.key == key) return &category;
  }
  return nullptr;
}

const PolicyParty* Policy::FindParty(const std::string& key) const {
  for (const PolicyParty& party : parties) {
    if (party.key == key) return &party;
  }
  return nullptr;
}

std::vector<const PolicyRule*> Policy::RulesFor(const std::string& emitter,
                                                const std::string& category) const {
  std::vector<const PolicyRule*> found;
  for (const PolicyRule& rule : rules) {
    const bool names_it = std::find(rule.categories.begin(), rule.categories.end(), category) !=
                          rule.categories.end();
    if (rule.emitter == emitter && names_it) found.push_back(&rule);
  }
  return found;
}

Result<Policy> LoadPolicy(const std::string& path) { return Finish(LoadConfig<PolicyFile>(path)); }
Result<Policy> ParsePolicy(std::string_view text, const std::string& file_name) {
  return Finish(ParseConfig<PolicyFile>(text, file_name));
}
SchemaNode PolicySchema() { return DescribeConfig<PolicyFile>(); }

}  // namespace dustproof
