#pragma once

#include <string>

#include "hil/audit/audit_report.h"
#include "sim/core/result.h"

namespace dustproof {

/// Audits a recording by the policy in the file `policy_path`, or by the one inside the recording
/// where that is "". `control` is another recording, or "".
Result<AuditReport> AuditByOwnPolicy(const std::string& recording, const std::string& policy_path,
                                     const std::string& control);

}  // namespace dustproof
