#include "hil/report/failure_list.h"

#include <openssl/sha.h>

#include <algorithm>
#include <cstdio>
#include <map>

namespace dustproof {
namespace {

std::string HexSha256(const void* bytes, size_t count, size_t hex_digits) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(static_cast<const unsigned char*>(bytes), count, digest);
  std::string hex;
  for (const unsigned char byte : digest) {
    char pair[3];
    std::snprintf(pair, sizeof pair, "%02x", byte);
    hex += pair;
  }
  return hex.substr(0, hex_digits);
}

// The bytes of a finding among those that it quotes.
std::string HashOf(const Finding& finding) {
  if (finding.excerpt.empty() || finding.excerpt_offset > finding.first_byte) return "";
  const uint64_t skip = std::min<uint64_t>(finding.first_byte - finding.excerpt_offset, finding.excerpt.size());
  const uint64_t count = std::min<uint64_t>(finding.byte_count, finding.excerpt.size() - skip);
  return HexSha256(finding.excerpt.data() + skip, count, 64);
}

class List {
 public:
  void Add(const RunReport& report) {
    for (const VerdictRow& row : report.audit.verdicts) {
      if (row.verdict == Verdict::kFail && static_cast<int>(row.reading) == report.reading) AddVerdict(report, row);
    }
    for (const UsefulnessCheck& check : report.audit.usefulness) {
      if (check.verdict == Verdict::kFail)
        AddOther(report, {.scenario = report.scenario, .rule = "usefulness." + check.name}, check.name + " failed", "does not do what it is for", check.detail);
    }
    for (const MissedExpectation& missed : report.failed_expectations) {
      AddOther(report, {.scenario = report.scenario, .rule = "expectation", .expected = missed.expected}, missed.expected, "misses what the scenario expects",
               missed.sentence);
    }
    if (report.end == "firmware_died")
      AddOther(report, {.scenario = report.scenario, .rule = "firmware"}, "the firmware died", "ended the run", report.diagnosis.substr(0, report.diagnosis.find('\n')));
  }

  std::vector<ListedFailure> Take() { return std::move(failures_); }

 private:
  void AddVerdict(const RunReport& report, const VerdictRow& row) {
    ListedFailure f;
    f.identity = IdentityOf(report.scenario, row);
    f.title = TitleOf(f.identity, row.consent);
    f.heading = HeadingFor(row.basis);
    f.clause = row.clause;
    f.reason = row.reason;
    if (const auto line = report.sources.rule_lines.find(row.rule); line != report.sources.rule_lines.end())
      f.policy = {report.sources.policy_file, line->second, 1};
    const Finding* first = nullptr;
    for (const std::string& id : row.evidence) {
      const Finding* finding = report.audit.FindFinding(id);
      if (finding != nullptr && (first == nullptr || finding->time < first->time)) first = finding;
    }
    if (first != nullptr) {
      f.time_s = first->time.seconds();
      f.message = first->sequence;
      f.byte_count = first->byte_count;
      f.protocol = first->protocol;
      f.host = first->party.host;
      f.sha256 = HashOf(*first);
    }
    Put(report, std::move(f));
  }

  void AddOther(const RunReport& report, const FailureIdentity& identity, const std::string& title, const std::string& heading, const std::string& reason) {
    ListedFailure f;
    f.identity = identity;
    f.title = title;
    f.heading = heading;
    f.reason = reason;
    Put(report, std::move(f));
  }

  void Put(const RunReport& report, ListedFailure failure) {
    failure.fingerprint = failure.identity.Fingerprint();
    const auto [place, is_new] = places_.try_emplace(failure.fingerprint, failures_.size());
    if (!is_new) {
      std::vector<std::string>& consents = failures_[place->second].consents;
      if (consents.back() != report.consent) consents.push_back(report.consent);
      return;
    }
    failure.consents = {report.consent};
    failure.scenario = {report.sources.scenario_file, report.sources.scenario_line, 1};
    failure.recording = report.sources.recording_file;
    failure.command = report.sources.command;
    if (const Acceptance* known = AcceptanceOf(report, failure.identity)) failure.acceptance = *known;
    failures_.push_back(std::move(failure));
  }

  std::vector<ListedFailure> failures_;
  std::map<std::string, size_t> places_;  // By fingerprint.
};

}  // namespace

std::string FailureIdentity::Fingerprint() const {
  const std::string text = category.empty() ? scenario + "|" + rule + "|" + expected
                                            : scenario + "|" + emitter + "|" + category + "|" + party + "|" + purpose + "|" + phase + "|" + rule;
  return HexSha256(text.data(), text.size(), 32);
}

const Acceptance* AcceptanceOf(const RunReport& report, const FailureIdentity& identity) {
  if (report.acceptances.empty()) return nullptr;
  const auto known = report.acceptances.find(identity.Fingerprint());
  return known == report.acceptances.end() ? nullptr : &known->second;
}

bool OnlyAccepted(const RunReport& report, const std::string& emitter, const std::string& category) {
  return std::all_of(report.audit.verdicts.begin(), report.audit.verdicts.end(), [&](const VerdictRow& row) {
    if (row.emitter != emitter || row.category != category || row.verdict != Verdict::kFail || static_cast<int>(row.reading) != report.reading) return true;
    const Acceptance* known = AcceptanceOf(report, IdentityOf(report.scenario, row));
    return known != nullptr && !known->expired;
  });
}

FailureIdentity IdentityOf(const std::string& scenario, const VerdictRow& row) {
  return {scenario, row.rule, row.emitter, row.category, row.party, row.purpose, row.phase, ""};
}

std::string TitleOf(const FailureIdentity& identity, const std::string& consent) {
  const std::string governed = consent.empty() ? "" : " while " + consent + " is " + identity.phase;
  return (identity.emitter == "robot" ? "" : identity.emitter + ": ") + identity.category + " to " + identity.party + " (" + identity.purpose + ")" + governed;
}

std::string ListedFailure::Where() const {
  constexpr size_t kNamesMax = 8;
  std::string text;
  if (runs > 0) text = std::to_string(runs) + " of " + std::to_string(runs_of) + " cells" + (when.empty() ? "" : ", " + when) + ":";
  const size_t names = runs > 0 ? std::min(kNamesMax, consents.size()) : consents.size();
  for (size_t i = 0; i < names; ++i) text += (text.empty() ? "" : " ") + consents[i];
  return text + (names < consents.size() ? " …" : "");
}

std::vector<ListedFailure> ListFailures(const std::vector<const RunReport*>& reports) {
  List list;
  for (const RunReport* report : reports) list.Add(*report);
  return list.Take();
}

}  // namespace dustproof
