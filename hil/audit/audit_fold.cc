#include "hil/audit/audit_fold.h"

#include <algorithm>
#include <cstdio>

#include "hil/audit/audit.h"
#include "hil/audit/internal/assemble.h"
#include "hil/audit/internal/dependence.h"
#include "hil/audit/internal/early_traffic.h"
#include "hil/audit/internal/home_match.h"
#include "hil/audit/internal/judge.h"
#include "hil/audit/redaction.h"

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

/// Where not all was seen, nothing passes: what is missing may have been anything.
void Doubt(const std::string& doubt, VerdictRow* row) {
  if (doubt.empty() || row->verdict != Verdict::kPass) return;
  row->verdict = Verdict::kUndetermined;
  row->reason = doubt + row->reason;
}

/// The detail of the firmware's first event of a name; "" where there is none.
std::string FirstOf(const Truth& truth, const char* name) {
  for (const RunEvent& event : truth.events) {
    if (event.source == "firmware" && event.name == name) return event.detail;
  }
  return "";
}

/// "", or why what was recorded may not be all. Attempts at ways out that are not the HAL were refused, but whoever
/// tries one way may know another.
std::string DoubtOf(const Truth& truth, const AuditFold::Source& source, const Metadata& metadata) {
  if (!source.problems.empty()) return "part of the recording is missing; in what is left: ";
  if (Fact(metadata, "result", "end") == "run_died") return "the run died before its end; until then: ";
  if (const std::string tried = FirstOf(truth, "outside_attempt"); !tried.empty())
    return "the firmware tried a way out that is not the HAL (" + tried + "); on the HAL's: ";
  if (const std::string way = FirstOf(truth, "unwatched"); !way.empty())
    return "not every way out was watched (" + way + "); on those that were: ";
  return "";
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

  /// Null where the home is not known (yet).
  const internal::HomeMatcher* Home() {
    if (home != nullptr) return home.get();
    if (const std::optional<FloorPlan> plan = truth.Plan())
      home = std::make_unique<internal::HomeMatcher>(*plan, null_homes);
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

std::string AuditFold::Lessons() const { return state_->home == nullptr ? "" : state_->home->Lessons(); }

void AuditFold::Learn(const std::string& lessons) {
  if (const internal::HomeMatcher* home = lessons.empty() ? nullptr : state_->Home()) home->Learn(lessons);
}

AuditReport AuditFold::Judge(const Source& source, const AuditReport* control) {
  const Policy& policy = state_->policy;
  AuditReport report;
  report.policy_name = policy.name;
  for (const PolicyParty& party : policy.parties) report.policy_parties.push_back(party.key);
  report.recording_path = source.path;
  report.sealed = source.sealed;
  const Truth truth = state_->truth.Finish(&report.warnings);
  report.warnings.insert(report.warnings.end(), source.problems.begin(), source.problems.end());
  report.end = truth.end;
  report.consent_changes = truth.consent_changes;
  WarnOfHoles(truth, policy, &report.warnings);

  const MessageSchema schema = ReadSchema(truth, &report.warnings);
  Detector detector(truth, schema, state_->Home());
  detector.Run();
  std::vector<RawFinding> raw = detector.findings();
  for (RawFinding& finding : internal::FindEarlyTraffic(truth, policy))
    raw.push_back(std::move(finding));
  for (RawFinding& finding : internal::FindDependence(truth, detector, raw, source.dependent))
    raw.push_back(std::move(finding));
  report.findings = internal::AssembleFindings(truth, policy, std::move(raw));
  report.paths_taken = internal::FindPathsTaken(truth, policy, report.findings);
  report.bytes_by_party = internal::CountBytes(truth, detector);
  report.unexplained = internal::FindUnexplained(truth, detector);
  report.verdicts = internal::Judge(truth, policy, report.findings, report.unexplained);
  report.doubt = DoubtOf(truth, source, state_->metadata);
  for (VerdictRow& row : report.verdicts) Doubt(report.doubt, &row);
  report.usefulness = internal::JudgeUsefulness(truth);
  report.ended_early = EndedEarly(state_->metadata);
  if (report.ended_early) internal::ExcuseWhatCameLater(&report.usefulness);
  if (control != nullptr) ApplyControl(control->paths_taken, &report);
  Redactor redactor(truth.planted);
  RedactTexts(redactor, &report);
  report.planted = truth.planted;
  return report;
}

namespace {

/// The robot sent nothing at all in this phase. Where the control run shows that it sends the data once it may, and it
/// had as long to do so here, its silence is the consent's doing.
void JudgeSilence(const PathTaken& shown, const std::string& doubt, VerdictRow* row) {
  char text[200];
  std::snprintf(text, sizeof text,
                "in the control run it went there %.1f s after it could; here it was withheld "
                "for %.1f s with the data there and the network up",
                shown.delay.seconds(), row->withheld.seconds());
  row->reason = text;
  if (row->withheld.nanoseconds() == 0 || row->withheld < shown.delay) return;
  row->verdict = Verdict::kPass;
  row->reason += ", and nothing was sent";
  Doubt(doubt, row);
}

}  // namespace

void ApplyControl(const std::vector<PathTaken>& control, AuditReport* report) {
  for (VerdictRow& row : report->verdicts) {
    const auto shown = std::find_if(control.begin(), control.end(), [&](const PathTaken& path) {
      return path.category == row.category && path.party == row.party;
    });
    if (!row.silent || shown == control.end()) continue;
    if (row.verdict == Verdict::kNotExercised) {
      JudgeSilence(*shown, report->doubt, &row);
    } else {
      row.reason += "; the control run shows that the path exists";
    }
  }
}

}  // namespace dustproof
