#include "hil/audit/internal/truth.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "sim/plan/json.h"
#include "sim/scenario/scenario.h"

namespace dustproof::internal {

namespace {

// The attachments that the audit looks into.
constexpr const char* kPlanted = "planted.json";
constexpr const char* kPlan = "plan.json";
constexpr const char* kScenario = "scenario.yaml";
constexpr const char* kSchema = "schema.yaml";

using Texts = std::map<std::string, std::string>;

const std::string* Find(const Texts& texts, const char* name) {
  const auto it = texts.find(name);
  return it == texts.end() ? nullptr : &it->second;
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

void ReadPlanted(const Texts& texts, Truth& truth, std::vector<Diagnostic>* warnings) {
  const std::string* text = Find(texts, kPlanted);
  if (text == nullptr) {
    warnings->push_back(
        {{}, "planted.json", "is not in the recording: exact values cannot be looked for"});
    return;
  }
  const auto json = nlohmann::json::parse(*text, nullptr, false);
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

void ReadPlan(const Texts& texts, Truth& truth, std::vector<Diagnostic>* warnings) {
  const std::string* text = Find(texts, kPlan);
  if (text == nullptr) {
    warnings->push_back(
        {{}, "plan.json", "is not in the recording: maps cannot be held against the true home"});
    return;
  }
  auto plan = FloorPlanFromJson(*text);
  if (plan) {
    truth.plan = std::move(*plan);
  } else {
    warnings->push_back({{}, "plan.json", "cannot be read: " + ToString(plan.error())});
  }
}

void ReadScenario(const Texts& texts, Truth& truth) {
  const std::string* text = Find(texts, kScenario);
  if (text == nullptr) return;
  const auto scenario = ParseScenario(*text, "scenario.yaml");
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
    truth.stations.insert(event.detail);
    std::vector<std::string>& known = truth.planted["robot_mac"];
    if (std::find(known.begin(), known.end(), event.detail) == known.end()) known.push_back(event.detail);
  }
}

}  // namespace

void TruthFold::Take(const RecordedMessage& message) {
  truth_.end = std::max(truth_.end, std::visit([](const auto& m) { return m.time; }, message));
  std::visit(Folder(truth_), message);
}

void TruthFold::Take(const Attachment& attachment) {
  for (const char* name : {kPlanted, kPlan, kScenario, kSchema}) {
    if (attachment.name == name)
      texts_[name] = {reinterpret_cast<const char*>(attachment.data.data()), attachment.data.size()};
  }
}

std::optional<FloorPlan> TruthFold::Plan() const {
  const std::string* text = Find(texts_, kPlan);
  if (text == nullptr) return std::nullopt;
  auto plan = FloorPlanFromJson(*text);
  return plan ? std::optional(std::move(*plan)) : std::nullopt;
}

Truth TruthFold::Finish(std::vector<Diagnostic>* warnings) {
  Truth truth = std::move(truth_);
  ReadPlanted(texts_, truth, warnings);
  ReadPlan(texts_, truth, warnings);
  ReadScenario(texts_, truth);
  if (const std::string* schema = Find(texts_, kSchema)) {
    truth.schema_text = *schema;
  } else {
    warnings->push_back(
        {{},
         kSchema,
         "is not in the recording: no message counts as declared, so more bytes are unexplained"});
  }
  TakeStations(truth);
  truth.flows.Finish();
  return truth;
}

}  // namespace dustproof::internal
