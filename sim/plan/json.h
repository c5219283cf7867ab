#pragma once

#include <string>
#include <string_view>

#include "sim/core/result.h"
#include "sim/plan/floor_plan.h"

namespace dustproof {

/// A plan as JSON, for recordings and reports: metres and radians, one line. Numbers read back as
/// the same doubles.
std::string ToJson(const FloorPlan& plan);
/// The inverse. Anything else than `ToJson`'s shape is an error; the plan isn't validated.
Result<FloorPlan> FloorPlanFromJson(std::string_view text);

}  // namespace dustproof
