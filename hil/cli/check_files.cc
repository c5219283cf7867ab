#include "hil/cli/check_files.h"

#include <cstdio>
#include <filesystem>

#include "hil/audit/baseline.h"
#include "hil/audit/declared_messages.h"
#include "hil/bench/bench_file.h"
#include "hil/audit/policy.h"
#include "hil/matrix/consent_plan.h"
#include "hil/run/inputs.h"
#include "sim/config/config.h"
#include "sim/plan/load_home.h"
#include "sim/scenario/robot_config.h"
#include "sim/scenario/scenario.h"

namespace dustproof {
namespace {

template <typename T>
void Collect(const Result<T>& result, std::vector<Diagnostic>* problems) {
  if (result.ok()) return;
  problems->insert(problems->end(), result.error().diagnostics.begin(),
                   result.error().diagnostics.end());
}

Result<std::string> Answer(const char* kind, std::vector<Diagnostic> problems) {
  if (problems.empty()) return std::string(kind);
  return Error::BadInput(std::move(problems));
}

void CheckMessages(const std::string& path, std::vector<Diagnostic>* problems) {
  const Result<std::string> text = ReadTextFile(path, 1 << 24);
  Collect(text, problems);
  if (text) Collect(CheckDeclaredMessages(*text, path), problems);
}

void CheckMessagesBeside(const std::string& robot_path, std::vector<Diagnostic>* problems) {
  const std::string path = DeclaredMessagesPath(robot_path);
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored)) CheckMessages(path, problems);
}

// What was placed by rule in an imported map, as its sidecar would say it.
std::string PlacementOf(const FloorPlan& plan) {
  const Bounds bounds = BoundsOf(plan);
  char text[400];
  std::snprintf(text, sizeof text,
                "map_server map of %.2f to %.2f m by %.2f to %.2f m; as its .dustproof.yaml would "
                "say: dock: {at: [%.2f, %.2f], yaw_deg: %.0f}; rooms:",
                bounds.min.x(), bounds.max.x(), bounds.min.y(), bounds.max.y(), plan.X_WD.x,
                plan.X_WD.y, plan.X_WD.yaw * 180 / std::numbers::pi);
  std::string all = text;
  for (const Room& room : plan.rooms) {
    std::snprintf(text, sizeof text, " %s (%.1f m²)", room.name.c_str(), SignedArea(room.polygon));
    all += text;
  }
  return all;
}

Result<std::string> CheckScenario(const std::string& path) {
  std::vector<Diagnostic> problems;
  const Result<Scenario> scenario = LoadScenario(path);
  Collect(scenario, &problems);
  if (!scenario) return Answer("scenario", std::move(problems));
  HomeOptions home_options;
  const Result<RobotConfig> robot = LoadRobotConfig(PathBeside(path, scenario->robot));
  CheckMessagesBeside(PathBeside(path, scenario->robot), &problems);
  Collect(robot, &problems);
  if (robot) home_options.robot_radius_m = robot->body.radius_m;
  Collect(LoadHome(PathBeside(path, scenario->home), home_options), &problems);
  Collect(LoadPolicy(PathBeside(path, scenario->policy)), &problems);
  Collect(FirmwareOf(*scenario, {.scenario = path, .home = "", .firmware = "", .seed = {}}), &problems);
  return Answer("scenario", std::move(problems));
}

}  // namespace

Result<std::string> CheckFile(const std::string& path) {
  if (const Result<void> named = RefuseImage(path); !named) return named.error();
  const Result<ConfigNode> node = LoadYaml(path);
  if (!node) return node.error();
  const std::string kind = KindOf(*node);
  std::vector<Diagnostic> problems;
  if (kind == "scenario") return CheckScenario(path);
  if (kind == "robot") {
    Collect(LoadRobotConfig(path), &problems);
    CheckMessagesBeside(path, &problems);
    return Answer("robot", std::move(problems));
  }
  if (kind == "bench") {
    const Result<BenchFile> bench = LoadBenchFile(path);
    return bench ? Result<std::string>("bench of " + std::to_string(bench->boards.size()) + " boards") : bench.error();
  }
  if (kind == "baseline") {
    const Result<Baseline> baseline = LoadBaseline(path);
    return baseline ? Result<std::string>("baseline of " + std::to_string(baseline->accepted.size()) + " accepted failures") : baseline.error();
  }
  if (kind == "consents") {
    Collect(CheckConsentsFile(path), &problems);
    return Answer("list of consent configurations", std::move(problems));
  }
  if (kind == "message_schema") {
    CheckMessages(path, &problems);
    return Answer("declaration of messages", std::move(problems));
  }
  if (kind == "policy") {
    Collect(LoadPolicy(path), &problems);
    return Answer("policy", std::move(problems));
  }
  if (kind == "home" || (kind.empty() && node->Find("image") != nullptr)) {
    const Result<FloorPlan> plan = LoadHome(path);
    if (!plan) return plan.error();
    return kind == "home" ? "home" : PlacementOf(*plan);
  }
  if (kind == "map_overrides") {
    return Error::BadInput({path, 1, 1}, "kind",
                           "is checked with the map that it lies beside; validate that map");
  }
  const std::string near =
      SuggestWord(kind, {"scenario", "robot", "policy", "home", "message_schema", "consents", "bench", "baseline"});
  return Error::BadInput({path, 1, 1}, "kind",
                         "must be scenario, home, robot, policy, message_schema, consents, bench or baseline, got '" + kind +
                             "'" + (near.empty() ? "" : "; did you mean '" + near + "'?"));
}

std::vector<NamedSchema> AllSchemas() {
  return {{"scenario", ScenarioSchema()},
          {"home", HomeSchema()},
          {"map_overrides", MapOverridesSchema()},
          {"robot", RobotSchema()},
          {"policy", PolicySchema()},
          {"message_schema", DeclaredMessagesSchema()},
          {"consents", ConsentsSchema()},
          {"bench", BenchFileSchema()},
          {"baseline", BaselineSchema()}};
}

}  // namespace dustproof
