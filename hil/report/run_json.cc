#include <nlohmann/json.hpp>

#include "hil/report/failure_list.h"
#include "hil/report/internal/deadlines_json.h"
#include "hil/report/internal/json_columns.h"
#include "hil/report/internal/real_time_json.h"
#include "hil/report/run_table.h"

// report.json. Hashes, lengths and places, never bytes: it gets uploaded to other people's servers.
namespace dustproof {
namespace {

using namespace internal;  // NOLINT: the columns' own words.

const JsonColumns<VerdictRow>& VerdictColumns() {
  static const JsonColumns<VerdictRow> kColumns = {
      {"emitter", TextSchema("Who sent it: robot, app, …"), [](const auto& v) { return v.emitter; }},
      {"category", TextSchema("Kind of personal data: a key of the policy."), [](const auto& v) { return v.category; }},
      {"party", TextSchema("Who receives it: a key of the policy."), [](const auto& v) { return v.party; }},
      {"purpose", TextSchema("What for: a key of the policy."), [](const auto& v) { return v.purpose; }},
      {"phase", ChoiceSchema({"unset", "granted", "denied", "withdrawn", "always"}, "State of the governing consent; always where none governs."), [](const auto& v) { return v.phase; }},
      {"reading", ChoiceSchema({"strict", "literal", "lenient"}, "Of the policy's text."), [](const auto& v) { return ToWord(v.reading); }},
      {"verdict", ChoiceSchema({"pass", "fail", "undetermined", "not_exercised"}, "The judgement."), [](const auto& v) { return ToWord(v.verdict); }},
      {"basis", TextSchema("What the rule rests on: text, derived, standard, law, harness."), [](const auto& v) { return ToWord(v.basis); }},
      {"clause", TextSchema("Citation of the rule."), [](const auto& v) { return v.clause; }},
      {"evidence", ListSchema(TextSchema("Id of a finding."), "What it rests on."), [](const auto& v) { return v.evidence; }},
      {"reason", TextSchema("Why, in one sentence."), [](const auto& v) { return v.reason; }},
      {"rule", TextSchema("Id of the rule in the policy."), [](const auto& v) { return v.rule; }},
      {"consent", TextSchema("The governing consent, or empty."), [](const auto& v) { return v.consent; }}};
  return kColumns;
}

const JsonColumns<Finding>& FindingColumns() {
  static const JsonColumns<Finding> kColumns = {
      {"id", TextSchema("f1, f2, …"), [](const auto& f) { return f.id; }},
      {"time_s", NumberSchema("Simulated time, s."), [](const auto& f) { return f.time.seconds(); }},
      {"message", CountSchema("Number of the emission that has its first byte."), [](const auto& f) { return f.sequence; }},
      {"message_last", CountSchema("Of the one that has its last byte."), [](const auto& f) { return f.sequence_last; }},
      {"first_byte", CountSchema("Place in that emission's payload."), [](const auto& f) { return f.first_byte; }},
      {"byte_count", CountSchema("Undecoded bytes."), [](const auto& f) { return f.byte_count; }},
      {"decoders", ListSchema(TextSchema("As gzip, base64, json $.log."), "From the outside in."), [](const auto& f) { return f.decoders; }},
      {"method", ChoiceSchema({"exact", "hash", "numeric", "map", "path", "series", "declared", "traffic", "counterfactual"}, "How it was found."), [](const auto& f) { return ToWord(f.method); }},
      {"form", TextSchema("How the value was spelled."), [](const auto& f) { return f.form; }},
      {"category", TextSchema("Kind of personal data."), [](const auto& f) { return f.category; }},
      {"emitter", TextSchema("Who sent it."), [](const auto& f) { return f.emitter; }},
      {"party", TextSchema("Who received it: its key."), [](const auto& f) { return f.party.key; }},
      {"organisation", TextSchema("Whose it is."), [](const auto& f) { return f.party.organisation; }},
      {"role", TextSchema("first_party, processor, …"), [](const auto& f) { return f.party.role; }},
      {"region", TextSchema("Where it is."), [](const auto& f) { return f.party.region; }},
      {"host", TextSchema("Its host."), [](const auto& f) { return f.party.host; }},
      {"protocol", TextSchema("As mqtt, https, dns."), [](const auto& f) { return f.protocol; }},
      {"encrypted", TypeSchema("boolean", "Whether it was under TLS."), [](const auto& f) { return f.encrypted; }},
      {"consents", TextSchema("Their state at that time."), [](const auto& f) { return f.consents; }},
      {"repeats", CountSchema("How many alike this one stands for."), [](const auto& f) { return f.repeats; }},
      {"p_value", NumberSchema("Chance of as good a match in an unrelated home; 0 for exact ones."), [](const auto& f) { return f.p_value; }}};
  return kColumns;
}

const JsonColumns<UsefulnessCheck>& UsefulnessColumns() {
  static const JsonColumns<UsefulnessCheck> kColumns = {
      {"verdict", ChoiceSchema({"pass", "fail", "undetermined", "not_exercised"}, "Whether it does."), [](const auto& c) { return ToWord(c.verdict); }},
      {"detail", TextSchema("Why, in a sentence."), [](const auto& c) { return c.detail; }}};
  return kColumns;
}

Json OrNull(double value) { return value < 0 ? Json(nullptr) : Json(value); }

const JsonColumns<RunMetrics>& MetricColumns() {
  static const JsonColumns<RunMetrics> kColumns = {
      {"coverage", NumberSchema("Share of the reachable floor that was cleaned, 0–1."), [](const auto& m) { return m.coverage; }},
      {"time_to_90_s", NumberSchema("Simulated time when coverage passed 0.9, s; 0 where it never did."), [](const auto& m) { return m.time_to_90_s; }},
      {"reachable_m2", NumberSchema("Reachable floor, m²."), [](const auto& m) { return m.reachable_m2; }},
      {"revisit_ratio", NumberSchema("Visits of a cleaned place, on average."), [](const auto& m) { return m.revisit_ratio; }},
      {"rooms_entered", CountSchema("Rooms it was in."), [](const auto& m) { return m.rooms_entered; }},
      {"rooms_reachable", CountSchema("Rooms it could be in."), [](const auto& m) { return m.rooms_reachable; }},
      {"ate_m", NumberOrNullSchema("Absolute trajectory error, m; null where the firmware says nothing of its pose."), [](const auto& m) { return OrNull(m.ate_m); }},
      {"free_space_iou", NumberOrNullSchema("Overlap of its map's free space with the true one, 0–1; null without a map."), [](const auto& m) { return OrNull(m.free_space_iou); }},
      {"distance_m", NumberSchema("Way driven, m."), [](const auto& m) { return m.distance_m; }},
      {"moving_s", NumberSchema("Time in motion, s."), [](const auto& m) { return m.moving_s; }},
      {"energy_wh", NumberSchema("Energy drawn, Wh."), [](const auto& m) { return m.energy_wh; }},
      {"charge_min_pct", NumberOrNullSchema("Lowest charge, %; null where unknown."), [](const auto& m) { return OrNull(m.charge_min_pct); }},
      {"bumps", CountSchema("Contacts of the bumper."), [](const auto& m) { return m.bumps; }}};
  return kColumns;
}

const JsonColumns<PartyBytes>& BytesColumns() {
  static const JsonColumns<PartyBytes> kColumns = {
      {"party", TextSchema("Who: its key."), [](const auto& b) { return b.party.key; }},
      {"organisation", TextSchema("Whose it is."), [](const auto& b) { return b.party.organisation; }},
      {"region", TextSchema("Where it is."), [](const auto& b) { return b.party.region; }},
      {"emitter", TextSchema("Who sent."), [](const auto& b) { return b.emitter; }},
      {"out", CountSchema("Bytes to the party; plaintext where there is some."), [](const auto& b) { return b.bytes_out; }},
      {"in", CountSchema("Bytes from it."), [](const auto& b) { return b.bytes_in; }},
      {"schema", CountSchema("Of those out: explained by declared messages."), [](const auto& b) { return b.bytes_schema; }},
      {"protocol", CountSchema("Inherent to the protocol."), [](const auto& b) { return b.bytes_protocol; }},
      {"finding", CountSchema("Explained by findings."), [](const auto& b) { return b.bytes_finding; }},
      {"unexplained", CountSchema("Explained by nothing."), [](const auto& b) { return b.bytes_unexplained; }}};
  return kColumns;
}

const JsonColumns<RunTiming>& CpuColumns() {
  static const JsonColumns<RunTiming> kColumns = {
      {"physics", NumberSchema("0–1."), [](const auto& t) { return t.physics; }},   {"lidar", NumberSchema("0–1."), [](const auto& t) { return t.lidar; }},
      {"firmware", NumberSchema("0–1."), [](const auto& t) { return t.firmware; }}, {"network", NumberSchema("0–1."), [](const auto& t) { return t.network; }},
      {"audit", NumberSchema("0–1."), [](const auto& t) { return t.audit; }},       {"other", NumberSchema("0–1."), [](const auto& t) { return t.other; }}};
  return kColumns;
}

const JsonColumns<ListedFailure>& FailureColumns() {
  static const JsonColumns<ListedFailure> kColumns = {
      {"fingerprint", TextSchema("32 hex digits, the same in later runs; SARIF and baselines have it too."), [](const auto& f) { return f.fingerprint; }},
      {"rule", TextSchema("Id of the policy's rule; usefulness.NAME, expectation or firmware for what is none."), [](const auto& f) { return f.identity.rule; }},
      {"title", TextSchema("What fails, in a line."), [](const auto& f) { return f.title; }},
      {"accepted", TypeSchema("boolean", "By the baseline: then it does not make the run fail."), [](const auto& f) { return f.accepted(); }},
      {"baseline", TextSchema("What the baseline says of it, also where an entry has expired; empty where nothing."), [](const auto& f) { return f.acceptance ? ToText(*f.acceptance) : ""; }}};
  return kColumns;
}

// As `DeadlinesJson` and `RealTimeJson` write them, which the page has as well.
Json DeadlinesSchema() {
  static const JsonColumns<DeadlineResult> kColumns = {{"task", TextSchema("Of the firmware."), {}},
                                                       {"within_s", NumberSchema("What an activation may take, s."), {}},
                                                       {"worst_s", NumberSchema("What the slowest took, s."), {}},
                                                       {"missed", CountSchema("Activations that took longer."), {}},
                                                       {"activations", CountSchema("All."), {}}};
  return ListSchema(SchemaOf(kColumns, "A task's deadline."), "Deadlines that the robot declares.");
}

Json RealTimeSchema() {
  static const JsonColumns<Latency> kLatency = {{"what", TextSchema("link, there and back; or a task."), {}},
                                                {"count", CountSchema("Samples."), {}},
                                                {"p50_ms", NumberSchema("Median."), {}},
                                                {"p99_ms", NumberSchema("99th percentile."), {}},
                                                {"worst_ms", NumberSchema("Longest."), {}},
                                                {"jitter_ms", NumberSchema("Mean difference between one and the next."), {}},
                                                {"bins", ListSchema(CountSchema("Samples."), "Between the edges."), {}}};
  static const JsonColumns<RealTimeResult> kColumns = {
      {"events", CountSchema("Of the engine."), {}},
      {"late_events", CountSchema("Late by more than a millisecond."), {}},
      {"worst_late_ms", NumberSchema("The latest."), {}},
      {"drift_ppm", NumberOrNullSchema("How much faster the board's clock runs; null for a run of less than a minute."), {}},
      {"bin_edges_ms", ListSchema(NumberSchema("Upper edge."), "Of the histograms; the last bin holds what is beyond."), {}},
      {"latencies", ListSchema(SchemaOf(kLatency, "Milliseconds that something took."), "The link first, then the tasks."), {}}};
  return {{"anyOf", Json::array({SchemaOf(kColumns, "How the run kept up with the clock."), Json{{"type", "null"}}})},
          {"description", "Null for a run in virtual time."}};
}

Json UsefulnessOf(const AuditReport& audit) {
  Json checks = Json::object();
  for (const UsefulnessCheck& check : audit.usefulness) checks[check.name] = ObjectOf(UsefulnessColumns(), check);
  return checks;
}

Json SentencesOf(const std::vector<MissedExpectation>& missed) {
  Json sentences = Json::array();
  for (const MissedExpectation& expectation : missed) sentences.push_back(expectation.sentence);
  return sentences;
}

Json WarningsOf(const AuditReport& audit) {
  Json warnings = Json::array();
  for (const Diagnostic& warning : audit.warnings) warnings.push_back(ToString(warning));
  return warnings;
}

// A run, and where the page is that shows it.
struct ShownRun {
  const RunReport& run;
  const std::string& page;
};

const JsonColumns<ShownRun>& RunColumns() {
  static const JsonColumns<ShownRun> kColumns = {
      {"scenario", TextSchema("Name of the scenario."), [](const auto& r) { return r.run.scenario; }},
      {"consent", TextSchema("Name of the consent configuration."), [](const auto& r) { return r.run.consent; }},
      {"seed", CountSchema("Of everything random."), [](const auto& r) { return r.run.seed; }},
      {"hash", TextSchema("Of the state at the end; empty where the run died."), [](const auto& r) { return r.run.hash; }},
      {"end", TextSchema("finished, duration, firmware_ended, firmware_died, interrupted, failed, run_died."), [](const auto& r) { return r.run.end; }},
      {"sim_s", NumberSchema("Simulated time, s."), [](const auto& r) { return r.run.sim_s; }},
      {"wall_s", NumberSchema("Real time, s; 0 where unknown."), [](const auto& r) { return r.run.timing.wall_s; }},
      {"real_time_factor", NumberSchema("Simulated ÷ real time; 0 where unknown."), [](const auto& r) { return r.run.timing.wall_s > 0 ? r.run.sim_s / r.run.timing.wall_s : 0.0; }},
      {"cpu_share", SchemaOf(CpuColumns(), "Shares of CPU time."), [](const auto& r) { return ObjectOf(CpuColumns(), r.run.timing); }},
      {"home", TextSchema("Its name."), [](const auto& r) { return r.run.home; }},
      {"robot", TextSchema("Its name."), [](const auto& r) { return r.run.robot; }},
      {"firmware", TextSchema("Its name."), [](const auto& r) { return r.run.firmware; }},
      {"policy", TextSchema("Its name."), [](const auto& r) { return r.run.policy; }},
      {"policy_parties", ListSchema(TextSchema("Key."), "All parties that the policy knows."), [](const auto& r) { return r.run.audit.policy_parties; }},
      {"build", TextSchema("Of dustproof."), [](const auto& r) { return r.run.build; }},
      {"verdicts", ListSchema(SchemaOf(VerdictColumns(), "One cell of the judgement."), "In the policy's order."), [](const auto& r) { return RowsOf(VerdictColumns(), r.run.audit.verdicts); }},
      {"findings", ListSchema(SchemaOf(FindingColumns(), "Evidence that an emission carries personal data."), "By time."), [](const auto& r) { return RowsOf(FindingColumns(), r.run.audit.findings); }},
      {"usefulness",
       {{"type", "object"}, {"additionalProperties", SchemaOf(UsefulnessColumns(), "Whether the product does it.")}, {"description", "What a product must do where consent is given, by name."}},
       [](const auto& r) { return UsefulnessOf(r.run.audit); }},
      {"metrics", SchemaOf(MetricColumns(), "How the robot drove."), [](const auto& r) { return ObjectOf(MetricColumns(), r.run.metrics); }},
      {"compute", TextSchema("What computing was declared to take."), [](const auto& r) { return r.run.compute; }},
      {"deadlines", DeadlinesSchema(), [](const auto& r) { return DeadlinesJson(r.run.deadlines); }},
      {"firmware_kind", TextSchema("library, process, board, none."), [](const auto& r) { return r.run.firmware_kind; }},
      {"board", TextSchema("Of a bench; empty where there is none."), [](const auto& r) { return r.run.board; }},
      {"board_build_id", TextSchema("What it said it runs."), [](const auto& r) { return r.run.board_build_id; }},
      {"real_time", RealTimeSchema(), [](const auto& r) { return RealTimeJson(r.run.real_time); }},
      {"bytes_by_party", ListSchema(SchemaOf(BytesColumns(), "A party's bytes."), "Where bytes went, and what explains them."), [](const auto& r) { return RowsOf(BytesColumns(), r.run.audit.bytes_by_party); }},
      {"failed_expectations", ListSchema(TextSchema("A sentence."), "What the scenario expects and the run did not do."), [](const auto& r) { return SentencesOf(r.run.failed_expectations); }},
      {"failures", ListSchema(SchemaOf(FailureColumns(), "A failure."), "All that fails in the strict reading."), [](const auto& r) { return RowsOf(FailureColumns(), ListFailures({&r.run})); }},
      {"failed", TypeSchema("boolean", "Whether anything fails that no baseline accepts."), [](const auto& r) { return r.run.failed(); }},
      {"warnings", ListSchema(TextSchema("A sentence."), "What could not be seen."), [](const auto& r) { return WarningsOf(r.run.audit); }},
      {"diagnosis", TextSchema("What the run died of, planted values taken out; empty where it did not."), [](const auto& r) { return r.run.diagnosis; }},
      {"recording", TextSchema("Path of the recording (.mcap)."), [](const auto& r) { return r.run.recording; }},
      {"report", TextSchema("Path of the page; empty for an audit."), [](const auto& r) { return r.page; }}};
  return kColumns;
}

}  // namespace

std::string RenderRunJson(const std::vector<const RunReport*>& reports,
                          const std::string& report_path) {
  Json runs = Json::array();
  for (const RunReport* report : reports) runs.push_back(ObjectOf(RunColumns(), ShownRun{*report, report_path}));
  // Firmware may log or name things in bytes that are no UTF-8; they are replaced rather than
  // refused.
  return runs.dump(2, ' ', false, Json::error_handler_t::replace);
}

std::string RenderRunJsonSchema() {
  const Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                       {"title", "Dustproof report"},
                       {"description", "report.json, and what run --json and audit --json print."},
                       {"type", "array"},
                       {"items", SchemaOf(RunColumns(), "One run.")}};
  return schema.dump(2) + "\n";
}

}  // namespace dustproof
