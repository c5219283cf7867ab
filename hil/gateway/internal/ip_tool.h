#pragma once

#include <string>
#include <vector>

#include "sim/core/result.h"

namespace dustproof::internal {

/// Runs iproute2's `ip` in this thread's network namespace, and returns what it printed. Where it can't or says no, its own words are the error's.
[[nodiscard]] Result<std::string> RunIp(const std::vector<std::string>& words);

}  // namespace dustproof::internal
