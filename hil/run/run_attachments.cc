#include "hil/run/run_attachments.h"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "hil/run/build_id.h"
#include "sim/config/number.h"
#include "sim/plan/json.h"

namespace dustproof {
namespace {

Attachment TextAttachment(const std::string& name, const std::string& media_type,
                          const std::string& text) {
  const std::byte* begin = reinterpret_cast<const std::byte*>(text.data());
  return {name, media_type, Bytes(begin, begin + text.size())};
}

std::string Number(double value) { return FormatNumber(value); }

// A firmware that lies where firmware is found by name is known by its name; any other by its
// file's name.
// "none" where there is none of ours.
std::string FirmwareName(const std::string& path) {
  return path.empty() ? "none" : std::filesystem::path(path).stem().string();
}

std::string ComputeText(const RobotConfig& robot) {
  if (!robot.compute) return "zero";
  const ComputeSpec& compute = *robot.compute;
  std::string text = std::to_string(compute.cores) + (compute.cores == 1 ? " core" : " cores");
  for (const ComputeSpec::Cost& cost : compute.after)
    text += "; " + cost.task + " after " + cost.call + " " + FormatDuration(cost.time);
  return text;
}

void WriteJson(const std::string& name, const nlohmann::json& json, CaptureSink& sink) {
  sink.Write(TextAttachment(name, "application/json",
                            json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)));
}

DeadlineCount CountDeadlines(const DeadlineSpec& deadline, const std::vector<float>& turnaround_ms) {
  const auto within_ms = static_cast<float>(deadline.within.seconds() * 1e3);
  const auto worst = std::max_element(turnaround_ms.begin(), turnaround_ms.end());
  return {.task = deadline.task,
          .within = deadline.within,
          .activations = turnaround_ms.size(),
          .missed = static_cast<uint64_t>(std::count_if(turnaround_ms.begin(), turnaround_ms.end(),
                                                        [&](float ms) { return ms > within_ms; })),
          .worst = SimDuration::FromSeconds(worst == turnaround_ms.end() ? 0 : *worst * 1e-3)};
}

}  // namespace

std::map<std::string, std::string> RunFacts(const RunInputs& inputs, const RunRequest& request,
                                            const ConsentConfiguration& consents) {
  std::map<std::string, std::string> facts = {
      {"scenario", inputs.scenario.name},
      {"description", inputs.scenario.description},
      {"consent", consents.name},
      {"consent_description", consents.description},
      {"seed", std::to_string(inputs.seed)},
      {"home", inputs.plan.name},
      {"robot", inputs.robot.name},
      {"robot_radius_m", Number(inputs.robot.body.radius_m)},
      {"robot_height_m", Number(inputs.robot.body.height_m)},
      {"firmware", FirmwareName(request.firmware)},
      {"firmware_kind", request.firmware.empty() ? "none" : request.kind},
      {"policy", inputs.policy.name},
      {"region", inputs.scenario.region},
      {"build", BuildId()},
      {"scenario_hash", inputs.scenario_hash},
      {"compute", request.kind == ToWord(FirmwareKind::kBoard) ? "real" : ComputeText(inputs.robot)},
  };
  if (!request.answers.empty()) facts["answers"] = request.answers;
  if (!request.redrawn.empty()) facts["redrawn"] = request.redrawn;
  for (const auto& [key, value] : request.facts) facts[key] = value;
  if (request.until) facts["until"] = FormatDuration(*request.until);
  return facts;
}

RecordingWriter::Config RecordingConfigOf(const RunInputs& inputs) {
  const LidarSpec& lidar = inputs.robot.lidar;
  return {.start = inputs.scenario.start_utc, .X_RL = {lidar.position_m[0], lidar.position_m[1], lidar.yaw_rad}};
}

void WriteRunFacts(const RunInputs& inputs, const RunRequest& request,
                   const ConsentConfiguration& consents, const PlantedValues& planted,
                   CaptureSink& sink) {
  sink.WriteMetadata("run", RunFacts(inputs, request, consents));
  sink.Write(TextAttachment("scenario.yaml", "application/yaml", inputs.scenario_text));
  sink.Write(TextAttachment("robot.yaml", "application/yaml", inputs.robot_text));
  sink.Write(TextAttachment("policy.yaml", "application/yaml", inputs.policy_text));
  sink.Write(TextAttachment("plan.json", "application/json", ToJson(inputs.plan)));
  if (!inputs.schema_text.empty())
    sink.Write(TextAttachment("schema.yaml", "application/yaml", inputs.schema_text));
  sink.Write(TextAttachment("planted.json", "application/json",
                            nlohmann::json(planted.ByCategory()).dump()));
  const auto pem = [&](const char* name, const std::string& text) {
    if (!text.empty()) sink.Write(TextAttachment(name, "application/x-pem-file", text));
  };
  pem("trust/ca.pem", inputs.trust.ca_certificate_pem);
  pem("trust/ca.key", inputs.trust.ca_key_pem);
  pem("trust/device.pem", inputs.trust.device_certificate_pem);
  pem("trust/device.key", inputs.trust.device_key_pem);
}

void WriteDeadlines(const std::vector<DeadlineCount>& deadlines,
                    const std::vector<std::string>& unknown_tasks, CaptureSink& sink) {
  nlohmann::json rows = nlohmann::json::array();
  for (const DeadlineCount& d : deadlines) {
    rows.push_back({{"task", d.task},
                    {"within_ns", d.within.nanoseconds()},
                    {"activations", d.activations},
                    {"missed", d.missed},
                    {"worst_ns", d.worst.nanoseconds()}});
  }
  WriteJson("deadlines.json", {{"deadlines", rows}, {"unknown_tasks", unknown_tasks}}, sink);
}

void WriteRealTime(const Pacer::Lateness& lateness, const BoardTiming& timing,
                   const std::vector<DeadlineSpec>& deadlines, CaptureSink& sink) {
  nlohmann::json tasks = nlohmann::json::object();
  for (const auto& [task, samples] : timing.turnaround_ms) tasks[task] = samples;
  WriteJson("real_time.json",
            {{"events", lateness.events},
             {"late_events", lateness.late_events},
             {"worst_late_ms", lateness.worst.seconds() * 1e3},
             {"drift_ppm", timing.drift_ppm ? nlohmann::json(*timing.drift_ppm) : nlohmann::json()},
             {"round_trip_ms", timing.round_trip_ms},
             {"turnaround_ms", tasks}},
            sink);
  std::vector<DeadlineCount> counts;
  std::vector<std::string> unknown_tasks;
  for (const DeadlineSpec& deadline : deadlines) {
    const auto found = timing.turnaround_ms.find(deadline.task);
    if (found == timing.turnaround_ms.end())
      unknown_tasks.push_back(deadline.task);
    else
      counts.push_back(CountDeadlines(deadline, found->second));
  }
  if (!deadlines.empty()) WriteDeadlines(counts, unknown_tasks, sink);
}

}  // namespace dustproof
