#include <algorithm>
#include <nlohmann/json.hpp>

#include "hil/report/failure_list.h"

// Static Analysis Results Interchange Format, version 2.1.0 (OASIS, 2020).
namespace dustproof {
namespace {

using Json = nlohmann::ordered_json;

// Relative paths are relative to the root of the sources, whatever that is on the machine that shows them.
Json LocationOf(const std::string& file, int line) {
  Json artifact = {{"uri", file}};
  if (!file.starts_with('/')) artifact["uriBaseId"] = "%SRCROOT%";
  Json physical = {{"artifactLocation", artifact}};
  if (line > 0) physical["region"] = {{"startLine", line}};
  return physical;
}

Json RuleOf(const ListedFailure& f) {
  Json rule = {{"id", f.rule}, {"shortDescription", {{"text", f.heading}}}, {"defaultConfiguration", {{"level", "error"}}}};
  if (!f.clause.empty()) rule["help"] = {{"text", f.clause}};
  return rule;
}

std::string TextOf(const ListedFailure& f) {
  std::string text = f.title + ": " + f.heading + ". " + f.reason + ".";
  if (!f.clause.empty()) text += " Clause: " + f.clause + ".";
  text += " In:";
  for (const std::string& consent : f.consents) text += " " + consent;
  return text + (f.command.empty() ? "" : ". Again: " + f.command);
}

Json ResultOf(const ListedFailure& f, size_t rule_index) {
  const std::string file = f.scenario.file.empty() ? f.recording : f.scenario.file;
  Json result = {{"ruleId", f.rule},
                 {"ruleIndex", rule_index},
                 {"level", "error"},
                 {"message", {{"text", TextOf(f)}}},
                 {"locations", Json::array({{{"physicalLocation", LocationOf(file, f.scenario.line)}}})},
                 {"partialFingerprints", {{"dustproof/v1", f.fingerprint}}}};
  if (!f.policy.file.empty()) {
    result["relatedLocations"] = Json::array({{{"id", 1},
                                               {"physicalLocation", LocationOf(f.policy.file, f.policy.line)},
                                               {"message", {{"text", "the policy's rule " + f.rule}}}}});
  }
  Json properties = {{"consents", f.consents}};
  if (f.message > 0) {
    properties["message"] = f.message;
    properties["time_s"] = f.time_s;
    properties["byte_count"] = f.byte_count;
    properties["sha256"] = f.sha256;
    properties["protocol"] = f.protocol;
    properties["host"] = f.host;
  }
  if (!f.command.empty()) properties["command"] = f.command;
  result["properties"] = properties;
  return result;
}

}  // namespace

std::string RenderSarif(const std::vector<const RunReport*>& reports) {
  const std::vector<ListedFailure> failures = ListFailures(reports);
  Json rules = Json::array(), results = Json::array();
  std::vector<std::string> known;
  for (const ListedFailure& f : failures) {
    const auto rule = std::find(known.begin(), known.end(), f.rule);
    const auto index = static_cast<size_t>(rule - known.begin());
    if (rule == known.end()) {
      known.push_back(f.rule);
      rules.push_back(RuleOf(f));
    }
    results.push_back(ResultOf(f, index));
  }
  const std::string version = reports.empty() ? "" : reports.front()->build.substr(0, reports.front()->build.find(' '));
  Json driver = {{"name", "Dustproof"}, {"rules", rules}};
  if (!version.empty()) driver["semanticVersion"] = version;
  const Json log = {{"$schema", "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"},
                    {"version", "2.1.0"},
                    {"runs", Json::array({{{"tool", {{"driver", driver}}},
                                           {"columnKind", "utf16CodeUnits"},
                                           {"originalUriBaseIds", {{"%SRCROOT%", {{"description", {{"text", "The folder that dustproof was started in."}}}}}}},
                                           {"results", results}}})}};
  return log.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace dustproof
