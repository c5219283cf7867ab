#pragma once

#include <functional>
#include <string>
#include <vector>

#include "hil/audit/audit_report.h"
#include "hil/matrix/cell.h"
#include "hil/report/run_report.h"
#include "hil/run/inputs.h"
#include "hil/run/supervisor.h"
#include "sim/core/result.h"

namespace dustproof {

/// What the scenario expects of a run and this one did not do. The recording is read where an
/// expectation is about more than the audit knows: coverage, the trajectory, deadlines.
Result<std::vector<MissedExpectation>> MissedBy(const RunInputs& inputs, const std::string& recording, const AuditReport& audit);

/// Lives one cell as a whole run in a process of its own, and judges it. `request` names consents and recording. An error
/// where nothing can be said of the firmware: it could not run, was interrupted, or the run died of something else.
Result<CellResult> LiveWhole(const RunInputs& inputs, const RunRequest& request, const MatrixCell& cell,
                             const std::function<void(const RunProgress&)>& on_progress);

}  // namespace dustproof
