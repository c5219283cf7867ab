#pragma once

#include <map>
#include <string>

#include "hil/audit/internal/truth.h"
#include "hil/audit/policy.h"

namespace dustproof::internal {

/// Since when each category's data existed on the robot; absent where it never did.
std::map<std::string, SimTime> FindDataExistence(const Truth& truth, const Policy& policy);

}  // namespace dustproof::internal
