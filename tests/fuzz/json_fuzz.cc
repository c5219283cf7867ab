// The floor plan that a recording carries.
#include "sim/plan/json.h"
#include "tests/fuzz/fuzz_input.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dustproof;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const Result<FloorPlan> plan = FloorPlanFromJson(text);
  if (!plan) return 0;
  const std::string json = ToJson(*plan);
  const Result<FloorPlan> again = FloorPlanFromJson(json);
  DP_CHECK(again.ok());
  DP_CHECK(ToJson(*again) == json);
  return 0;
}
