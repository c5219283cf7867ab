#pragma once

#include <string>
#include <vector>

namespace dustproof {

/// The calls of the HAL by the names that configurations, diagnoses and the debugger use, sorted.
const std::vector<std::string>& HalCallNames();

}  // namespace dustproof
