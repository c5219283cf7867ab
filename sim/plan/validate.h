#pragma once

#include <string>
#include <vector>

#include "sim/plan/floor_plan.h"
#include "sim/plan/load_home.h"

namespace dustproof {

enum class PlanPart { kPlan, kRoom, kWall, kDoorway, kFurniture, kBlock, kDock, kStart };

/// Something wrong with a plan, in words for its author.
struct PlanProblem {
  PlanPart part = PlanPart::kPlan;
  size_t index = 0;  ///< Into the plan's list of such parts.
  const char* field = "";
  std::string message;
};

/// Everything wrong with a plan as a home for that robot; nothing where it is fine. Parts that are
/// nonsense by themselves are reported alone; only when none is, the home as a whole is tried:
/// where the robot stands and how far it gets.
std::vector<PlanProblem> Validate(const FloorPlan& plan, const HomeOptions& options);

}  // namespace dustproof
