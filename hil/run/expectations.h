#pragma once

#include <string>
#include <vector>

#include "hil/report/run_report.h"
#include "sim/scenario/scenario.h"

namespace dustproof {

/// What a scenario expects and the run did not do.
std::vector<MissedExpectation> MissedExpectations(const ExpectSpec& expect, const RunReport& report);

}  // namespace dustproof
