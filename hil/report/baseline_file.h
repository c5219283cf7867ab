#pragma once

#include <string>
#include <vector>

#include "hil/audit/baseline.h"
#include "hil/report/failure_list.h"

namespace dustproof {

/// Notes in a report what a baseline says of what fails in it.
void ApplyBaseline(BaselineUse& baseline, RunReport* report);

/// Failures as a file of kind `baseline`, an entry each: what an earlier one says of them is kept, the reasons of new ones are left
/// to people, and `until` is their day.
std::string RenderBaseline(const std::vector<ListedFailure>& failures, const std::string& until);

}  // namespace dustproof
