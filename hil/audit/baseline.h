#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/config/config.h"
#include "sim/config/schema.h"
#include "sim/core/result.h"

/// Failures that are known, and accepted with a reason until a day: a file of kind `baseline`.
namespace dustproof {

/// What an entry is held against.
struct BaselineSubject {
  std::string fingerprint, scenario, rule, category, party;
};

/// What a baseline says of something that fails.
struct Acceptance {
  std::string reason;
  std::string until;  ///< The last day, as "2027-01-31".
  std::string by;     ///< Who accepted it; may be "".
  bool expired = false;
};
/// "accepted until 2027-01-31 by Ada: the fix ships in May"; "no longer accepted, since 2027-01-31 is past (by Ada: …)".
std::string ToText(const Acceptance& acceptance);

struct BaselineEntry {
  std::string fingerprint;                      ///< "" leaves it to the patterns.
  std::string scenario, rule, category, party;  ///< Patterns, in which * stands for any letters; "" is no condition.
  std::string reason, until, by;
  SourceLocation where;
  void Describe(Fields& f);

  /// Whether every condition of the entry holds.
  bool Matches(const BaselineSubject& subject) const;
};

struct Baseline {
  static constexpr const char* kKind = "baseline";
  static constexpr int kFormatVersion = 1;

  std::vector<BaselineEntry> accepted;
  void Describe(Fields& f);
};

/// Every problem at once, located.
[[nodiscard]] Result<Baseline> LoadBaseline(const std::string& path);
/// `kind: baseline`, for `dustproof schema`.
SchemaNode BaselineSchema();

/// Whether `text` is a day of the calendar as "2027-01-31". Days compare as texts.
bool IsDay(const std::string& text);

/// A baseline on a day, and which of its entries were of use.
class BaselineUse {
 public:
  /// @pre `IsDay(today)`.
  BaselineUse(Baseline baseline, std::string today);

  /// What the baseline says of a failure: an entry that still holds goes before one that has expired. Nothing where no
  /// entry matches.
  std::optional<Acceptance> Find(const BaselineSubject& subject);
  /// A warning for each entry that matched no failure, among those that may be of one of `scenarios`.
  std::vector<Diagnostic> Stale(const std::vector<std::string>& scenarios) const;

 private:
  Baseline baseline_;
  std::string today_;
  std::vector<bool> used_;
};

}  // namespace dustproof
