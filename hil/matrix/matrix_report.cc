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

// What a cell of the table says, and the escape sequence of its colour.
struct CellText {
  std::string text;
  const char* colour;
};

CellText TextOf(const MatrixTally& tally, size_t entries) {
  if (tally.fail > 0) return {entries == 1 ? "fail" : std::to_string(tally.fail) + "/" + std::to_string(entries) + " fail", "\033[1;31m"};
  if (tally.accepted > 0) return {entries == 1 ? "accepted" : std::to_string(tally.accepted) + " accepted", "\033[33m"};
  if (tally.undetermined > 0) return {entries == 1 ? "undetermined" : std::to_string(tally.undetermined) + " undetermined", "\033[33m"};
  if (tally.pass > 0) return {"pass", "\033[32m"};
  return {"-", "\033[2m"};
}

// As spreadsheets count their columns: A … Z, AA, AB ….
std::string LetterOf(size_t column) {
  std::string letters;
  for (size_t rest = column + 1; rest > 0; rest = (rest - 1) / 26) letters.insert(letters.begin(), static_cast<char>('A' + (rest - 1) % 26));
  return letters;
}

std::string Heads(const std::vector<MatrixColumn>& columns) {
  std::string text;
  for (size_t i = 0; i < columns.size(); ++i) {
    const MatrixColumn& column = columns[i];
    text += "  " + LetterOf(i) + "  " + column.head + (column.entries.size() > 1 ? " (" + std::to_string(column.entries.size()) + " cells)" : "") + "\n";
  }
  return text;
}

// Personal data down, columns across: below each other where they don't fit beside each other.
class Table {
 public:
  Table(const std::vector<MatrixColumn>& columns, std::vector<std::string> categories) : categories_(std::move(categories)) {
    for (size_t i = 0; i < columns.size(); ++i) {
      Column column{LetterOf(i), {}, LetterOf(i).size() + kGap};
      for (const std::string& category : categories_) {
        column.cells.push_back(TextOf(TallyOf(columns[i], category), columns[i].entries.size()));
        column.width = std::max(column.width, column.cells.back().text.size() + kGap);
      }
      columns_.push_back(std::move(column));
    }
  }

  std::string Render(bool colour) const {
    std::string text;
    for (size_t begin = 0; begin < columns_.size();) {
      size_t end = begin, width = kFirstWidth;
      while (end < columns_.size() && (end == begin || width + columns_[end].width <= kLineWidth + kGap)) width += columns_[end++].width;
      if (begin > 0) text += "\n";
      RenderPart(begin, end, colour, &text);
      begin = end;
    }
    return text;
  }

 private:
  static constexpr size_t kLineWidth = 100, kFirstWidth = 26, kGap = 2;

  struct Column {
    std::string head;
    std::vector<CellText> cells;  // By category.
    size_t width = 0;
  };

  void RenderPart(size_t begin, size_t end, bool colour, std::string* text) const {
    *text += std::string(kFirstWidth, ' ');
    for (size_t i = begin; i < end; ++i) Put({columns_[i].head, ""}, columns_[i].width, text);
    EndLine(text);
    for (size_t row = 0; row < categories_.size(); ++row) {
      Put({categories_[row], ""}, kFirstWidth, text);
      for (size_t i = begin; i < end; ++i) {
        const CellText& cell = columns_[i].cells[row];
        Put({cell.text, colour ? cell.colour : ""}, columns_[i].width, text);
      }
      EndLine(text);
    }
  }

  static void Put(const CellText& cell, size_t width, std::string* text) {
    *text += *cell.colour == '\0' ? cell.text : cell.colour + cell.text + "\033[0m";
    text->append(width > cell.text.size() ? width - cell.text.size() : 1, ' ');
  }

  static void EndLine(std::string* text) {
    while (text->ends_with(' ')) text->pop_back();
    *text += "\n";
  }

  const std::vector<std::string> categories_;
  std::vector<Column> columns_;
};

std::string FailureText(const MatrixResult& result, const MatrixFailure& failure) {
  const MatrixEntry& first = result.entries[failure.cells.front()];
  std::string text = std::string(failure.acceptance && !failure.acceptance->expired ? "accepted: " : "fail: ") + failure.signature + "\n  in " + std::to_string(failure.cells.size()) + " of " +
                     std::to_string(result.entries.size()) + " cells" + (failure.when.empty() ? "" : ", " + failure.when) + "\n";
  for (const CellFailure& f : first.result->failures) {
    if (f.Signature() != failure.signature) continue;
    char where[200];
    std::snprintf(where, sizeof where, "  first: %s at %.3f s, message %llu, %llu bytes; ", first.cell.name.c_str(), f.time_s,
                  static_cast<unsigned long long>(f.sequence), static_cast<unsigned long long>(f.byte_count));
    text += where + f.heading + ": " + f.clause + "\n";
    break;
  }
  if (failure.acceptance) text += "  " + ToText(*failure.acceptance) + "\n";
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
  std::string text = Heads(columns) + Table(columns, CategoriesOf(result)).Render(colour) + "\n";
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
    if (failure.acceptance) json["failures"].back()["baseline"] = ToText(*failure.acceptance);
  }
  for (const MatrixEntry& entry : result.entries) json["matrix"].push_back(ToJsonObject(entry));
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace dustproof
