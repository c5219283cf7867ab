#include "hil/audit/internal/truth.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/plan/json.h"
#include "sim/scenario/scenario.h"

namespace dustproof::internal {

namespace {

std::string TextOf(const Attachment& attachment) {
  return {reinterpret_cast<const char*>(attachment.data.data()), attachment.data.size()};
}

class Folder {
 public:
  explicit Folder(Truth& truth) : truth_(truth) {}

  void operator()(const Emission& e) {
    ++truth_.emission_count;
    truth_.flows.Add(e);
  }
  void operator()(const ConsentChange& c) { truth_.consent_changes.push_back(c); }
  void operator()(const RunEvent& e) { truth_.events.push_back(e); }
  void operator()(const LogLine& l) { truth_.log.push_back(l); }
  void operator()(const PoseSample& p) {
    if (p.frame == "W") truth_.poses_true.push_back(p);
  }
  void operator()(const ScanSample& s) {
    truth_.first_scan_time = std::min(truth_.first_scan_time, s.time);
    truth_.scans.push_back(s);
  }
  void operator()(const MapSample& m) {
    truth_.has_map_messages = true;
    truth_.first_map_time = std::min(truth_.first_map_time, m.time);
  }
  void operator()(const DriveSample&) {}
  void operator()(const StateHashes&) {}
  void operator()(const BatterySample& b) { truth_.battery.push_back(b); }

 private:
  Truth& truth_;
};

void ReadPlanted(const RecordingReader& reader, Truth& truth, std::vector<Diagnostic>* warnings) {
  const Attachment* attachment = reader.FindAttachment("planted.json");
  if (attachment == nullptr) {
    warnings->push_back(
        {{}, "planted.json", "is not in the recording: exact values cannot be looked for"});
    return;
  }
  const auto json = nlohmann::json::parse(TextOf(*attachment), nullptr, false);
  if (!json.is_object()) {
    warnings->push_back(
        {{}, "planted.json", "is no JSON object: exact values cannot be looked for"});
    return;
  }
  for (const auto& [category, values] : json.items()) {
    if (!values.is_array()) continue;
    for (const auto& value : values) {
      if (value.is_string() && !value.get<std::string>().empty())
        truth.planted[category].push_back(value.get<std::string>());
    }
  }
}

void ReadPlan(const RecordingReader& reader, Truth& truth, std::vector<Diagnostic>* warnings) {
  const Attachment* attachment = reader.FindAttachment("plan.json");
  if (attachment == nullptr) {
    warnings->push_back(
        {{}, "plan.json", "is not in the recording: maps cannot be held against the true home"});
    return;
  }
  auto plan = FloorPlanFromJson(TextOf(*attachment));
  if (plan) {
    truth.plan = std::move(*plan);
  } else {
    warnings->push_back({{}, "plan.json", "cannot be read: " + ToString(plan.error())});
  }
}

void ReadScenario(const RecordingReader& reader, Truth& truth) {
  const Attachment* attachment = reader.FindAttachment("scenario.yaml");
  if (attachment == nullptr) return;
  const auto scenario = ParseScenario(TextOf(*attachment), "scenario.yaml");
  if (!scenario) return;
  truth.scenario_hosts.push_back(scenario->cloud_host);
  for (const PartySpec& party : scenario->parties) {
    truth.scenario_parties.push_back(party.key);
    truth.scenario_hosts.insert(truth.scenario_hosts.end(), party.hosts.begin(), party.hosts.end());
  }
  for (const OutageSpec& outage : scenario->network.outages) {
    truth.outages.push_back(
        {SimTime::Zero() + outage.at, SimTime::Zero() + outage.at + outage.duration});
  }
}

// A board at a gateway has the Ethernet address that it has, whatever was planted.
void TakeStations(Truth& truth) {
  for (const RunEvent& event : truth.events) {
    if (event.source != "network" || event.name != "station_seen") continue;
    std::vector<std::string>& known = truth.planted["robot_mac"];
    if (std::find(known.begin(), known.end(), event.detail) == known.end()) known.push_back(event.detail);
  }
}

}  // namespace

Truth ReadTruth(RecordingReader& reader, std::vector<Diagnostic>* warnings) {
  Truth truth;
  ReadPlanted(reader, truth, warnings);
  ReadPlan(reader, truth, warnings);
  ReadScenario(reader, truth);
  if (const Attachment* schema = reader.FindAttachment("schema.yaml")) {
    truth.schema_text = TextOf(*schema);
  } else {
    warnings->push_back(
        {{},
         "schema.yaml",
         "is not in the recording: no message counts as declared, so more bytes are unexplained"});
  }
  Folder folder(truth);
  reader.Rewind();
  while (auto message = reader.Next()) {
    truth.end = std::max(truth.end, std::visit([](const auto& m) { return m.time; }, *message));
    std::visit(folder, *message);
  }
  TakeStations(truth);
  truth.flows.Finish();
  return truth;
}

}  // namespace dustproof::internal
