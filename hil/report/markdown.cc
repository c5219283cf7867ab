#include <algorithm>
#include <cstdio>

#include "hil/report/failure_list.h"
#include "hil/report/run_table.h"

namespace dustproof {
namespace {

constexpr size_t kBytesMax = 60'000;  // GitHub takes a mebibyte for a summary, and 65,536 characters for a comment.
constexpr size_t kColumnsMax = 12;

std::string Escape(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '|' || c == '<' || c == '*' || c == '_' || c == '`') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out;
}

const char* Symbol(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPass:
      return "✅";
    case Verdict::kFail:
      return "❌ fail";
    case Verdict::kUndetermined:
      return "❔ undetermined";
    case Verdict::kNotExercised:
      return "–";
  }
  return "";
}

// Personal data down, configurations across; what no run exercised is left out.
std::string Table(const std::vector<const RunReport*>& reports) {
  const size_t columns = std::min(kColumnsMax, reports.size());
  std::string text = "| personal data |", line = "|---|";
  for (size_t i = 0; i < columns; ++i) {
    text += " " + Escape(reports[i]->consent) + " |";
    line += "---|";
  }
  text += "\n" + line + "\n";
  std::vector<std::pair<std::string, std::string>> rows;
  for (const RunReport* report : reports) {
    for (const VerdictRow& v : report->audit.verdicts) {
      const std::pair<std::string, std::string> row(v.emitter, v.category);
      if (v.verdict != Verdict::kNotExercised && std::find(rows.begin(), rows.end(), row) == rows.end()) rows.push_back(row);
    }
  }
  for (const auto& [emitter, category] : rows) {
    text += "| " + Escape((emitter == "robot" ? "" : emitter + ": ") + category) + " |";
    for (size_t i = 0; i < columns; ++i)
      text += std::string(" ") + Symbol(reports[i]->audit.Worst(emitter, category, static_cast<Reading>(reports[i]->reading))) + " |";
    text += "\n";
  }
  if (reports.size() > columns) text += "\n" + std::to_string(reports.size() - columns) + " more configurations are in the report.\n";
  return text;
}

std::string Failure(const ListedFailure& f) {
  std::string text = "- **" + Escape(f.title) + "**: " + Escape(f.heading) + ". " + Escape(f.reason) + ".";
  if (!f.clause.empty()) text += "  \n  " + Escape(f.clause);
  if (f.message > 0) {
    char where[160];
    std::snprintf(where, sizeof where, "  \n  message %llu at %.3f s, %llu bytes, SHA-256 `%.16s…`", static_cast<unsigned long long>(f.message), f.time_s,
                  static_cast<unsigned long long>(f.byte_count), f.sha256.c_str());
    text += where + std::string(" to ") + Escape(f.host) + " (" + Escape(f.protocol) + ")";
  }
  text += "  \n  in";
  for (const std::string& consent : f.consents) text += " " + Escape(consent);
  return text + (f.command.empty() ? "" : "  \n  `" + f.command + "`") + "\n";
}

}  // namespace

std::string RenderMarkdown(const std::vector<const RunReport*>& reports) {
  const std::vector<ListedFailure> failures = ListFailures(reports);
  const std::string name = reports.empty() ? "no run" : reports.front()->scenario;
  std::string text = std::string("### ") + (failures.empty() ? "✅ " : "❌ ") + Escape(name) + "\n\n" + Escape(RenderSummaryLine(reports)) + "\n\n" + Table(reports);
  if (!failures.empty()) text += "\n#### Failures\n\n";
  size_t told = 0;
  for (const ListedFailure& failure : failures) {
    const std::string entry = Failure(failure);
    if (text.size() + entry.size() > kBytesMax) break;
    text += entry;
    ++told;
  }
  if (told < failures.size()) text += "\n" + std::to_string(failures.size() - told) + " more failures are in the report.\n";
  return text;
}

}  // namespace dustproof
