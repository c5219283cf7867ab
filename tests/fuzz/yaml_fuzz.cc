// Every YAML file that a user writes: the file's own `kind` says whose schema it is held against.
#include "hil/audit/internal/message_schema.h"
#include "hil/audit/policy.h"
#include "sim/config/config.h"
#include "sim/plan/json.h"
#include "sim/plan/load_home.h"
#include "sim/scenario/robot_config.h"
#include "sim/scenario/scenario.h"
#include "tests/fuzz/fuzz_input.h"

namespace dustproof {
namespace {

constexpr const char* kFile = "input.yaml";

/// A failure says what is wrong and where.
template <typename T>
void CheckAnswer(const Result<T>& result) {
  if (result.ok()) return;
  DP_CHECK(result.error().code == ErrorCode::kBadInput);
  DP_CHECK(!result.error().diagnostics.empty());
  for (const Diagnostic& d : result.error().diagnostics) DP_CHECK(!d.message.empty());
}

void ReadHome(const std::string& text) {
  const Result<FloorPlan> plan = ParseHome(text, kFile);
  CheckAnswer(plan);
  if (!plan) return;
  const std::string json = ToJson(*plan);
  const Result<FloorPlan> again = FloorPlanFromJson(json);
  DP_CHECK(again.ok());
  DP_CHECK(ToJson(*again) == json);
}

}  // namespace
}  // namespace dustproof

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dustproof;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const Result<ConfigNode> root = ParseYaml(text, kFile);
  CheckAnswer(root);
  if (!root) return 0;
  const std::string kind = KindOf(*root);
  if (kind == Scenario::kKind) CheckAnswer(ParseScenario(text, kFile));
  if (kind == Policy::kKind) CheckAnswer(ParsePolicy(text, kFile));
  if (kind == RobotConfig::kKind) CheckAnswer(ParseRobotConfig(text, kFile));
  if (kind == internal::MessageSchema::kKind)
    CheckAnswer(internal::ParseMessageSchema(text, kFile));
  if (kind == "home") ReadHome(text);
  return 0;
}
