#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "hil/run/branch_audit.h"
#include "hil/run/power_cut_plan.h"
#include "hil/run/power_cut_watch.h"
#include "hil/run/run_world.h"

namespace dustproof {

/// How a robot fared after one power cut.
struct CutReport {
  PowerCut cut;
  std::vector<std::string> failures;  ///< A sentence each; none where it came through.
  bool sends_judged = false;          ///< Whether all that it sent was held against the policy,
  bool session_judged = false;        ///< and whether it was due to come back into the cloud,
  bool motion_judged = false;         ///< and to go on with what it was about;
  bool map_judged = false;  ///< and whether it stood in its dock, where it should know its home.
  std::optional<PowerCutWatch::SeenMap> map;  ///< The first map that it said it believes in there.
};

/// What all branches of a run have in common.
struct CutContext {
  const RunInputs& inputs;
  const ConsentConfiguration& consents;
  Seed seed;
  std::string folder;                                           ///< For recordings of branches;
  BranchAudit::After recordings = BranchAudit::After::kRemove;  ///< what becomes of them.
  /// What the policy is breached by without any cut (`BranchAudit`): not the cuts' doing.
  std::set<std::string> breaches_without_cut;
};

/// Cuts the power of `world` now, gives it back after a moment, lets the robot live on for as long
/// as the judgement needs, and judges it by what can be seen from outside. For a branch of a run (a
/// forked process): nothing is put back.
CutReport LivePowerCut(const PowerCut& cut, const CutContext& context, RunWorld& world,
                       PowerCutWatch& watch);

/// The same without judgement: the robot is carried into its dock, and the first map that it then
/// says it believes in is returned, or none where it tells of none within a few seconds.
std::optional<PowerCutWatch::SeenMap> LiveReferenceCut(RunWorld& world, PowerCutWatch& watch);

}  // namespace dustproof
