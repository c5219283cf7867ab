#pragma once

#include <vector>

#include "hil/audit/audit_report.h"
#include "hil/audit/internal/detector.h"

namespace dustproof::internal {

/// One finding for each thing that was met: matches that overlap are one, and so are alike ones in
/// later messages.
std::vector<Finding> AssembleFindings(const Truth& truth, const Policy& policy,
                                      std::vector<RawFinding> all);

std::vector<PartyBytes> CountBytes(const Truth& truth, const Detector& detector);
std::vector<UnexplainedBytes> FindUnexplained(const Truth& truth, const Detector& detector);

}  // namespace dustproof::internal
