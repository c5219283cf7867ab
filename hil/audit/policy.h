#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/config/schema.h"
#include "sim/core/diagnostic.h"
#include "sim/core/result.h"
#include "sim/core/time.h"

/// A privacy policy as data: who may receive which personal data under which consent, in three
/// readings, with a citation and a basis for every rule.
namespace dustproof {

enum class Reading { kStrict, kLiteral, kLenient };
inline constexpr std::array<Reading, 3> kReadings = {Reading::kStrict, Reading::kLiteral,
                                                     Reading::kLenient};
const char* ToWord(Reading reading);

/// What a rule rests on. Only a rule of the text may be headed "violates the policy".
enum class Basis { kText, kDerived, kStandard, kLaw, kHarness };
const char* ToWord(Basis basis);
/// "violates the policy" for text, else "fails a rule derived from the policy", "fails a standard's
/// rule", ….
const char* HeadingFor(Basis basis);

/// Who may receive a category in one state of its consent, in one reading.
struct Allowance {
  bool undetermined = false;         ///< The text is silent.
  std::vector<std::string> parties;  ///< Keys of the policy's parties.
  bool allows(const std::string& party) const;
};

struct PolicyCategory {
  std::string key;
  std::string id;           ///< "D29".
  std::string title;        ///< For people: "Map of the home".
  std::string dpv, fides;   ///< Terms of W3C DPV 2.3 and fideslang.
  std::string sensitivity;  ///< normal, elevated, sensitive.
};

struct PolicyParty {
  std::string key, id, title;
  bool never_allowed = false;
};

struct PolicyConsent {
  std::string key;
  std::string what;
};

/// While `consent` is in one of `states`, the others can only be in one of `may_be`: what breaks this can't come about,
/// and is not tried.
struct ConsentConstraint {
  std::string consent;
  std::vector<std::string> states;
  std::vector<std::string> others;  ///< Keys of consents; empty: all but `consent`.
  std::vector<std::string> may_be;
  std::string what;  ///< For people: "no consent can be given before the policy is accepted".
  Basis basis = Basis::kDerived;
  std::string cite;
  SourceLocation where;
};

/// One row of the gate: what may leave an emitter.
struct PolicyRule {
  std::string id;  ///< "F23".
  std::string emitter;
  std::vector<std::string> categories;
  std::string purpose;
  std::string consent;                       ///< The one that governs; empty where none does.
  std::array<std::string, 3> also_needs;     ///< By reading: a second consent, or empty.
  std::array<Allowance, 3> granted, denied;  ///< By reading. Unset and withdrawn count as denied.
  Basis basis = Basis::kDerived;
  std::string cite;
  std::string note;
  SourceLocation where;
};

/// What holds of a party whatever the category.
struct PartyRule {
  std::string id;
  std::string emitter;
  std::vector<std::string> parties;
  /// By reading: "fail", "undetermined", or "as <party>": as that party may.
  std::array<std::string, 3> effect;
  std::string consent;  ///< Where set and granted: as `as_party`.
  std::string as_party;
  Basis basis = Basis::kDerived;
  std::string cite;
  SourceLocation where;
};

/// Rules on how rather than what: clear text, the time before any consent, how soon a withdrawal
/// takes effect.
struct ClearTextRule {
  std::array<std::string, 3> effect;  ///< By reading: "fail", "undetermined", "allow_lan".
  Basis basis = Basis::kText;
  std::string cite;
};
struct StopBound {
  SimDuration online = SimDuration::Seconds(5);
  SimDuration queued = SimDuration();
  Basis basis = Basis::kHarness;
  std::string cite;
};

/// Who may receive anything while the master consent is not granted: it gates all others.
struct BeforeConsentRule {
  std::array<Allowance, 3> allowed;
  /// The category under which traffic is judged for being traffic, whatever it carries; empty where
  /// traffic alone is no matter.
  std::string traffic_category;
  std::vector<std::string> traffic_excepted;  ///< Protocols that getting ready to pair needs.
  Basis basis = Basis::kDerived;
  std::string cite;
};

struct Policy {
  static constexpr const char* kKind = "policy";
  static constexpr int kFormatVersion = 1;

  std::string name, controller, language_note;
  std::string master_consent;  ///< Without it nothing may leave, in the strict reading.
  std::vector<PolicyCategory> categories;
  std::vector<PolicyParty> parties;
  std::vector<PolicyConsent> consents;
  std::vector<ConsentConstraint> consent_constraints;
  std::vector<PolicyRule> rules;
  std::vector<PartyRule> party_rules;
  BeforeConsentRule before_consent;
  ClearTextRule clear_text;
  StopBound stop_bound;

  const PolicyCategory* FindCategory(const std::string& key) const;
  const PolicyParty* FindParty(const std::string& key) const;
  /// Rules for an emitter and category, in the file's order.
  std::vector<const PolicyRule*> RulesFor(const std::string& emitter,
                                          const std::string& category) const;
};

/// Reads and checks a policy. Refuses holes: every category of an emitter that has rules needs one,
/// and every reading of every rule an answer.
Result<Policy> LoadPolicy(const std::string& path);
Result<Policy> ParsePolicy(std::string_view text, const std::string& file_name);

/// `kind: policy`, for `dustproof schema`.
SchemaNode PolicySchema();

}  // namespace dustproof
