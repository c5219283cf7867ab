#include "sim/plan/internal.h"
namespace dustproof {
Result<FloorPlan> ReadMapHome(const ConfigNode& root, const std::string&, const HomeOptions&) {
  return Error::BadInput(root.Where(), "", "maps can't be read yet");
}
}  // namespace dustproof
