#include <algorithm>
#include <cstdio>

#include "hil/report/failure_list.h"
#include "hil/report/markdown_text.h"
#include "hil/report/run_table.h"

namespace dustproof {
namespace {

constexpr size_t kBytesMax = 60'000;  // GitHub takes a mebibyte for a summary, and 65,536 characters for a comment.
constexpr size_t kColumnsMax = 12;

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

std::string Cell(const RunReport& report, const std::string& emitter, const std::string& category) {
  const Verdict worst = report.audit.Worst(emitter, category, static_cast<Reading>(report.reading));
  return worst == Verdict::kFail && OnlyAccepted(report, emitter, category) ? "☑️ accepted" : Symbol(worst);
}

// Personal data down, configurations across; what no run exercised is left out.
std::string Table(const std::vector<const RunReport*>& reports) {
  const size_t columns = std::min(kColumnsMax, reports.size());
  std::string text = "| personal data |", line = "|---|";
  for (size_t i = 0; i < columns; ++i) {
    text += " " + MarkdownEscape(reports[i]->consent) + " |";
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
    text += "| " + MarkdownEscape((emitter == "robot" ? "" : emitter + ": ") + category) + " |";
    for (size_t i = 0; i < columns; ++i)
      text += " " + Cell(*reports[i], emitter, category) + " |";
    text += "\n";
  }
  if (reports.size() > columns) text += "\n" + std::to_string(reports.size() - columns) + " more configurations are in the report.\n";
  return text;
}

std::string Failure(const ListedFailure& f) {
  std::string text = "- **" + MarkdownEscape(f.title) + "**: " + MarkdownEscape(f.heading) + ". " + MarkdownEscape(f.reason) + ".";
  if (!f.clause.empty()) text += "  \n  " + MarkdownEscape(f.clause);
  if (f.message > 0) {
    char where[160];
    std::snprintf(where, sizeof where, "  \n  message %llu at %.3f s, %llu bytes, SHA-256 `%.16s…`", static_cast<unsigned long long>(f.message), f.time_s,
                  static_cast<unsigned long long>(f.byte_count), f.sha256.c_str());
    text += where + std::string(" to ") + MarkdownEscape(f.host) + " (" + MarkdownEscape(f.protocol) + ")";
  }
  text += "  \n  in " + MarkdownEscape(f.Where());
  if (f.acceptance) text += "  \n  " + MarkdownEscape(ToText(*f.acceptance));
  return text + (f.command.empty() ? "" : "  \n  " + MarkdownCode(f.command)) + "\n";
}

}  // namespace

std::string RenderMarkdown(const std::vector<const RunReport*>& reports) {
  std::vector<ListedFailure> failures = ListFailures(reports);
  const auto accepted = std::stable_partition(failures.begin(), failures.end(), [](const ListedFailure& f) { return !f.accepted(); });
  const std::string name = reports.empty() ? "no run" : reports.front()->scenario;
  std::string text = std::string("### ") + (accepted == failures.begin() ? "✅ " : "❌ ") + MarkdownEscape(name) + "\n\n" + MarkdownEscape(RenderSummaryLine(reports)) + "\n\n" + Table(reports);
  size_t told = 0;
  for (auto failure = failures.begin(); failure != failures.end(); ++failure) {
    std::string entry = Failure(*failure);
    if (failure == accepted) entry = "\n#### Accepted\n\n" + entry;
    else if (failure == failures.begin()) entry = "\n#### Failures\n\n" + entry;
    if (text.size() + entry.size() > kBytesMax) break;
    text += entry;
    ++told;
  }
  if (told < failures.size()) text += "\n" + std::to_string(failures.size() - told) + " more failures are in the report.\n";
  return text;
}

}  // namespace dustproof
