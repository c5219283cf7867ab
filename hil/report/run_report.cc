#include "hil/report/run_report.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>

#include "hil/audit/redaction.h"
#include "hil/capture/recording_reader.h"
#include "hil/report/failure_list.h"
#include "hil/report/source_path.h"
#include "sim/plan/json.h"

namespace dustproof {
namespace {

void Append(Track* track, const PoseSample& pose) {
  track->time_s.push_back(pose.time.seconds());
  track->x_m.push_back(pose.pose.x);
  track->y_m.push_back(pose.pose.y);
  track->yaw_rad.push_back(pose.pose.yaw);
}

// Takes what a report needs out of a recording's messages.
class Gatherer {
 public:
  explicit Gatherer(RunReport* report) : report_(report) {}

  void operator()(const PoseSample& pose) {
    Append(pose.frame == "W" ? &report_->series.truth : &report_->series.belief, pose);
  }
  void operator()(const MapSample& map) {
    report_->series.map = map;
    report_->series.has_map = true;
  }
  void operator()(const BatterySample& battery) { report_->series.battery.push_back(battery); }
  void operator()(const RunEvent& event) {
    bumps_ += event.name == "bump";
    if (event.name != "bump") report_->events.push_back(event);
  }
  void operator()(const Emission& emission) {
    if (emission.direction != Direction::kFromRobot || emission.kind == EmissionKind::kWire) return;
    gathered_[{emission.time.nanoseconds() / 1'000'000'000, emission.party.key}] +=
        emission.payload.size();
  }
  template <typename Other>
  void operator()(const Other&) {}

  void Finish() {
    for (const auto& [key, bytes] : gathered_) {
      report_->emissions.push_back({static_cast<double>(key.first), key.second, bytes});
    }
  }
  int bumps() const { return bumps_; }

 private:
  RunReport* report_;
  std::map<std::pair<int64_t, std::string>, uint64_t> gathered_;
  int bumps_ = 0;
};

void TakeMetadata(const RecordingReader& reader, RunReport* r) {
  const auto value = [&](const char* record, const char* key) {
    const auto it = reader.metadata().find(record);
    if (it == reader.metadata().end()) return std::string();
    const auto entry = it->second.find(key);
    return entry == it->second.end() ? std::string() : entry->second;
  };
  r->scenario = value("run", "scenario");
  r->description = value("run", "description");
  r->consent = value("run", "consent");
  r->consent_description = value("run", "consent_description");
  r->home = value("run", "home");
  r->robot = value("run", "robot");
  // One that came by itself has said who it is.
  r->firmware = value("firmware", "name").empty() ? value("run", "firmware") : value("firmware", "name");
  r->build = value("run", "build");
  if (const std::string text = value("run", "compute"); !text.empty()) r->compute = text;
  r->firmware_kind = value("run", "firmware_kind");
  r->board = value("run", "board");
  r->board_build_id = value("run", "board_build_id");
  if (!r->board.empty() && value("run", "board_state") != "factory")
    r->audit.warnings.push_back({{}, "", "the board '" + r->board + "' was not put into factory state: what it kept from before may be in what it sent"});
  r->seed = std::strtoull(value("run", "seed").c_str(), nullptr, 10);
  r->end = value("result", "end");
  r->hash = value("result", "hash");
  r->diagnosis = value("result", "diagnosis");
  if (const std::string text = value("run", "robot_radius_m"); !text.empty())
    r->robot_radius_m = std::strtod(text.c_str(), nullptr);
  if (const std::string text = value("run", "robot_height_m"); !text.empty())
    r->robot_height_m = std::strtod(text.c_str(), nullptr);
}

// Later than this, a control loop at 100 Hz would have missed its turn by the host's fault.
constexpr double kLateMsMax = 10;

double NumberIn(const nlohmann::json& row, const char* key) {
  const auto it = row.find(key);
  return it != row.end() && it->is_number() ? it->get<double>() : 0;
}

std::string TextIn(const nlohmann::json& value) {
  return value.is_string() ? value.get<std::string>() : std::string();
}

// A name that no task had makes its entry say nothing: that is worth a warning.
void TakeDeadlines(const RecordingReader& reader, RunReport* r) {
  const Attachment* attachment = reader.FindAttachment("deadlines.json");
  if (attachment == nullptr) return;
  const auto* text = reinterpret_cast<const char*>(attachment->data.data());
  const auto json = nlohmann::json::parse(text, text + attachment->data.size(), nullptr, false);
  if (!json.is_object()) return;
  for (const auto& row : json.value("deadlines", nlohmann::json())) {
    if (!row.is_object()) continue;
    r->deadlines.push_back({.task = TextIn(row.value("task", nlohmann::json())),
                            .within_s = 1e-9 * NumberIn(row, "within_ns"),
                            .worst_s = 1e-9 * NumberIn(row, "worst_ns"),
                            .activations = static_cast<uint64_t>(NumberIn(row, "activations")),
                            .missed = static_cast<uint64_t>(NumberIn(row, "missed"))});
  }
  for (const auto& task : json.value("unknown_tasks", nlohmann::json())) {
    r->audit.warnings.push_back({{},
                                 "robot.yaml",
                                 "no task of the firmware was named '" + TextIn(task) +
                                     "': what compute and deadlines say of it had no effect"});
  }
}

Latency LatencyFrom(const std::string& what, const nlohmann::json& samples) {
  Latency latency{.what = what};
  std::vector<double> ms;
  for (const auto& sample : samples)
    if (sample.is_number()) ms.push_back(sample.get<double>());
  latency.count = ms.size();
  if (ms.empty()) return latency;
  for (size_t i = 1; i < ms.size(); ++i)
    latency.jitter_ms += std::abs(ms[i] - ms[i - 1]) / static_cast<double>(ms.size() - 1);
  std::sort(ms.begin(), ms.end());
  const auto at = [&ms](double share) {
    return ms[static_cast<size_t>(share * static_cast<double>(ms.size() - 1))];
  };
  latency.p50_ms = at(0.5), latency.p99_ms = at(0.99), latency.worst_ms = ms.back();
  for (const double value : ms) {
    const auto* edge = std::lower_bound(std::begin(Latency::kEdgesMs), std::end(Latency::kEdgesMs), value);
    ++latency.bins[static_cast<size_t>(edge - Latency::kEdgesMs)];
  }
  return latency;
}

void TakeRealTime(const RecordingReader& reader, RunReport* r) {
  const Attachment* attachment = reader.FindAttachment("real_time.json");
  if (attachment == nullptr) return;
  const auto* text = reinterpret_cast<const char*>(attachment->data.data());
  const auto json = nlohmann::json::parse(text, text + attachment->data.size(), nullptr, false);
  if (!json.is_object()) return;
  RealTimeResult result{.events = static_cast<uint64_t>(NumberIn(json, "events")),
                        .late_events = static_cast<uint64_t>(NumberIn(json, "late_events")),
                        .worst_late_ms = NumberIn(json, "worst_late_ms"),
                        .drift_ppm = json.value("drift_ppm", nlohmann::json()).is_number() ? std::optional(NumberIn(json, "drift_ppm")) : std::nullopt,
                        .latencies = {}};
  result.latencies.push_back(LatencyFrom("link, there and back", json.value("round_trip_ms", nlohmann::json())));
  const auto tasks = json.value("turnaround_ms", nlohmann::json::object());
  for (const auto& [task, samples] : tasks.items())
    result.latencies.push_back(LatencyFrom("task " + task, samples));
  if (result.worst_late_ms > kLateMsMax) {
    char late[200];
    std::snprintf(late, sizeof late,
                  "this machine was late by up to %.1f ms (%llu of %llu events by more than 1 ms): what the run says "
                  "of deadlines and timing does not count",
                  result.worst_late_ms, static_cast<unsigned long long>(result.late_events),
                  static_cast<unsigned long long>(result.events));
    r->audit.warnings.push_back({{}, "", late});
  }
  r->real_time = std::move(result);
}

// What the firmware had a say in; the audit's own texts are redacted.
void Redact(RunReport* r) {
  Redactor redactor(r->audit.planted);
  for (std::string* text : {&r->diagnosis, &r->firmware, &r->board_build_id}) *text = redactor.Redact(*text);
  for (DeadlineResult& deadline : r->deadlines) deadline.task = redactor.Redact(deadline.task);
  for (Diagnostic& warning : r->audit.warnings) warning.message = redactor.Redact(warning.message);
  if (!r->real_time) return;
  for (Latency& latency : r->real_time->latencies) latency.what = redactor.Redact(latency.what);
}

}  // namespace

bool RunReport::failed() const {
  const std::vector<ListedFailure> failures = ListFailures({this});
  return std::any_of(failures.begin(), failures.end(), [](const ListedFailure& f) { return !f.accepted(); });
}

Result<RunReport> BuildRunReport(const std::string& recording, AuditReport audit,
                                 const RunTiming& timing) {
  Result<RecordingReader> reader = RecordingReader::Open(recording);
  if (!reader) return reader.error();
  RunReport report;
  report.recording = recording;
  report.sources.recording_file = SourcePath(recording);
  report.timing = timing;
  report.policy = audit.policy_name;
  report.audit = std::move(audit);
  TakeMetadata(*reader, &report);
  TakeDeadlines(*reader, &report);
  TakeRealTime(*reader, &report);
  Gatherer gatherer(&report);
  while (const std::optional<RecordedMessage> message = reader->Next())
    std::visit(gatherer, *message);
  gatherer.Finish();
  Redact(&report);
  report.sim_s = report.audit.end.seconds();
  if (const Attachment* attachment = reader->FindAttachment("plan.json")) {
    const std::string text(reinterpret_cast<const char*>(attachment->data.data()),
                           attachment->data.size());
    Result<FloorPlan> plan = FloorPlanFromJson(text);
    if (!plan) return plan.error();
    report.plan = std::move(*plan);
    report.has_plan = true;
    report.metrics = Measure(report.plan, report.robot_radius_m, report.robot_height_m,
                             &report.series, gatherer.bumps());
  }
  return report;
}

}  // namespace dustproof
