#include "hil/audit/audit_fold.h"

#include <algorithm>

#include "hil/audit/internal/assemble.h"
#include "hil/audit/internal/early_traffic.h"
#include "hil/audit/internal/home_match.h"
#include "hil/audit/internal/judge.h"

namespace dustproof {

namespace {

using internal::Detector;
using internal::MessageSchema;
using internal::RawFinding;
using internal::Truth;

MessageSchema ReadSchema(const Truth& truth, std::vector<Diagnostic>* warnings) {
  if (truth.schema_text.empty()) return {};
  auto schema = internal::ParseMessageSchema(truth.schema_text, "schema.yaml");
  if (schema) return std::move(*schema);
  for (const Diagnostic& problem : schema.error().diagnostics) warnings->push_back(problem);
  return {};
}

using Metadata = std::map<std::string, std::map<std::string, std::string>>;

std::string Fact(const Metadata& metadata, const char* record, const char* key) {
  const auto it = metadata.find(record);
  if (it == metadata.end()) return "";
  const auto entry = it->second.find(key);
  return entry == it->second.end() ? "" : entry->second;
}

/// Ended by a person, or by a limit that a person set for this run.
bool EndedEarly(const Metadata& metadata) {
  const std::string end = Fact(metadata, "result", "end");
  return end == "interrupted" || (end == "duration" && !Fact(metadata, "run", "until").empty());
}

/// Where not all is in the recording, what is missing may have been anything. `why`: a sentence that
/// the reasons go on from.
void DoubtPasses(const std::string& why, std::vector<VerdictRow>* verdicts) {
  for (VerdictRow& row : *verdicts) {
    if (row.verdict != Verdict::kPass) continue;
    row.verdict = Verdict::kUndetermined;
    row.reason = why + row.reason;
  }
}

/// The detail of the firmware's first event of a name; "" where there is none.
std::string FirstOf(const Truth& truth, const char* name) {
  for (const RunEvent& event : truth.events) {
    if (event.source == "firmware" && event.name == name) return event.detail;
  }
  return "";
}

/// Ways out that are not the HAL. Attempts were refused, but whoever tries one way may know another.
void DoubtForWaysOut(const Truth& truth, std::vector<VerdictRow>* verdicts) {
  if (const std::string tried = FirstOf(truth, "outside_attempt"); !tried.empty())
    DoubtPasses("the firmware tried a way out that is not the HAL (" + tried + "); on the HAL's: ",
                verdicts);
  if (const std::string way = FirstOf(truth, "unwatched"); !way.empty())
    DoubtPasses("not every way out was watched (" + way + "); on those that were: ", verdicts);
}

void WarnOfHoles(const Truth& truth, const Policy& policy, std::vector<Diagnostic>* warnings) {
  if (const std::string refused = FirstOf(truth, "link_refusal"); !refused.empty())
    warnings->push_back({{}, "", "the link refused a message: " + refused});
  if (truth.emission_count == 0) warnings->push_back({{}, "", "the recording holds no emission"});
  for (const internal::Flow& flow : truth.flows.flows()) {
    if (!flow.opaque || !flow.from_robot()) continue;
    warnings->push_back(
        {{},
         "",
         "what went to " + flow.party.host +
             " could not be decrypted; set the scenario's trust: to the vendor's own authority"});
  }
  for (const auto& [category, values] : truth.planted) {
    if (policy.FindCategory(category) == nullptr)
      warnings->push_back({{}, category, "is planted, but the policy names no such category"});
  }
}

}  // namespace

struct AuditFold::State {
  const Policy& policy;
  const int null_homes;
  internal::TruthFold truth = {};
  Metadata metadata = {};
  uint64_t emission_count = 0;
  std::unique_ptr<internal::HomeMatcher> home = {};

  const internal::HomeMatcher* HomeOf(const Truth& known) {
    if (home == nullptr && known.plan)
      home = std::make_unique<internal::HomeMatcher>(*known.plan, null_homes);
    return home.get();
  }
};

AuditFold::AuditFold(const Policy& policy, int null_homes)
    : state_(new State{.policy = policy, .null_homes = null_homes}) {}
AuditFold::~AuditFold() = default;

// Numbered as the recording's writer does; a recording's have their numbers.
void AuditFold::Write(const Emission& emission) {
  Emission numbered = emission;
  ++state_->emission_count;
  if (numbered.sequence == 0) numbered.sequence = state_->emission_count;
  state_->truth.Take(numbered);
}
void AuditFold::Write(const ConsentChange& change) { state_->truth.Take(change); }
void AuditFold::Write(const RunEvent& event) { state_->truth.Take(event); }
void AuditFold::Write(const LogLine& line) { state_->truth.Take(line); }
void AuditFold::Write(const PoseSample& pose) { state_->truth.Take(pose); }
void AuditFold::Write(const ScanSample& scan) { state_->truth.Take(scan); }
void AuditFold::Write(const MapSample& map) { state_->truth.Take(map); }
void AuditFold::Write(const DriveSample& drive) { state_->truth.Take(drive); }
void AuditFold::Write(const BatterySample& battery) { state_->truth.Take(battery); }
void AuditFold::Write(const StateHashes& state) { state_->truth.Take(state); }
void AuditFold::Write(const Attachment& attachment) { state_->truth.Take(attachment); }
void AuditFold::WriteMetadata(const std::string& name,
                              const std::map<std::string, std::string>& values) {
  for (const auto& [key, value] : values) state_->metadata[name][key] = value;
}

void AuditFold::Prepare() {
  const Truth truth = state_->truth.SoFar();
  std::vector<Diagnostic> unheard;
  const MessageSchema schema = ReadSchema(truth, &unheard);
  Detector(truth, schema, state_->HomeOf(truth)).Run();
}

AuditReport AuditFold::Judge(const Source& source, const AuditReport* control) {
  const Policy& policy = state_->policy;
  AuditReport report;
  report.policy_name = policy.name;
  report.recording_path = source.path;
  report.sealed = source.sealed;
  const Truth truth = state_->truth.Finish(&report.warnings);
  report.warnings.insert(report.warnings.end(), source.problems.begin(), source.problems.end());
  report.end = truth.end;
  report.consent_changes = truth.consent_changes;
  WarnOfHoles(truth, policy, &report.warnings);

  const MessageSchema schema = ReadSchema(truth, &report.warnings);
  Detector detector(truth, schema, state_->HomeOf(truth));
  detector.Run();
  std::vector<RawFinding> raw = detector.findings();
  for (RawFinding& finding : internal::FindEarlyTraffic(truth, policy))
    raw.push_back(std::move(finding));
  report.findings = internal::AssembleFindings(truth, policy, std::move(raw));
  report.paths_taken = internal::FindPathsTaken(truth, policy, report.findings);
  report.bytes_by_party = internal::CountBytes(truth, detector);
  report.unexplained = internal::FindUnexplained(truth, detector);
  report.verdicts =
      internal::Judge(truth, policy, report.findings, report.unexplained,
                      control != nullptr ? control->paths_taken : std::vector<PathTaken>());
  if (!source.problems.empty())
    DoubtPasses("part of the recording is missing; in what is left: ", &report.verdicts);
  if (Fact(state_->metadata, "result", "end") == "run_died")
    DoubtPasses("the run died before its end; until then: ", &report.verdicts);
  DoubtForWaysOut(truth, &report.verdicts);
  report.usefulness = internal::JudgeUsefulness(truth);
  report.ended_early = EndedEarly(state_->metadata);
  if (report.ended_early) internal::ExcuseWhatCameLater(&report.usefulness);
  return report;
}

}  // namespace dustproof
