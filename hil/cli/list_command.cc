#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>

#include "hil/cli/commands.h"
#include "hil/cli/console.h"
#include "hil/run/inputs.h"
#include "sim/config/config.h"
#include "sim/scenario/scenario.h"

namespace dustproof {
namespace {

namespace fs = std::filesystem;

// Every YAML file under `folder` whose `kind:` is `kind`, as paths from the working folder where
// that is shorter.
std::vector<std::string> FilesOfKind(const std::string& folder, const std::string& kind) {
  std::vector<std::string> files;
  std::error_code ignored;
  for (fs::recursive_directory_iterator it(DataRoot() + "/" + folder, ignored), end; it != end;
       it.increment(ignored)) {
    if (it->path().extension() != ".yaml") continue;
    const Result<ConfigNode> node = LoadYaml(it->path());
    if (node && KindOf(*node) == kind) files.push_back(fs::proximate(it->path()));
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<std::string> ConsentLines() {
  std::vector<std::string> lines;
  for (const std::string& file : FilesOfKind("scenarios", "scenario")) {
    const Result<Scenario> scenario = LoadScenario(file);
    if (!scenario) continue;
    for (const ConsentConfiguration& c : scenario->configurations) {
      lines.push_back(file + "  " + c.name + (c.run_by_default ? "" : " (with --consent only)") +
                      "  " + c.description);
    }
  }
  return lines;
}

int List(const std::string& what) {
  const std::map<std::string, std::function<std::vector<std::string>()>> lists = {
      {"homes", [] { return FilesOfKind("scenarios", "home"); }},
      {"robots", [] { return FilesOfKind("robots", "robot"); }},
      {"firmware", ListFirmware},
      {"scenarios", [] { return FilesOfKind("scenarios", "scenario"); }},
      {"policies", [] { return FilesOfKind("scenarios", "policy"); }},
      {"consents", ConsentLines},
  };
  const auto list = lists.find(what);
  if (list == lists.end()) {
    std::vector<std::string> known;
    for (const auto& [name, make] : lists) known.push_back(name);
    const std::string near = SuggestWord(what, known);
    return PrintError(Error::BadInput(
        "list: knows homes, robots, firmware, scenarios, policies and consents, not '" + what +
        "'" + (near.empty() ? "" : "; did you mean '" + near + "'?")));
  }
  for (const std::string& line : list->second()) std::printf("%s\n", line.c_str());
  return kPass;
}

}  // namespace

void AddListCommand(CLI::App& app, int& exit_code) {
  const auto what = std::make_shared<std::string>();
  CLI::App* list =
      app.add_subcommand("list", "Lists homes, robots, firmware, scenarios, policies or consents");
  list->footer("Example:\n  dustproof list firmware");
  list->add_option("what", *what, "homes, robots, firmware, scenarios, policies or consents")
      ->required();
  list->callback([what, &exit_code] { exit_code = List(*what); });
}

void AddVersionCommand(CLI::App& app, int& exit_code) {
  CLI::App* version = app.add_subcommand("version", "Prints the version");
  version->footer("Example:\n  dustproof version");
  version->callback([&exit_code] {
    std::printf("dustproof %s\n", DUSTPROOF_VERSION);
    exit_code = kPass;
  });
}

}  // namespace dustproof
