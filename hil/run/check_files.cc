#include "hil/run/check_files.h"

#include "hil/audit/policy.h"
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

Result<std::string> CheckScenario(const std::string& path) {
  std::vector<Diagnostic> problems;
  const Result<Scenario> scenario = LoadScenario(path);
  Collect(scenario, &problems);
  if (!scenario) return Answer("scenario", std::move(problems));
  HomeOptions home_options;
  const Result<RobotConfig> robot = LoadRobotConfig(PathBeside(path, scenario->robot));
  Collect(robot, &problems);
  if (robot) home_options.robot_radius_m = robot->body.radius_m;
  Collect(LoadHome(PathBeside(path, scenario->home), home_options), &problems);
  Collect(LoadPolicy(PathBeside(path, scenario->policy)), &problems);
  Collect(FindFirmware(scenario->firmware), &problems);
  return Answer("scenario", std::move(problems));
}

}  // namespace

Result<std::string> CheckFile(const std::string& path) {
  const Result<ConfigNode> node = LoadYaml(path);
  if (!node) return node.error();
  const std::string kind = KindOf(*node);
  std::vector<Diagnostic> problems;
  if (kind == "scenario") return CheckScenario(path);
  if (kind == "robot") {
    Collect(LoadRobotConfig(path), &problems);
    return Answer("robot", std::move(problems));
  }
  if (kind == "policy") {
    Collect(LoadPolicy(path), &problems);
    return Answer("policy", std::move(problems));
  }
  if (kind == "home" || (kind.empty() && node->Find("image") != nullptr)) {
    Collect(LoadHome(path), &problems);
    return Answer(kind == "home" ? "home" : "map_server map", std::move(problems));
  }
  const std::string near = SuggestWord(kind, {"scenario", "robot", "policy", "home"});
  return Error::BadInput({path, 1, 1}, "kind",
                         "must be scenario, home, robot or policy, got '" + kind + "'" +
                             (near.empty() ? "" : "; did you mean '" + near + "'?"));
}

std::vector<NamedSchema> AllSchemas() {
  return {{"scenario", ScenarioSchema()},
          {"home", HomeSchema()},
          {"map_overrides", MapOverridesSchema()},
          {"robot", RobotSchema()},
          {"policy", PolicySchema()}};
}

}  // namespace dustproof
