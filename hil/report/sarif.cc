#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string_view>

#include "hil/report/failure_list.h"

// Static Analysis Results Interchange Format, version 2.1.0 (OASIS, 2020).
namespace dustproof {
namespace {

using Json = nlohmann::ordered_json;

// RFC 3986: what is neither unreserved nor a path's own is escaped.
std::string UriOf(const std::string& file) {
  std::string uri = file.starts_with('/') ? "file://" : "";
  for (const char c : file) {
    char escaped[4];
    std::snprintf(escaped, sizeof escaped, "%%%02X", static_cast<unsigned>(static_cast<unsigned char>(c)));
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || std::string_view("-._~/@+,=").find(c) != std::string_view::npos;
    uri += plain ? std::string(1, c) : escaped;
  }
  return uri;
}

// Relative paths are relative to the root of the sources, whatever that is on the machine that shows them.
Json LocationOf(const std::string& file, int line) {
  Json artifact = {{"uri", UriOf(file)}};
  if (!file.starts_with('/')) artifact["uriBaseId"] = "%SRCROOT%";
  Json physical = {{"artifactLocation", artifact}};
  if (line > 0) physical["region"] = {{"startLine", line}};
  return physical;
}

Json RuleOf(const ListedFailure& f) {
  Json rule = {{"id", f.identity.rule}, {"shortDescription", {{"text", f.heading}}}, {"defaultConfiguration", {{"level", "error"}}}};
  if (!f.clause.empty()) rule["help"] = {{"text", f.clause}};
  return rule;
}

std::string TextOf(const ListedFailure& f) {
  std::string text = f.title + ": " + f.heading + ". " + f.reason + ".";
  if (!f.clause.empty()) text += " Clause: " + f.clause + ".";
  text += " In: " + f.Where();
  return text + (f.command.empty() ? "" : ". Again: " + f.command);
}

Json ResultOf(const ListedFailure& f, size_t rule_index) {
  const std::string file = f.scenario.file.empty() ? f.recording : f.scenario.file;
  Json result = {{"ruleId", f.identity.rule},
                 {"ruleIndex", rule_index},
                 {"level", "error"},
                 {"message", {{"text", TextOf(f)}}},
                 {"locations", Json::array({{{"physicalLocation", LocationOf(file, f.scenario.line)}}})},
                 {"partialFingerprints", {{"dustproof/v1", f.fingerprint}}}};
  if (!f.policy.file.empty()) {
    result["relatedLocations"] = Json::array({{{"id", 1},
                                               {"physicalLocation", LocationOf(f.policy.file, f.policy.line)},
                                               {"message", {{"text", "the policy's rule " + f.identity.rule}}}}});
  }
  if (f.acceptance && !f.accepted()) result["message"]["text"] = TextOf(f) + ". " + ToText(*f.acceptance);
  Json properties = {{"consents", f.consents}};
  if (f.runs > 0) properties["cells"] = f.runs, properties["cells_of"] = f.runs_of;
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

// Where one result of a run has them, all do (3.27.23).
Json SuppressionsOf(const ListedFailure& f) {
  if (!f.accepted()) return Json::array();
  return Json::array({{{"kind", "external"}, {"status", "accepted"}, {"justification", ToText(*f.acceptance)}}});
}

}  // namespace

std::string RenderSarif(const std::vector<const RunReport*>& reports) {
  return RenderSarif(ListFailures(reports), reports.empty() ? "" : reports.front()->build);
}

std::string RenderSarif(const std::vector<ListedFailure>& failures, const std::string& build) {
  Json rules = Json::array(), results = Json::array();
  std::vector<std::string> known;
  const bool any_accepted = std::any_of(failures.begin(), failures.end(), [](const ListedFailure& f) { return f.accepted(); });
  for (const ListedFailure& f : failures) {
    const auto rule = std::find(known.begin(), known.end(), f.identity.rule);
    const auto index = static_cast<size_t>(rule - known.begin());
    if (rule == known.end()) {
      known.push_back(f.identity.rule);
      rules.push_back(RuleOf(f));
    }
    results.push_back(ResultOf(f, index));
    if (any_accepted) results.back()["suppressions"] = SuppressionsOf(f);
  }
  const std::string version = build.substr(0, build.find(' '));
  Json driver = {{"name", "Dustproof"}, {"rules", rules}};
  if (!version.empty()) driver["semanticVersion"] = version;
  const Json log = {{"$schema", "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"},
                    {"version", "2.1.0"},
                    {"runs", Json::array({{{"tool", {{"driver", driver}}},
                                           {"columnKind", "utf16CodeUnits"},
                                           {"originalUriBaseIds", {{"%SRCROOT%", {{"description", {{"text", "The root of the repository that dustproof was started in; without one, the folder that it was started in."}}}}}}},
                                           {"results", results}}})}};
  return log.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace dustproof
