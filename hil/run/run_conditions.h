#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "hil/run/run_request.h"
#include "sim/core/result.h"

namespace dustproof {

/// One thing about a machine that may not reach a run, and what it can be. The first value is what
/// a run has by default.
struct ConditionFactor {
  std::string name;
  std::vector<std::string> values;
};

/// load, folder, environment, locale, time_zone, wall_date, addresses, cpu, memory.
const std::vector<ConditionFactor>& ConditionFactors();

/// An index into each factor's values.
using RunConditions = std::vector<size_t>;

/// Conditions of the run of that number. Run 0 has the defaults; over the others each factor takes
/// its values equally often, in an order of its own.
RunConditions ConditionsOfRun(int run);

/// What became of a run under conditions.
struct ConditionedOutcome {
  RunOutcome outcome;
  std::vector<std::string> refused;  ///< Names of factors that this machine would not change.
};

/// Makes a run under conditions and waits for it. `scratch` is a folder of this run alone.
///
/// Changes the calling process for good (folder, environment, personality): call it in a child that
/// serves for nothing else.
Result<ConditionedOutcome> MakeRunUnder(const RunConditions& conditions, const RunRequest& request,
                                        const std::string& scratch);

}  // namespace dustproof
