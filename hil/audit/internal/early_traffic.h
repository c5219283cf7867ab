#pragma once

#include <vector>

#include "hil/audit/internal/raw_finding.h"
#include "hil/audit/internal/truth.h"
#include "hil/audit/policy.h"

namespace dustproof::internal {

/// What the robot sent over the network while the policy was not accepted, whatever is in it: one
/// finding a conversation. The setup hotspot itself and the protocols that the policy excepts don't
/// count. Empty where the policy doesn't judge traffic as such.
std::vector<RawFinding> FindEarlyTraffic(const Truth& truth, const Policy& policy);

}  // namespace dustproof::internal
