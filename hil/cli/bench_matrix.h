#pragma once

#include <map>
#include <string>

#include "sim/core/result.h"

namespace dustproof {

/// What a matrix costs against whole runs, and on two workers against one.
Result<void> BenchMatrix(std::map<std::string, double>* figures);

}  // namespace dustproof
