#include "hil/matrix/matrix_failures.h"

#include <algorithm>

#include "hil/report/source_path.h"

namespace dustproof {
namespace {

// A failure, and what its group is named by.
struct Grouped {
  ListedFailure failure;
  std::string signature;
};

ListedFailure Plain(const CellResult& result, FailureIdentity identity, const std::string& title, const std::string& heading, const std::string& reason) {
  ListedFailure f;
  identity.scenario = result.scenario;
  f.identity = std::move(identity);
  f.title = title, f.heading = heading, f.reason = reason;
  return f;
}

ListedFailure OfVerdict(const CellResult& result, const CellFailure& failure) {
  ListedFailure f = Plain(result, failure.Identity(result.scenario), "", failure.heading, failure.reason);
  f.title = TitleOf(f.identity, failure.consent);
  f.clause = failure.clause;
  f.time_s = failure.time_s, f.message = failure.sequence, f.byte_count = failure.byte_count;
  f.protocol = failure.protocol, f.host = failure.host, f.sha256 = failure.sha256;
  return f;
}

std::vector<Grouped> ListGrouped(const MatrixEntry& entry) {
  std::vector<Grouped> all;
  if (!entry.result) return all;
  const CellResult& r = *entry.result;
  for (const CellFailure& failure : r.failures) all.push_back({OfVerdict(r, failure), failure.Signature()});
  for (const std::string& check : r.unuseful)
    all.push_back({Plain(r, {.rule = "usefulness." + check}, check + " failed", "does not do what it is for", ""), "not useful: " + check});
  for (const auto& [expected, sentence] : r.missed)
    all.push_back({Plain(r, {.rule = "expectation", .expected = expected}, expected, "misses what the scenario expects", sentence), "expected: " + expected});
  const std::string died = r.outcome.diagnosis.substr(0, r.outcome.diagnosis.find('\n'));
  if (r.died()) all.push_back({Plain(r, {.rule = "firmware"}, "the firmware died", "ended the run", died), DeathSignature(r.outcome.diagnosis)});
  for (Grouped& grouped : all) {
    ListedFailure& f = grouped.failure;
    f.fingerprint = f.identity.Fingerprint();
    f.consents = {entry.cell.name};
    f.command = entry.command;
    if (const auto known = entry.acceptances.find(f.fingerprint); known != entry.acceptances.end()) f.acceptance = known->second;
  }
  return all;
}

void AddSources(const MatrixResult& result, const MatrixEntry& entry, ListedFailure* f) {
  f->recording = entry.recording.empty() ? "" : SourcePath(result.folder + "/" + entry.recording);
  const auto known = result.sources.find(entry.cell.scenario);
  if (known == result.sources.end()) return;
  f->scenario = {known->second.scenario_file, entry.cell.consents.where.line, 1};
  const auto rule = known->second.rule_lines.find(f->identity.rule);
  if (rule != known->second.rule_lines.end()) f->policy = {known->second.policy_file, rule->second, 1};
}

std::string WhenOf(const MatrixResult& result, const std::string& signature) {
  const auto group = std::find_if(result.failures.begin(), result.failures.end(), [&](const MatrixFailure& g) { return g.signature == signature; });
  return group == result.failures.end() ? "" : group->when;
}

}  // namespace

std::vector<ListedFailure> ListFailures(const MatrixEntry& entry) {
  std::vector<ListedFailure> failures;
  for (Grouped& grouped : ListGrouped(entry)) failures.push_back(std::move(grouped.failure));
  return failures;
}

std::vector<ListedFailure> ListFailures(const MatrixResult& result) {
  std::vector<ListedFailure> failures;
  std::map<std::string, size_t> places;  // By fingerprint.
  for (const MatrixEntry& entry : result.entries) {
    for (Grouped& grouped : ListGrouped(entry)) {
      const auto [place, is_new] = places.try_emplace(grouped.failure.fingerprint, failures.size());
      if (is_new) {
        AddSources(result, entry, &grouped.failure);
        grouped.failure.when = WhenOf(result, grouped.signature);
        failures.push_back(std::move(grouped.failure));
      } else if (failures[place->second].consents.back() != entry.cell.name) {
        failures[place->second].consents.push_back(entry.cell.name);
      }
    }
  }
  for (ListedFailure& f : failures) f.runs = f.consents.size(), f.runs_of = result.entries.size();
  return failures;
}

void ApplyBaseline(BaselineUse& baseline, MatrixResult* result) {
  for (MatrixEntry& entry : result->entries) {
    for (const ListedFailure& f : ListFailures(entry)) {
      const FailureIdentity& id = f.identity;
      if (const auto found = baseline.Find({f.fingerprint, id.scenario, id.rule, id.category, id.party})) entry.acceptances[f.fingerprint] = *found;
    }
  }
  std::map<std::string, std::vector<ListedFailure>> by_signature;
  for (const MatrixEntry& entry : result->entries) {
    for (Grouped& grouped : ListGrouped(entry)) by_signature[grouped.signature].push_back(std::move(grouped.failure));
  }
  for (MatrixFailure& group : result->failures) {
    const std::vector<ListedFailure>& failures = by_signature[group.signature];
    const auto open = std::find_if(failures.begin(), failures.end(), [](const ListedFailure& f) { return !f.accepted(); });
    if (!failures.empty()) group.acceptance = open == failures.end() ? failures.front().acceptance : open->acceptance;
  }
}

bool OnlyAccepted(const MatrixEntry& entry, const CellVerdict& verdict) {
  if (entry.acceptances.empty()) return false;
  const std::vector<ListedFailure> failures = ListFailures(entry);
  return std::all_of(failures.begin(), failures.end(), [&](const ListedFailure& f) {
    const FailureIdentity& id = f.identity;
    return id.emitter != verdict.emitter || id.category != verdict.category || id.party != verdict.party || f.accepted();
  });
}

}  // namespace dustproof
