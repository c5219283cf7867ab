#pragma once

#include <map>
#include <string>

#include "sim/core/result.h"

namespace dustproof {

/// How a control loop at 100 Hz keeps its deadlines in real time, and how many such boards one host serves.
Result<void> BenchRealTime(std::map<std::string, double>* figures);

}  // namespace dustproof
