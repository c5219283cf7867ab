#pragma once

#include "sim/config/node.h"
#include "sim/plan/floor_plan.h"

namespace dustproof {

/// A plan as a file of `kind: home`, for `ToYaml`: lengths in metres to a tenth of a millimetre, angles in degrees. @pre the plan has no
/// blocks, which only an imported map has.
ConfigNode HomeNode(const FloorPlan& plan);

}  // namespace dustproof
