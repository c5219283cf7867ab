#include <cstdio>
#include <memory>

#include "hil/cli/commands.h"
#include "hil/cli/console.h"
#include "hil/counterfactual/counterfactual.h"
#include "hil/report/run_table.h"
#include "hil/run/atomic_file.h"

namespace dustproof {
namespace {

struct Flags {
  CounterfactualOptions options;
  bool json = false;
};

CounterfactualObserver ObserverOf(ProgressLine& line, size_t* done, size_t* all) {
  CounterfactualObserver observer;
  observer.on_start = [&line, all](const std::string& folder, size_t runs) {
    *all = runs;
    line.Say(std::to_string(runs) + " runs, into " + folder);
  };
  observer.on_progress = [&line, done, all, last = std::string()](const std::string& run, double sim_s, double duration_s) mutable {
    if (run != last) ++*done, last = run;
    char text[200];
    std::snprintf(text, sizeof text, "run %zu of %zu: %s, %.0f s of at most %.0f", *done, *all, run.c_str(), sim_s, duration_s);
    line.Update(text);
  };
  observer.on_stage = [&line](const std::string& what) { line.Update(what); };
  return observer;
}

int Run(const Flags& flags) {
  size_t done = 0, all = 0;
  const Result<CounterfactualResult> result = [&] {
    ProgressLine line;
    return RunCounterfactuals(flags.options, ObserverOf(line, &done, &all));
  }();
  if (!result) return PrintError(result.error(), flags.json);
  const std::string json = RenderCounterfactualsJson(*result);
  if (const Result<void> written = WriteAtomically(result->folder + "/counterfactual.json", json); !written) return PrintError(written.error());
  if (const Result<void> written = WriteAtomically(result->folder + "/report.html", RenderHtml({&result->report})); !written) return PrintError(written.error());
  std::printf("%s", flags.json ? json.c_str() : RenderCounterfactuals(*result).c_str());
  if (result->interrupted) std::fprintf(stderr, "dustproof: interrupted; the changes that were not tried are not in the answer\n");
  if (result->leaks()) return kFindings;
  return result->interrupted ? kEnvironment : kPass;
}

}  // namespace

void AddCounterfactualCommand(CLI::App& app, int& exit_code) {
  const auto flags = std::make_shared<Flags>();
  CLI::App* command = app.add_subcommand("counterfactual", "Makes a run again with one secret changed and nothing else: what then differs depends on it");
  command->footer(
      "Secrets: the categories that are planted in a run (wifi_password, robot_mac, …), or groups of them: wifi, id, account,\n"
      "location, all. Each is changed in a run of its own. Exit code 1 where one reaches a party that may not have it.\n\n"
      "Examples:\n  dustproof counterfactual runs/first_run-001/all_denied.mcap --change wifi,id\n"
      "  dustproof counterfactual runs/first_run-001/all_denied.mcap --change home --home scenarios/homes/studio.yaml");
  command->add_option("recording", flags->options.recording, "Recording of a run (.mcap)")->required()->type_name("RECORDING");
  command->add_option("--change", flags->options.changes, "What to change, each in a run of its own; default all but the home")->delimiter(',')->type_name("SECRET,…");
  command->add_option("--home", flags->options.home, "The other home of --change home")->type_name("FILE");
  command->add_option("--draws", flags->options.draws, "So many other values for each secret, each in a run of its own; default 1. What depends on few of its bits may take more")->check(CLI::Range(1, 1000))->type_name("N");
  command->add_option("--firmware", flags->options.firmware, "The firmware, where it isn't found by the name in the recording")->type_name("NAME|FILE.so");
  command->add_option("--out", flags->options.out, "Folder for the results, new or empty")->type_name("FOLDER");
  command->add_flag("--json", flags->json, "Prints counterfactual.json");
  command->callback([flags, &exit_code] {
    if (flags->options.changes.empty()) flags->options.changes = {"all"};
    exit_code = Run(*flags);
  });
}

}  // namespace dustproof
