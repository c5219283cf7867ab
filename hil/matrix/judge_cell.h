#pragma once

#include <string>
#include <vector>

#include "hil/audit/audit_report.h"
#include "hil/report/run_report.h"
#include "hil/run/inputs.h"
#include "sim/core/result.h"

namespace dustproof {

/// What the scenario expects of a run and this one did not do. The recording is read where an
/// expectation is about more than the audit knows: coverage, the trajectory, deadlines.
Result<std::vector<MissedExpectation>> MissedBy(const RunInputs& inputs, const std::string& recording, const AuditReport& audit);

}  // namespace dustproof
