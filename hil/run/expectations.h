#pragma once

#include <string>
#include <vector>

#include "hil/report/run_report.h"
#include "sim/scenario/scenario.h"

namespace dustproof {

/// What a scenario expects and the run did not do: a sentence each.
std::vector<std::string> MissedExpectations(const ExpectSpec& expect, const RunReport& report);

}  // namespace dustproof
