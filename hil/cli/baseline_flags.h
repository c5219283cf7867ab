#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "hil/report/baseline_file.h"
#include "sim/core/result.h"

namespace dustproof {

/// Which failures are known; "" where nobody asked.
struct BaselineFlags {
  std::string file;   ///< Read.
  std::string write;  ///< Written.
  std::string today;  ///< "2027-01-31"; the calendar's where "".
};

void AddBaselineFlags(CLI::App& app, BaselineFlags* flags);

/// The baseline on its day, or nothing where none was asked for. The calendar is looked at here and nowhere else.
Result<std::optional<BaselineUse>> OpenBaseline(const BaselineFlags& flags);

/// What is left to do once all failures are known: warns of entries that matched none on stderr, and writes the file that
/// was asked for, which must be new.
Result<void> FinishBaseline(const BaselineFlags& flags, const std::optional<BaselineUse>& baseline, const std::vector<ListedFailure>& failures,
                            const std::vector<std::string>& scenarios);

/// Names of the scenarios, for `FinishBaseline`.
std::vector<std::string> ScenariosOf(const std::vector<const RunReport*>& reports);

}  // namespace dustproof
