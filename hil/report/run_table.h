#pragma once

#include <string>
#include <vector>

#include "hil/report/run_report.h"

namespace dustproof {

/// The table of a terminal: personal data down, consent configurations across, in the deciding
/// reading.
std::string RenderRunTable(const std::vector<const RunReport*>& reports, bool colour);
/// "2 runs: 34 pass, 1 fail, 3 undetermined, 12 not exercised; usefulness 8 of 8"
std::string RenderSummaryLine(const std::vector<const RunReport*>& reports);

/// `run --json` and report.json: an array, an object a run.
std::string RenderRunJson(const std::vector<const RunReport*>& reports,
                          const std::string& report_path = "");
/// JSON Schema (draft 2020-12) of that array. Every key is named; another version of the program may add some.
std::string RenderRunJsonSchema();
/// One test suite a run, one test case a verdict row of the deciding reading and a usefulness
/// check. No payload bytes.
std::string RenderJunit(const std::vector<const RunReport*>& reports);
/// One self-contained page: opens from disk, no network, strict content security policy.
std::string RenderHtml(const std::vector<const RunReport*>& reports);

}  // namespace dustproof
