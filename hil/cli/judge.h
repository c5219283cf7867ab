#pragma once

#include <optional>
#include <string>

#include "hil/audit/audit_report.h"
#include "sim/core/result.h"

namespace dustproof {

/// Audits a recording by the policy in the file `policy_path`, or by the one inside the recording
/// where that is "". `control` is the audit of another run, or null.
Result<AuditReport> AuditByOwnPolicy(const std::string& recording, const std::string& policy_path,
                                     const AuditReport* control = nullptr);

/// The audit of the run that serves as control; nothing where `recording` is "".
Result<std::optional<AuditReport>> AuditControl(const std::string& recording,
                                                const std::string& policy_path);

}  // namespace dustproof
