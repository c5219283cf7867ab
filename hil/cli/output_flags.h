#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "hil/report/run_report.h"
#include "sim/core/result.h"

namespace dustproof {

/// Where else than into the results' folder outputs for continuous integration go; "" nowhere.
struct OutputFlags {
  std::string sarif, markdown, junit;
  std::string annotations;  ///< "github", "gitlab", either with "=FILE".
};

void AddOutputFlags(CLI::App& app, OutputFlags* flags);

/// How each output comes to be.
struct OutputWriters {
  std::function<std::string()> sarif, markdown, junit, github, gitlab;
};
OutputWriters WritersOf(const std::vector<const RunReport*>& reports);

/// Writes what was asked for. `json_on_stdout`: then annotations without a file go to stderr.
Result<void> WriteOutputs(const OutputFlags& flags, const OutputWriters& writers, bool json_on_stdout);

}  // namespace dustproof
