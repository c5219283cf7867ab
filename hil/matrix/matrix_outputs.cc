#include <algorithm>
#include <map>

#include "hil/matrix/matrix.h"
#include "hil/matrix/matrix_columns.h"
#include "hil/matrix/matrix_failures.h"
#include "hil/report/junit_text.h"
#include "hil/report/markdown_text.h"
#include "hil/run/build_id.h"

// A matrix for continuous integration: JUnit and Markdown. No byte that was sent.
namespace dustproof {
namespace {

constexpr size_t kMarkdownBytesMax = 60'000;
constexpr size_t kColumnsMax = 12;

bool IsAccepted(const MatrixEntry& entry) { return Passed(entry) && entry.result->failed(); }
bool Skipped(const MatrixEntry& entry) { return Infeasible(entry) || IsAccepted(entry); }

std::string Case(const MatrixEntry& entry) {
  std::string text = "    <testcase" + JunitAttribute("classname", entry.cell.scenario) +
                     JunitAttribute("name", entry.cell.consents.name + "[seed" + std::to_string(entry.cell.seed) + "]");
  if (Infeasible(entry)) return text + "><skipped" + JunitAttribute("message", "infeasible: " + entry.cell.infeasible) + "/></testcase>\n";
  if (Undone(entry)) return text + "><error" + JunitAttribute("message", "left undone") + "/></testcase>\n";
  if (IsAccepted(entry)) {
    std::string why;
    for (const auto& [fingerprint, acceptance] : entry.acceptances) why += (why.empty() ? "" : "; ") + ToText(acceptance);
    return text + "><skipped" + JunitAttribute("message", why) + "/></testcase>\n";
  }
  if (Passed(entry)) return text + "/>\n";
  std::string why;
  for (const std::string& signature : entry.result->Signatures()) why += (why.empty() ? "" : "; ") + signature;
  return text + "><failure" + JunitAttribute("message", why) + ">again: " + JunitEscape(entry.command) + "</failure></testcase>\n";
}

std::string Mark(const MatrixTally& tally, size_t entries) {
  const std::string of = entries > 1 ? "/" + std::to_string(entries) : "";
  if (tally.fail > 0) return "❌ " + (entries > 1 ? std::to_string(tally.fail) + of : "fail");
  if (tally.accepted > 0) return "☑️ " + (entries > 1 ? std::to_string(tally.accepted) + of : "accepted");
  if (tally.undetermined > 0) return "❔ " + (entries > 1 ? std::to_string(tally.undetermined) + of : "undetermined");
  return tally.pass > 0 ? "✅" : "–";
}

std::string Table(const MatrixResult& result) {
  std::vector<MatrixColumn> columns = ColumnsOf(result);
  const size_t all = columns.size();
  columns.resize(std::min(all, kColumnsMax));
  std::string text = "| personal data |", line = "|---|";
  for (const MatrixColumn& column : columns) text += " " + MarkdownEscape(column.head) + " |", line += "---|";
  text += "\n" + line + "\n";
  for (const std::string& category : CategoriesOf(result)) {
    text += "| " + MarkdownEscape(category) + " |";
    for (const MatrixColumn& column : columns) text += " " + Mark(TallyOf(column, category), column.entries.size()) + " |";
    text += "\n";
  }
  return text + (all > columns.size() ? "\n" + std::to_string(all - columns.size()) + " more columns are in the report.\n" : "");
}

}  // namespace

std::string RenderMatrixSarif(const MatrixResult& result) { return RenderSarif(ListFailures(result), BuildId()); }
std::string RenderMatrixGithubAnnotations(const MatrixResult& result) { return RenderGithubAnnotations(ListFailures(result)); }
std::string RenderMatrixGitlabCodeQuality(const MatrixResult& result) { return RenderGitlabCodeQuality(ListFailures(result)); }

std::string RenderMatrixJunit(const MatrixResult& result) {
  std::map<std::string, std::vector<const MatrixEntry*>> suites;  // By scenario.
  for (const MatrixEntry& entry : result.entries) suites[entry.cell.scenario].push_back(&entry);
  std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"dustproof\">\n";
  for (const auto& [scenario, entries] : suites) {
    const auto count = [&](bool (*is)(const MatrixEntry&)) {
      return std::to_string(std::count_if(entries.begin(), entries.end(), [&](const MatrixEntry* entry) { return is(*entry); }));
    };
    text += "  <testsuite" + JunitAttribute("name", scenario) + JunitAttribute("tests", std::to_string(entries.size())) + JunitAttribute("failures", count(Failed)) +
            JunitAttribute("errors", count(Undone)) + JunitAttribute("skipped", count(Skipped)) + ">\n";
    for (const MatrixEntry* entry : entries) text += Case(*entry);
    text += "  </testsuite>\n";
  }
  return text + "</testsuites>\n";
}

std::string RenderMatrixMarkdown(const MatrixResult& result) {
  std::string text = std::string("### ") + (result.Count(Failed) + result.Count(Undone) > 0 ? "❌ " : "✅ ") + RenderMatrixSummary(result) + "\n\n" + Table(result);
  if (!result.failures.empty()) text += "\n#### Kinds of failure\n\n";
  size_t told = 0;
  for (const MatrixFailure& failure : result.failures) {
    const MatrixEntry& first = result.entries[failure.cells.front()];
    const std::string entry = "- **" + MarkdownEscape(failure.signature) + "** in " + std::to_string(failure.cells.size()) + " of " + std::to_string(result.entries.size()) + " cells" +
                              (failure.when.empty() ? "" : ", " + MarkdownEscape(failure.when)) + (failure.acceptance ? "  \n  " + MarkdownEscape(ToText(*failure.acceptance)) : "") + "  \n  " + MarkdownCode(first.command) + "\n";
    if (text.size() + entry.size() > kMarkdownBytesMax) break;
    text += entry;
    ++told;
  }
  if (told < result.failures.size()) text += "\n" + std::to_string(result.failures.size() - told) + " more kinds are in the report.\n";
  return text;
}

}  // namespace dustproof
