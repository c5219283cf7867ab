#pragma once

#include <map>
#include <string>
#include <vector>

#include "sim/core/result.h"

namespace dustproof {

double Median(std::vector<double> values);

/// What a HAL call and a hand-over between tasks cost, and a run as it is against one without the
/// boundary around its firmware. Each measured in processes of its own.
Result<void> BenchHal(std::map<std::string, double>* figures);

}  // namespace dustproof
