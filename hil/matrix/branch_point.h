#pragma once

#include <optional>
#include <vector>

#include "sim/core/time.h"
#include "sim/scenario/consent.h"
#include "sim/scenario/scenario.h"

namespace dustproof {

/// Configurations that do the same at the instant at which others do otherwise, by index.
struct BranchPoint {
  SimTime at;  ///< Nothing of what differs has happened before this.
  std::vector<std::vector<size_t>> branches;  ///< At least two; in the order of their first members.
};

/// When the user first answers consent screens: at the script's first `pair`. Never where there is none.
SimTime FirstAnswers(const Scenario& scenario);

/// Where runs under configurations part first, after `now`; nothing where they never do. `answers_at`: from when the
/// answers on the consent screens count. @pre what they do up to `now` is the same in all; not empty
std::optional<BranchPoint> FindBranchPoint(const std::vector<const ConsentConfiguration*>& configurations, SimTime now,
                                           SimTime answers_at);

}  // namespace dustproof
