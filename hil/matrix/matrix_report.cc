#include <algorithm>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>

#include "hil/matrix/matrix.h"
#include "hil/matrix/matrix_columns.h"

// What a matrix prints and writes.
namespace dustproof {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kFailuresShown = 12;

std::string CellText(const MatrixTally& tally, size_t entries, bool colour, size_t width) {
  std::string text, code;
  if (tally.fail > 0) {
    text = entries == 1 ? "fail" : std::to_string(tally.fail) + "/" + std::to_string(entries) + " fail";
    code = "\033[1;31m";
  } else if (tally.undetermined > 0) {
    text = entries == 1 ? "undetermined" : std::to_string(tally.undetermined) + " undetermined";
    code = "\033[33m";
  } else if (tally.pass > 0) {
    text = "pass", code = "\033[32m";
  } else {
    text = "-", code = "\033[2m";
  }
  const std::string padding(width > text.size() ? width - text.size() : 1, ' ');
  return (colour ? code + text + "\033[0m" : text) + padding;
}

std::string Heads(const std::vector<MatrixColumn>& columns) {
  std::string text;
  char number = 'A';
  for (const MatrixColumn& column : columns) {
    text += std::string("  ") + number + "  " + column.head + (column.entries.size() > 1 ? " (" + std::to_string(column.entries.size()) + " cells)" : "") + "\n";
    ++number;
  }
  return text;
}

std::string FailureText(const MatrixResult& result, const MatrixFailure& failure) {
  const MatrixEntry& first = result.entries[failure.cells.front()];
  std::string text = "fail: " + failure.signature + "\n  in " + std::to_string(failure.cells.size()) + " of " +
                     std::to_string(result.entries.size()) + " cells" + (failure.when.empty() ? "" : ", " + failure.when) + "\n";
  for (const CellFailure& f : first.result->failures) {
    if (f.Signature() != failure.signature) continue;
    char where[200];
    std::snprintf(where, sizeof where, "  first: %s at %.3f s, message %llu, %llu bytes; ", first.cell.name.c_str(), f.time_s,
                  static_cast<unsigned long long>(f.sequence), static_cast<unsigned long long>(f.byte_count));
    text += where + f.heading + ": " + f.clause + "\n";
    break;
  }
  return text + "  again: " + first.command + "\n";
}

Json ToJsonObject(const MatrixEntry& entry) {
  Json json = {{"cell", entry.cell.name},
               {"scenario", entry.cell.scenario},
               {"seed", entry.cell.seed},
               {"consent", entry.cell.consents.name},
               {"answers", ToText(entry.cell.consents)},
               {"state", Infeasible(entry) ? "infeasible" : Undone(entry) ? "undone" : Failed(entry) ? "fail" : "pass"}};
  if (Infeasible(entry)) json["reason"] = entry.cell.infeasible;
  json["command"] = entry.command;
  if (!entry.recording.empty()) json["recording"] = entry.recording;
  if (entry.result) {
    Json result = Json::parse(ToJson(*entry.result));
    for (const char* key : {"outcome", "end_s", "missed_expectations", "not_useful", "failures", "verdicts", "warnings"})
      json[key] = result[key];
    for (Json& verdict : json["verdicts"]) verdict.erase("withheld_ns");
  }
  return json;
}

}  // namespace

std::string RenderMatrixTable(const MatrixResult& result, bool colour) {
  const std::vector<MatrixColumn> columns = ColumnsOf(result);
  constexpr size_t kFirst = 26, kWidth = 13;
  std::string text = Heads(columns) + std::string(kFirst, ' ');
  for (size_t i = 0; i < columns.size(); ++i) {
    std::string head(1, static_cast<char>('A' + i));
    text += head + std::string(kWidth - 1, ' ');
  }
  text += "\n";
  for (const std::string& category : CategoriesOf(result)) {
    text += category + std::string(kFirst > category.size() ? kFirst - category.size() : 1, ' ');
    for (const MatrixColumn& column : columns) {
      text += CellText(TallyOf(column, category), column.entries.size(), colour, kWidth);
    }
    while (text.ends_with(' ')) text.pop_back();
    text += "\n";
  }
  text += "\n";
  for (size_t i = 0; i < std::min(kFailuresShown, result.failures.size()); ++i) text += FailureText(result, result.failures[i]);
  if (result.failures.size() > kFailuresShown)
    text += std::to_string(result.failures.size() - kFailuresShown) + " more kinds of failure are in matrix.json\n";
  return text;
}

std::string RenderPlanJson(const MatrixPlan& plan) {
  Json json = {{"format", 1}, {"cells", Json::array()}, {"notes", plan.notes}, {"warnings", plan.warnings}};
  for (const MatrixCell& cell : plan.cells) {
    if (cell.control) continue;
    json["cells"].push_back({{"cell", cell.name}, {"scenario", cell.scenario}, {"seed", cell.seed}, {"consent", cell.consents.name},
                             {"answers", ToText(cell.consents)}, {"infeasible", cell.infeasible}});
  }
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string RenderMatrixSummary(const MatrixResult& result) {
  const auto count = [&](const char* what, bool (*is)(const MatrixEntry&)) { return std::to_string(result.Count(is)) + what; };
  return std::to_string(result.entries.size()) + (result.entries.size() == 1 ? " cell: " : " cells: ") + count(" pass, ", Passed) +
         count(" fail, ", Failed) + count(" infeasible, ", Infeasible) + count(" undone", Undone);
}

std::string RenderMatrixJson(const MatrixResult& result) {
  Json json = {{"format", 1},
               {"cells", result.entries.size()},
               {"passed", result.Count(Passed)},
               {"failed", result.Count(Failed)},
               {"infeasible", result.Count(Infeasible)},
               {"undone", result.Count(Undone)},
               {"failures", Json::array()},
               {"matrix", Json::array()},
               {"warnings", result.warnings}};
  for (const MatrixFailure& failure : result.failures) {
    Json cells = Json::array();
    for (const size_t cell : failure.cells) cells.push_back(result.entries[cell].cell.name);
    json["failures"].push_back({{"signature", failure.signature}, {"when", failure.when}, {"cells", cells},
                                {"command", result.entries[failure.cells.front()].command}});
  }
  for (const MatrixEntry& entry : result.entries) json["matrix"].push_back(ToJsonObject(entry));
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace dustproof
