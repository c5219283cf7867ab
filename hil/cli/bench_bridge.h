#pragma once

#include <map>
#include <string>

#include "sim/core/result.h"

namespace dustproof {

/// What a round trip of a 4 KB sample through the board's shim, link and bridge takes against one of the same size by
/// ZeroMQ alone (DEALER/ROUTER).
Result<void> BenchBridge(std::map<std::string, double>* figures);

}  // namespace dustproof
