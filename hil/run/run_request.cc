#include "hil/run/run_request.h"

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "sim/core/check.h"

namespace dustproof {
namespace {

using Json = nlohmann::ordered_json;
constexpr std::array<const char*, 8> kEnds = {"finished",    "duration", "firmware_ended", "firmware_died",
                                              "interrupted", "failed",   "stopped",        "run_died"};

constexpr std::pair<const char*, std::string RunRequest::*> kTexts[] = {
    {"scenario", &RunRequest::scenario},   {"consent", &RunRequest::consent},
    {"home", &RunRequest::home},           {"firmware", &RunRequest::firmware},
    {"recording", &RunRequest::recording}, {"from_recording", &RunRequest::from_recording},
    {"kind", &RunRequest::kind},           {"link", &RunRequest::link},
    {"keys", &RunRequest::keys},           {"console", &RunRequest::console},
    {"motor_controller", &RunRequest::motor_controller},
    {"answers", &RunRequest::answers},    {"redrawn", &RunRequest::redrawn},
    {"gateway", &RunRequest::gateway},     {"servers", &RunRequest::servers}};

Json ToJsonObject(const CpuShares& s) {
  return {{"physics", s.physics}, {"lidar", s.lidar}, {"firmware", s.firmware},
          {"network", s.network}, {"audit", s.audit}, {"other", s.other}};
}

// Paths and names are bytes, JSON is UTF-8: each byte from 0x80 on goes as the character of that
// number.
std::string BytesToText(const std::string& bytes) {
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80) text += static_cast<char>(0xC0 | byte >> 6);
    text += static_cast<char>(byte >= 0x80 ? 0x80 | (byte & 0x3F) : byte);
  }
  return text;
}

std::string TextToBytes(const std::string& text) {
  std::string bytes;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto lead = static_cast<unsigned char>(text[i]);
    if (lead < 0x80) {
      bytes += text[i];
    } else {
      ++i;
      bytes += static_cast<char>((lead & 0x03) << 6 | (static_cast<unsigned char>(text[i]) & 0x3F));
    }
  }
  return bytes;
}

Json ToJsonObject(const StopInstant& at) {
  if (at.time) return {{"time_ns", at.time->nanoseconds()}};
  if (at.events_run) return {{"events_run", *at.events_run}};
  return {{"run_event", at.run_event}};
}

StopInstant StopInstantFrom(const Json& json) {
  StopInstant at;
  if (json.contains("time_ns")) at.time = SimDuration::Nanoseconds(json.at("time_ns"));
  if (json.contains("events_run")) at.events_run = json.at("events_run").get<uint64_t>();
  at.run_event = json.value("run_event", "");
  return at;
}

}  // namespace

const char* ToWord(RunEnd end) { return kEnds[static_cast<size_t>(end)]; }

std::string ToJson(const RunRequest& r) {
  Json json;
  for (const auto& [key, member] : kTexts) json[key] = BytesToText(r.*member);
  if (r.seed) json["seed"] = *r.seed;
  if (r.until) json["until_ns"] = r.until->nanoseconds();
  if (r.link_wait) json["link_wait_ns"] = r.link_wait->nanoseconds();
  if (!r.facts.empty()) json["facts"] = r.facts;
  if (r.break_at.any()) json["break_at"] = ToJsonObject(r.break_at);
  if (r.pretended_unix_s != 0) json["pretended_unix_s"] = r.pretended_unix_s;
  return json.dump();
}

RunRequest RunRequestFromJson(const std::string& text) {
  const Json json = Json::parse(text);  // Written by ourselves: a failure is a bug, and throws.
  RunRequest r;
  for (const auto& [key, member] : kTexts) r.*member = TextToBytes(json.at(key));
  if (json.contains("seed")) r.seed = json.at("seed").get<uint64_t>();
  if (json.contains("until_ns")) r.until = SimDuration::Nanoseconds(json.at("until_ns"));
  if (json.contains("link_wait_ns")) r.link_wait = SimDuration::Nanoseconds(json.at("link_wait_ns"));
  if (json.contains("facts")) r.facts = json.at("facts").get<std::map<std::string, std::string>>();
  if (json.contains("break_at")) r.break_at = StopInstantFrom(json.at("break_at"));
  r.pretended_unix_s = json.value("pretended_unix_s", int64_t{0});
  return r;
}

std::string ToJson(const RunOutcome& o) {
  return Json{{"end", ToWord(o.end)},
              {"hash", o.hash},
              {"seed", o.seed},
              {"sim_s", o.sim_s},
              {"events_run", o.events_run},
              {"wall_s", o.wall_s},
              {"cpu_share", ToJsonObject(o.cpu_share)},
              {"bad_input", o.bad_input},
              {"diagnosis", o.diagnosis}}
      .dump(-1, ' ', false, Json::error_handler_t::replace);
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
  o.events_run = json.at("events_run");
  o.wall_s = json.at("wall_s");
  o.bad_input = json.at("bad_input");
  o.diagnosis = json.at("diagnosis");
  const Json& s = json.at("cpu_share");
  o.cpu_share = {s.at("physics"), s.at("lidar"), s.at("firmware"),
                 s.at("network"), s.at("audit"), s.at("other")};
  return o;
}

}  // namespace dustproof
