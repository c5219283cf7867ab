#include "hil/audit/baseline.h"

#include <algorithm>
#include <chrono>
#include <string_view>

namespace dustproof {
namespace {

constexpr size_t kFingerprintDigits = 32;

bool IsFingerprint(const std::string& text) {
  return text.size() == kFingerprintDigits && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

// `*` is any letters, also none.
bool Fits(std::string_view pattern, std::string_view text) {
  const size_t star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == text;
  if (!text.starts_with(pattern.substr(0, star))) return false;
  const std::string_view rest = pattern.substr(star + 1);
  for (size_t at = star; at <= text.size(); ++at) {
    if (Fits(rest, text.substr(at))) return true;
  }
  return false;
}

bool Allows(const std::string& pattern, const std::string& text) { return pattern.empty() || Fits(pattern, text); }

// Two stars side by side, or many, would only make `Fits` slow.
bool IsSimple(const std::string& pattern) { return std::count(pattern.begin(), pattern.end(), '*') <= 4; }

}  // namespace

std::string ToText(const Acceptance& a) {
  const std::string by = a.by.empty() ? "" : "by " + a.by;
  if (a.expired) return "no longer accepted, since " + a.until + " is past (" + by + (by.empty() ? "" : ": ") + a.reason + ")";
  return "accepted until " + a.until + (by.empty() ? "" : " " + by) + ": " + a.reason;
}

void BaselineEntry::Describe(Fields& f) {
  f.Where(&where);
  f.Text("fingerprint", &fingerprint, {.doc = "Of the failure, as SARIF and Code Quality have it: 32 hex digits. With the patterns, all must hold."});
  f.Text("scenario", &scenario, {.doc = "Name of the scenario; * stands for any letters, here and in the next three."});
  f.Text("rule", &rule, {.doc = "Id of the policy's rule; usefulness.NAME, expectation or firmware for what is none."});
  f.Text("category", &category, {.doc = "Category of the policy, e.g. home_map."});
  f.Text("party", &party, {.doc = "Who receives it, by the policy's key."});
  f.Text("reason", &reason, {.doc = "Why it is accepted.", .required = true});
  f.Text("until", &until, {.doc = "The last day on which it is, as 2027-01-31.", .required = true});
  f.Text("by", &by, {.doc = "Who accepts it."});
  const bool names_something = !fingerprint.empty() || !scenario.empty() || !rule.empty() || !category.empty() || !party.empty();
  f.Rule({"fingerprint", "scenario", "rule", "category", "party"}, names_something, "an entry needs a fingerprint or a pattern: without, it would accept everything");
  f.Rule({"fingerprint"}, fingerprint.empty() || IsFingerprint(fingerprint), "must be 32 hex digits in lower case, got '" + fingerprint + "'");
  f.Rule({"until"}, until.empty() || IsDay(until), "must be a day of the calendar as 2027-01-31, got '" + until + "'");
  for (const auto& [key, pattern] : {std::pair("scenario", &scenario), std::pair("rule", &rule), std::pair("category", &category), std::pair("party", &party)})
    f.Rule({key}, IsSimple(*pattern), "has more than four *, got '" + *pattern + "'");
}

bool BaselineEntry::Matches(const BaselineSubject& subject) const {
  return (fingerprint.empty() || fingerprint == subject.fingerprint) && Allows(scenario, subject.scenario) && Allows(rule, subject.rule) &&
         Allows(category, subject.category) && Allows(party, subject.party);
}

void Baseline::Describe(Fields& f) { f.List("accepted", &accepted, {.doc = "Failures that are known, and do not fail a run until their day is past."}); }

Result<Baseline> LoadBaseline(const std::string& path) { return LoadConfig<Baseline>(path); }

SchemaNode BaselineSchema() { return DescribeConfig<Baseline>(); }

bool IsDay(const std::string& text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  std::string digits = text.substr(0, 4) + text.substr(5, 2) + text.substr(8);
  if (digits.find_first_not_of("0123456789") != std::string::npos) return false;
  const int number = std::stoi(digits);
  return std::chrono::year_month_day(std::chrono::year(number / 10000), std::chrono::month(static_cast<unsigned>(number / 100 % 100)),
                                     std::chrono::day(static_cast<unsigned>(number % 100)))
      .ok();
}

BaselineUse::BaselineUse(Baseline baseline, std::string today)
    : baseline_(std::move(baseline)), today_(std::move(today)), used_(baseline_.accepted.size(), false) {}

std::optional<Acceptance> BaselineUse::Find(const BaselineSubject& subject) {
  std::optional<Acceptance> found;
  for (size_t i = 0; i < baseline_.accepted.size(); ++i) {
    const BaselineEntry& entry = baseline_.accepted[i];
    if (!entry.Matches(subject)) continue;
    used_[i] = true;
    const bool expired = today_ > entry.until;
    if (!found || (found->expired && !expired)) found = Acceptance{entry.reason, entry.until, entry.by, expired};
  }
  return found;
}

std::vector<Diagnostic> BaselineUse::Stale(const std::vector<std::string>& scenarios) const {
  std::vector<Diagnostic> stale;
  for (size_t i = 0; i < baseline_.accepted.size(); ++i) {
    const BaselineEntry& entry = baseline_.accepted[i];
    const bool concerned = std::any_of(scenarios.begin(), scenarios.end(), [&](const std::string& name) { return Allows(entry.scenario, name); });
    if (used_[i] || !concerned) continue;
    stale.push_back({entry.where, "accepted[" + std::to_string(i) + "]", "matches nothing that fails in these runs; where it is mended, take the entry out"});
  }
  return stale;
}

}  // namespace dustproof
