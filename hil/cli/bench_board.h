#pragma once

#include <map>
#include <string>

#include "sim/core/result.h"

namespace dustproof {

/// What firmware in a process of its own costs against the same firmware in the run's.
Result<void> BenchBoard(std::map<std::string, double>* figures);

}  // namespace dustproof
