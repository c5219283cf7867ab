#include "hil/audit/audit.h"

#include <algorithm>

#include "hil/audit/internal/assemble.h"
#include "hil/audit/internal/early_traffic.h"
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

std::string Fact(const RecordingReader& reader, const char* record, const char* key) {
  const auto it = reader.metadata().find(record);
  if (it == reader.metadata().end()) return "";
  const auto entry = it->second.find(key);
  return entry == it->second.end() ? "" : entry->second;
}

/// Ended by a person, or by a limit that a person set for this run.
bool EndedEarly(const RecordingReader& reader) {
  const std::string end = Fact(reader, "result", "end");
  return end == "interrupted" || (end == "duration" && !Fact(reader, "run", "until").empty());
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

Result<AuditReport> AuditRecording(const std::string& path, const Policy& policy,
                                   const AuditOptions& options) {
  auto reader = RecordingReader::Open(path);
  if (!reader) return reader.error();
  AuditReport report;
  report.policy_name = policy.name;
  report.recording_path = path;
  report.sealed = reader->sealed();
  const Truth truth = internal::ReadTruth(*reader, &report.warnings);
  report.warnings.insert(report.warnings.end(), reader->problems().begin(),
                         reader->problems().end());
  report.end = truth.end;
  report.consent_changes = truth.consent_changes;
  WarnOfHoles(truth, policy, &report.warnings);

  const MessageSchema schema = ReadSchema(truth, &report.warnings);
  Detector detector(truth, schema, options.null_homes);
  detector.Run();
  std::vector<RawFinding> raw = detector.findings();
  for (RawFinding& finding : internal::FindEarlyTraffic(truth, policy))
    raw.push_back(std::move(finding));
  report.findings = internal::AssembleFindings(truth, policy, std::move(raw));
  report.paths_taken = internal::FindPathsTaken(truth, policy, report.findings);
  report.bytes_by_party = internal::CountBytes(truth, detector);
  report.unexplained = internal::FindUnexplained(truth, detector);
  report.verdicts = internal::Judge(
      truth, policy, report.findings, report.unexplained,
      options.control != nullptr ? options.control->paths_taken : std::vector<PathTaken>());
  if (!reader->problems().empty())
    DoubtPasses("part of the recording is missing; in what is left: ", &report.verdicts);
  if (Fact(*reader, "result", "end") == "run_died")
    DoubtPasses("the run died before its end; until then: ", &report.verdicts);
  DoubtForWaysOut(truth, &report.verdicts);
  report.usefulness = internal::JudgeUsefulness(truth);
  report.ended_early = EndedEarly(*reader);
  if (report.ended_early) internal::ExcuseWhatCameLater(&report.usefulness);
  return report;
}

}  // namespace dustproof
