#include <cstdio>

#include "hil/matrix/matrix.h"
#include "hil/matrix/matrix_columns.h"

// matrix.html: a table, the kinds of failure, and every cell.
namespace dustproof {
namespace {

constexpr const char* kStyle = R"(
:root { color-scheme: light dark; --line: #8884; --pass: #2a7d46; --fail: #c22f2f; --unsure: #a36a00; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 90rem; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { border: 1px solid var(--line); padding: .25rem .55rem; text-align: left; vertical-align: top; }
thead th { position: sticky; top: 0; background: Canvas; font-weight: 600; }
.pass { color: var(--pass); } .fail { color: #fff; background: var(--fail); } .undetermined { color: var(--unsure); }
.none { opacity: .45; }
code { font: .85em ui-monospace, monospace; overflow-wrap: anywhere; }
section.failure { border-left: 4px solid var(--fail); padding: .1rem 0 .1rem .8rem; margin: 1rem 0; }
)";

std::string Escape(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '<') out += "&lt;";
    else if (c == '>') out += "&gt;";
    else if (c == '&') out += "&amp;";
    else if (c == '"') out += "&quot;";
    else out += c;
  }
  return out;
}

// A head may be broken where a consent begins to do something else.
std::string Head(const MatrixColumn& column) {
  std::string text;
  for (const char c : Escape(column.head)) {
    text += c;
    if (c == '/' || c == '=') text += "<wbr>";
  }
  return text + (column.entries.size() > 1 ? "<br>" + std::to_string(column.entries.size()) + " cells" : "");
}

std::string TallyCell(const MatrixTally& tally, size_t entries) {
  const auto share = [&](size_t count, const char* word) {
    return entries == 1 ? std::string(word) : std::to_string(count) + "/" + std::to_string(entries) + " " + word;
  };
  if (tally.fail > 0) return "<td class=fail>" + share(tally.fail, "fail") + "</td>";
  if (tally.undetermined > 0) return "<td class=undetermined>" + share(tally.undetermined, "undetermined") + "</td>";
  if (tally.pass > 0) return "<td class=pass>pass</td>";
  return "<td class=none>not exercised</td>";
}

std::string Table(const MatrixResult& result) {
  const std::vector<MatrixColumn> columns = ColumnsOf(result);
  std::string html = "<div class=wide><table><thead><tr><th>personal data</th>";
  for (const MatrixColumn& column : columns) html += "<th>" + Head(column) + "</th>";
  html += "</tr></thead><tbody>\n";
  for (const std::string& category : CategoriesOf(result)) {
    html += "<tr><th>" + Escape(category) + "</th>";
    for (const MatrixColumn& column : columns) html += TallyCell(TallyOf(column, category), column.entries.size());
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

std::string Evidence(const MatrixEntry& entry, const std::string& signature) {
  for (const CellFailure& f : entry.result->failures) {
    if (f.Signature() != signature) continue;
    char text[300];
    std::snprintf(text, sizeof text, "at %.3f s, message %llu, %llu bytes, SHA-256 %.16s…, by %s", f.time_s, static_cast<unsigned long long>(f.sequence),
                  static_cast<unsigned long long>(f.byte_count), f.sha256.c_str(), f.method.c_str());
    return "<br>" + Escape(f.heading) + ": " + Escape(f.clause) + "<br>to " + Escape(f.host) + " (" + Escape(f.protocol) + "), " + text;
  }
  return "";
}

std::string Failure(const MatrixResult& result, const MatrixFailure& failure) {
  const MatrixEntry& first = result.entries[failure.cells.front()];
  std::string html = "<section class=failure><p><b>" + Escape(failure.signature) + "</b><br>in " + std::to_string(failure.cells.size()) + " of " +
                     std::to_string(result.entries.size()) + " cells" + (failure.when.empty() ? "" : ", " + Escape(failure.when)) + "; first in " +
                     Escape(first.cell.name) + Evidence(first, failure.signature) + "</p><p><code>" + Escape(first.command) + "</code></p>";
  if (!first.recording.empty()) html += "<p>recording <a href=\"" + Escape(first.recording) + "\">" + Escape(first.recording) + "</a></p>";
  return html + "</section>\n";
}

std::string CellRow(const MatrixEntry& entry) {
  const char* state = Infeasible(entry) ? "infeasible" : Undone(entry) ? "undone" : Failed(entry) ? "fail" : "pass";
  std::string html = "<tr><td>" + Escape(entry.cell.name) + "</td><td><code>" + Escape(ToText(entry.cell.consents)) + "</code></td><td class=" + state + ">" + state + "</td><td>";
  if (Infeasible(entry)) html += Escape(entry.cell.infeasible);
  if (entry.result) {
    for (const std::string& signature : entry.result->Signatures()) html += Escape(signature) + "<br>";
  }
  return html + "</td></tr>\n";
}

}  // namespace

std::string RenderMatrixPage(const MatrixResult& result) {
  std::string html = "<!doctype html><html lang=en><meta charset=utf-8><meta http-equiv=Content-Security-Policy content=\"default-src 'none'; style-src 'unsafe-inline'\">"
                     "<meta name=viewport content=\"width=device-width\"><title>Dustproof matrix</title><style>" + std::string(kStyle) + "</style><h1>" +
                     Escape(RenderMatrixSummary(result)) + "</h1>\n<p>Strict reading. A column is a cell, or where there are many, all cells in which a consent does the same.</p>\n" + Table(result);
  if (!result.failures.empty()) html += "<h2>Kinds of failure</h2>\n";
  for (const MatrixFailure& failure : result.failures) html += Failure(result, failure);
  for (const std::string& warning : result.warnings) html += "<p>" + Escape(warning) + "</p>\n";
  html += "<h2>Cells</h2>\n<div class=wide><table><thead><tr><th>cell</th><th>consents</th><th>state</th><th></th></tr></thead><tbody>\n";
  for (const MatrixEntry& entry : result.entries) html += CellRow(entry);
  return html + "</tbody></table></div></html>\n";
}

}  // namespace dustproof
