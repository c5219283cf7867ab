#pragma once

#include <string>

#include "hil/report/run_report.h"
#include "hil/run/inputs.h"

namespace dustproof {

/// Where people wrote what runs of a scenario rest on, as far as all its runs have it in common. `scenario_path` as it
/// was named.
RunSources SourcesOf(const std::string& scenario_path, const RunInputs& inputs);

}  // namespace dustproof
