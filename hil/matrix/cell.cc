#include "hil/matrix/cell.h"

#include <openssl/sha.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "hil/audit/redaction.h"
#include "hil/run/atomic_file.h"

namespace dustproof {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kFormat = 2;
constexpr Reading kDeciding = Reading::kStrict;

int Badness(Verdict verdict) {
  if (verdict == Verdict::kFail) return 3;
  if (verdict == Verdict::kUndetermined) return 2;
  return verdict == Verdict::kPass ? 1 : 0;
}

std::string HexSha256(const Bytes& bytes) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest);
  std::string hex;
  for (const unsigned char byte : digest) {
    char pair[3];
    std::snprintf(pair, sizeof pair, "%02x", byte);
    hex += pair;
  }
  return hex;
}

// The bytes of the finding among those that it quotes.
Bytes QuotedBytes(const Finding& finding) {
  if (finding.excerpt_offset > finding.first_byte) return finding.excerpt;
  const uint64_t skip = std::min<uint64_t>(finding.first_byte - finding.excerpt_offset, finding.excerpt.size());
  const uint64_t count = std::min<uint64_t>(finding.byte_count, finding.excerpt.size() - skip);
  const auto begin = finding.excerpt.begin() + static_cast<ptrdiff_t>(skip);
  return {begin, begin + static_cast<ptrdiff_t>(count)};
}

CellFailure FailureOf(const VerdictRow& row, const AuditReport& audit) {
  CellFailure failure{.emitter = row.emitter, .category = row.category, .party = row.party, .purpose = row.purpose,
                      .consent = row.consent, .phase = row.phase, .rule = row.rule, .clause = row.clause,
                      .heading = HeadingFor(row.basis), .reason = row.reason, .protocol = {}, .host = {}, .method = {},
                      .sha256 = {}, .findings = row.evidence.size()};
  const Finding* first = nullptr;
  for (const std::string& id : row.evidence) {
    const Finding* finding = audit.FindFinding(id);
    if (finding != nullptr && (first == nullptr || finding->time < first->time)) first = finding;
  }
  if (first == nullptr) return failure;
  failure.time_s = first->time.seconds();
  failure.sequence = first->sequence;
  failure.protocol = first->protocol;
  failure.host = first->party.host;
  failure.method = ToWord(first->method);
  failure.byte_count = first->byte_count;
  failure.sha256 = HexSha256(QuotedBytes(*first));
  return failure;
}

// In the audit's order, which is the policy's.
std::vector<CellVerdict> VerdictsOf(const AuditReport& audit) {
  std::vector<CellVerdict> verdicts;
  for (const VerdictRow& row : audit.verdicts) {
    auto cell = std::find_if(verdicts.begin(), verdicts.end(), [&](const CellVerdict& v) {
      return v.emitter == row.emitter && v.category == row.category && v.party == row.party;
    });
    if (cell == verdicts.end()) {
      verdicts.push_back({row.emitter, row.category, row.party, {Verdict::kNotExercised, Verdict::kNotExercised, Verdict::kNotExercised}, {}});
      cell = verdicts.end() - 1;
    }
    const auto reading = static_cast<size_t>(row.reading);
    if (Badness(row.verdict) > Badness(cell->by_reading[reading])) cell->by_reading[reading] = row.verdict;
    cell->withheld[reading] = std::max(cell->withheld[reading], row.withheld);
  }
  std::erase_if(verdicts, [](const CellVerdict& v) {
    for (size_t reading = 0; reading < v.by_reading.size(); ++reading) {
      if (v.by_reading[reading] != Verdict::kNotExercised || v.withheld[reading] > SimDuration()) return false;
    }
    return true;
  });
  return verdicts;
}

std::string FirstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

Json ToJsonObject(const CellVerdict& v) {
  std::string letters;
  Json withheld = Json::array();
  for (size_t reading = 0; reading < v.by_reading.size(); ++reading) {
    letters += "PFUN"[static_cast<size_t>(v.by_reading[reading])];
    withheld.push_back(v.withheld[reading].nanoseconds());
  }
  return {{"emitter", v.emitter}, {"category", v.category}, {"party", v.party}, {"verdicts", letters}, {"withheld_ns", withheld}};
}

CellVerdict VerdictFrom(const Json& json) {
  CellVerdict v{json.at("emitter"), json.at("category"), json.at("party"), {}, {}};
  const std::string letters = json.at("verdicts");
  for (size_t reading = 0; reading < v.by_reading.size(); ++reading) {
    const size_t verdict = std::string("PFUN").find(letters.at(reading));
    v.by_reading[reading] = verdict == std::string::npos ? Verdict::kUndetermined : static_cast<Verdict>(verdict);
    v.withheld[reading] = SimDuration::Nanoseconds(json.at("withheld_ns").at(reading));
  }
  return v;
}

constexpr std::pair<const char*, std::string CellFailure::*> kFailureTexts[] = {
    {"emitter", &CellFailure::emitter},   {"category", &CellFailure::category}, {"party", &CellFailure::party},
    {"purpose", &CellFailure::purpose},   {"consent", &CellFailure::consent},   {"phase", &CellFailure::phase},
    {"rule", &CellFailure::rule},         {"clause", &CellFailure::clause},     {"heading", &CellFailure::heading},
    {"reason", &CellFailure::reason},     {"protocol", &CellFailure::protocol}, {"host", &CellFailure::host},
    {"method", &CellFailure::method},     {"sha256", &CellFailure::sha256}};

Json ToJsonObject(const CellFailure& f) {
  Json json;
  for (const auto& [key, member] : kFailureTexts) json[key] = f.*member;
  json["time_s"] = f.time_s;
  json["sequence"] = f.sequence;
  json["byte_count"] = f.byte_count;
  json["findings"] = f.findings;
  return json;
}

CellFailure FailureFrom(const Json& json) {
  CellFailure f;
  for (const auto& [key, member] : kFailureTexts) f.*member = json.at(key);
  f.time_s = json.at("time_s");
  f.sequence = json.at("sequence");
  f.byte_count = json.at("byte_count");
  f.findings = json.at("findings");
  return f;
}

constexpr std::pair<const char*, std::string CellResult::*> kResultTexts[] = {
    {"name", &CellResult::name},       {"key", &CellResult::key},
    {"scenario", &CellResult::scenario}, {"consent", &CellResult::consent},
    {"description", &CellResult::description}, {"answers", &CellResult::answers},
    {"doubt", &CellResult::doubt},     {"problem", &CellResult::problem}};
constexpr std::pair<const char*, std::vector<std::string> CellResult::*> kResultLists[] = {
    {"not_useful", &CellResult::unuseful}, {"warnings", &CellResult::warnings}};

CellResult ResultFrom(const Json& json) {
  CellResult r;
  for (const auto& [key, member] : kResultTexts) r.*member = json.at(key);
  for (const auto& [key, member] : kResultLists) r.*member = json.at(key).get<std::vector<std::string>>();
  for (const Json& missed : json.at("missed_expectations")) r.missed.push_back({missed.at("expected"), missed.at("sentence")});
  r.seed = json.at("seed");
  r.end_s = json.at("end_s");
  const Json& outcome = json.at("outcome");
  const std::string end = outcome.at("end");
  for (const RunEnd candidate : {RunEnd::kFinished, RunEnd::kDuration, RunEnd::kFirmwareEnded, RunEnd::kFirmwareDied,
                                 RunEnd::kInterrupted, RunEnd::kFailed, RunEnd::kRunDied}) {
    if (end == ToWord(candidate)) r.outcome.end = candidate;
  }
  r.outcome.hash = outcome.at("hash");
  r.outcome.seed = r.seed;
  r.outcome.sim_s = outcome.at("sim_s");
  r.outcome.events_run = outcome.at("events_run");
  r.outcome.diagnosis = outcome.at("diagnosis");
  for (const Json& verdict : json.at("verdicts")) r.verdicts.push_back(VerdictFrom(verdict));
  for (const Json& failure : json.at("failures")) r.failures.push_back(FailureFrom(failure));
  for (const Json& path : json.at("paths_taken"))
    r.paths_taken.push_back({path.at("category"), path.at("party"), SimDuration::Nanoseconds(path.at("delay_ns"))});
  return r;
}

}  // namespace

FailureIdentity CellFailure::Identity(const std::string& scenario) const { return {scenario, rule, emitter, category, party, purpose, phase, ""}; }

std::string CellFailure::Signature() const {
  return (emitter == "robot" ? "" : emitter + ": ") + category + " to " + party + (consent.empty() ? "" : " while " + consent + " is " + phase);
}

std::string DeathSignature(const std::string& diagnosis) {
  const std::string first = FirstLine(diagnosis);
  const size_t cause = first.find(": ");
  std::string signature = "the firmware died: " + (cause == std::string::npos ? first : first.substr(cause + 2));
  constexpr std::string_view kTask = "\n  task: ";
  const size_t task = diagnosis.find(kTask);
  if (task == std::string::npos) return signature;
  const size_t begin = task + kTask.size();
  return signature + ", in task " + diagnosis.substr(begin, diagnosis.find_first_of(",\n", begin) - begin);
}

std::vector<std::string> CellResult::Signatures() const {
  std::vector<std::string> all;
  for (const CellFailure& failure : failures) {
    if (std::find(all.begin(), all.end(), failure.Signature()) == all.end()) all.push_back(failure.Signature());
  }
  for (const MissedExpectation& expectation : missed) all.push_back("expected: " + expectation.expected);
  for (const std::string& check : unuseful) all.push_back("not useful: " + check);
  if (died()) all.push_back(DeathSignature(outcome.diagnosis));
  return all;
}

CellResult SummarizeCell(const MatrixCell& cell, const RunOutcome& outcome, const AuditReport& audit,
                         std::vector<MissedExpectation> missed_expectations) {
  CellResult r{.name = cell.name, .key = cell.key, .scenario = cell.scenario, .consent = cell.consents.name,
               .description = cell.consents.description, .answers = ToText(cell.consents), .seed = cell.seed,
               .outcome = outcome, .end_s = audit.end.seconds(), .verdicts = VerdictsOf(audit), .failures = {},
               .missed = std::move(missed_expectations), .unuseful = {}, .warnings = {},
               .paths_taken = audit.paths_taken, .doubt = audit.doubt, .problem = {}};
  if (!outcome.diagnosis.empty()) r.outcome.diagnosis = Redactor(audit.planted).Redact(outcome.diagnosis);
  for (const VerdictRow& row : audit.verdicts) {
    if (row.verdict == Verdict::kFail && row.reading == kDeciding) r.failures.push_back(FailureOf(row, audit));
  }
  for (const UsefulnessCheck& check : audit.usefulness) {
    if (check.verdict == Verdict::kFail) r.unuseful.push_back(check.name);
  }
  std::set<std::string> heard;
  for (const Diagnostic& warning : audit.warnings) {
    std::string text = ToString(warning);
    if (heard.insert(text).second) r.warnings.push_back(std::move(text));
  }
  return r;
}

void ApplyControl(const std::vector<PathTaken>& control, CellResult* result) {
  for (CellVerdict& v : result->verdicts) {
    const auto shown = std::find_if(control.begin(), control.end(), [&](const PathTaken& path) {
      return path.category == v.category && path.party == v.party;
    });
    if (shown == control.end()) continue;
    for (size_t reading = 0; reading < v.by_reading.size(); ++reading) {
      const bool withheld = v.withheld[reading] > SimDuration() && v.withheld[reading] >= shown->delay;
      if (v.by_reading[reading] == Verdict::kNotExercised && withheld)
        v.by_reading[reading] = result->doubt.empty() ? Verdict::kPass : Verdict::kUndetermined;
    }
  }
}

std::string ToJson(const CellResult& r) {
  Json json = {{"format", kFormat}};
  for (const auto& [key, member] : kResultTexts) json[key] = r.*member;
  json["seed"] = r.seed;
  json["end_s"] = r.end_s;
  json["outcome"] = {{"end", ToWord(r.outcome.end)}, {"hash", r.outcome.hash}, {"sim_s", r.outcome.sim_s},
                     {"events_run", r.outcome.events_run}, {"diagnosis", r.outcome.diagnosis}};
  json["missed_expectations"] = Json::array();
  for (const auto& [expected, sentence] : r.missed) json["missed_expectations"].push_back({{"expected", expected}, {"sentence", sentence}});
  for (const auto& [key, member] : kResultLists) json[key] = r.*member;
  json["failures"] = Json::array();
  for (const CellFailure& failure : r.failures) json["failures"].push_back(ToJsonObject(failure));
  json["verdicts"] = Json::array();
  for (const CellVerdict& verdict : r.verdicts) json["verdicts"].push_back(ToJsonObject(verdict));
  json["paths_taken"] = Json::array();
  for (const PathTaken& path : r.paths_taken)
    json["paths_taken"].push_back({{"category", path.category}, {"party", path.party}, {"delay_ns", path.delay.nanoseconds()}});
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::optional<CellResult> CellResultFromJson(const std::string& text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || json.value("format", 0) != kFormat) return std::nullopt;
  try {
    return ResultFrom(json);
  } catch (const std::exception&) {  // Of a file that somebody changed.
    return std::nullopt;
  }
}

std::string ResultPath(const std::string& folder, const MatrixCell& cell) {
  return folder + "/cells/" + cell.name + ".json";
}

std::string RecordingPath(const std::string& folder, const std::string& cell_name) {
  return folder + "/recordings/" + cell_name + ".mcap";
}

Result<void> WriteResult(const std::string& folder, const CellResult& result) {
  return WriteAtomically(folder + "/cells/" + result.name + ".json", ToJson(result));
}

std::optional<CellResult> ReadResult(const std::string& folder, const MatrixCell& cell) {
  std::ifstream file(ResultPath(folder, cell), std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  std::optional<CellResult> result = CellResultFromJson(text.str());
  if (!result || result->key != cell.key || result->name != cell.name) return std::nullopt;
  return result;
}

}  // namespace dustproof
