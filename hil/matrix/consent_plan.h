#pragma once

#include <string>
#include <vector>

#include "hil/audit/policy.h"
#include "sim/config/schema.h"
#include "sim/core/result.h"
#include "sim/scenario/scenario.h"

namespace dustproof {

/// A consent configuration of a matrix.
struct PlannedConfiguration {
  ConsentConfiguration configuration;
  std::string infeasible;  ///< The policy's constraint that forbids it, in a sentence; "" where none does.
};

/// Which configurations a matrix tries. `how`:
/// - "own", "": those that the scenario runs by default;
/// - "all": every combination of answers, granted and denied, of the consents that the scenario lists; the policy's master
///   consent, without which all others fall, is granted in all;
/// - "pairwise", "3-wise" … "6-wise": so few of these that every two (three, …) consents meet in every feasible way;
/// - a file of kind `consents`: configurations by name, or levels for each consent and how to combine them.
struct ConsentPlanRequest {
  std::string how;
  size_t most = 0;    ///< Configurations that fit.
  SimDuration end{};  ///< Of the runs, at the latest.
};

struct ConsentPlan {
  std::vector<PlannedConfiguration> configurations;
  std::vector<Diagnostic> warnings;  ///< Changes that come too late to come about.
};

/// The name of the cell that a matrix adds where no configuration shows every way out; no configuration of a file has it.
inline constexpr const char* kControlName = "control";

/// The configurations that a matrix tries. Fails on bad files, where there would be more than fit, and where the policy
/// allows none of the combinations.
Result<ConsentPlan> PlanConsents(const Scenario& scenario, const Policy& policy, const ConsentPlanRequest& request);

/// The first constraint between consents that a configuration breaks at some instant, in a sentence; "" where it breaks
/// none.
std::string BrokenConstraint(const Policy& policy, const std::vector<std::string>& consents, const ConsentConfiguration& configuration);

/// Checks a file of kind `consents` by itself.
Result<void> CheckConsentsFile(const std::string& path);
/// `kind: consents`, for `dustproof schema`.
SchemaNode ConsentsSchema();

}  // namespace dustproof
