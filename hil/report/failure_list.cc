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
        AddOther(report, "usefulness." + check.name, check.name + " failed", "does not do what it is for", check.detail);
    }
    for (const std::string& sentence : report.failed_expectations)
      AddOther(report, "expectation", sentence, "misses what the scenario expects", sentence);
    if (report.end == "firmware_died")
      AddOther(report, "firmware", "the firmware died", "ended the run", report.diagnosis.substr(0, report.diagnosis.find('\n')));
  }

  std::vector<ListedFailure> Take() { return std::move(failures_); }

 private:
  void AddVerdict(const RunReport& report, const VerdictRow& row) {
    const std::string governed = row.consent.empty() ? "" : " while " + row.consent + " is " + row.phase;
    ListedFailure f;
    f.rule = row.rule;
    f.title = (row.emitter == "robot" ? "" : row.emitter + ": ") + row.category + " to " + row.party + " (" + row.purpose + ")" + governed;
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
    Put(report, std::move(f), report.scenario + "|" + row.emitter + "|" + row.category + "|" + row.party + "|" + row.purpose + "|" + row.phase + "|" + row.rule);
  }

  void AddOther(const RunReport& report, const std::string& rule, const std::string& title, const std::string& heading, const std::string& reason) {
    ListedFailure f;
    f.rule = rule;
    f.title = title;
    f.heading = heading;
    f.reason = reason;
    Put(report, std::move(f), report.scenario + "|" + rule + "|" + (rule == "expectation" ? title : ""));
  }

  void Put(const RunReport& report, ListedFailure failure, const std::string& identity) {
    const auto [place, is_new] = places_.try_emplace(identity, failures_.size());
    if (!is_new) {
      failures_[place->second].consents.push_back(report.consent);
      return;
    }
    failure.fingerprint = HexSha256(identity.data(), identity.size(), 32);
    failure.consents = {report.consent};
    failure.scenario = {report.sources.scenario_file, report.sources.scenario_line, 1};
    failure.recording = report.recording;
    failure.command = report.sources.command;
    failures_.push_back(std::move(failure));
  }

  std::vector<ListedFailure> failures_;
  std::map<std::string, size_t> places_;
};

}  // namespace

std::vector<ListedFailure> ListFailures(const std::vector<const RunReport*>& reports) {
  List list;
  for (const RunReport* report : reports) list.Add(*report);
  return list.Take();
}

}  // namespace dustproof
