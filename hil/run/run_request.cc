#include "hil/run/run_request.h"

#include <array>
#include <nlohmann/json.hpp>

#include "sim/core/check.h"

namespace dustproof {
namespace {

using Json = nlohmann::ordered_json;
constexpr std::array<const char*, 6> kEnds = {"finished",      "duration",    "firmware_ended",
                                              "firmware_died", "interrupted", "failed"};

Json ToJsonObject(const CpuShares& s) {
  return {{"physics", s.physics}, {"lidar", s.lidar}, {"firmware", s.firmware},
          {"network", s.network}, {"audit", s.audit}, {"other", s.other}};
}

}  // namespace

const char* ToWord(RunEnd end) { return kEnds[static_cast<size_t>(end)]; }

std::string ToJson(const RunRequest& r) {
  Json json = {{"scenario", r.scenario},   {"consent", r.consent},
               {"home", r.home},           {"firmware", r.firmware},
               {"recording", r.recording}, {"from_recording", r.from_recording}};
  if (r.seed) json["seed"] = *r.seed;
  if (r.until) json["until_ns"] = r.until->nanoseconds();
  return json.dump();
}

RunRequest RunRequestFromJson(const std::string& text) {
  const Json json = Json::parse(text);  // Written by ourselves: a failure is a bug, and throws.
  RunRequest r;
  r.scenario = json.at("scenario");
  r.consent = json.at("consent");
  r.home = json.at("home");
  r.firmware = json.at("firmware");
  r.recording = json.at("recording");
  r.from_recording = json.at("from_recording");
  if (json.contains("seed")) r.seed = json.at("seed").get<uint64_t>();
  if (json.contains("until_ns")) r.until = SimDuration::Nanoseconds(json.at("until_ns"));
  return r;
}

std::string ToJson(const RunOutcome& o) {
  return Json{{"end", ToWord(o.end)},     {"hash", o.hash},
              {"seed", o.seed},           {"sim_s", o.sim_s},
              {"wall_s", o.wall_s},       {"cpu_share", ToJsonObject(o.cpu_share)},
              {"bad_input", o.bad_input}, {"diagnosis", o.diagnosis}}
      .dump();
}

std::optional<RunOutcome> RunOutcomeFromJson(const std::string& text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || !json.contains("end")) return std::nullopt;
  RunOutcome o;
  for (size_t i = 0; i < kEnds.size(); ++i) {
    if (json.at("end") == kEnds[i]) o.end = static_cast<RunEnd>(i);
  }
  o.hash = json.at("hash");
  o.seed = json.at("seed");
  o.sim_s = json.at("sim_s");
  o.wall_s = json.at("wall_s");
  o.bad_input = json.at("bad_input");
  o.diagnosis = json.at("diagnosis");
  const Json& s = json.at("cpu_share");
  o.cpu_share = {s.at("physics"), s.at("lidar"), s.at("firmware"),
                 s.at("network"), s.at("audit"), s.at("other")};
  return o;
}

}  // namespace dustproof
