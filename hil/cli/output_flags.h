#pragma once

#include <CLI/CLI.hpp>
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

/// Writes what was asked for. `json_on_stdout`: then annotations without a file go to stderr.
Result<void> WriteOutputs(const OutputFlags& flags, const std::vector<const RunReport*>& reports, bool json_on_stdout);

}  // namespace dustproof
