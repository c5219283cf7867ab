#pragma once

#include <vector>

#include "hil/audit/audit.h"
#include "hil/audit/internal/detector.h"

namespace dustproof::internal {

/// Bytes that depend on a secret as findings: those in whose message no other finding of the category is, and that are not the
/// sender's own address where the link's protocol has it.
std::vector<RawFinding> FindDependence(const Truth& truth, const Detector& detector, const std::vector<RawFinding>& found,
                                       const std::vector<DependentBytes>& dependent);

}  // namespace dustproof::internal
