#include <cerrno>
#include <csignal>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "hil/cli/baseline_flags.h"
#include "hil/cli/commands.h"
#include "hil/cli/console.h"
#include "hil/cli/debug_flags.h"
#include "hil/cli/flag_values.h"
#include "hil/cli/output_flags.h"
#include "hil/link/link_keys.h"
#include "hil/link/zmq_host.h"
#include "hil/report/run_table.h"
#include "hil/run/run_scenario.h"
#include "sim/core/shell_word.h"

namespace dustproof {
namespace {

struct Flags {
  ScenarioRunOptions options;
  std::string until, seed;
  bool attach = false;
  bool json = false;
  bool progress = false;
  OutputFlags outputs;
  BaselineFlags baseline;
  DebugFlags debug;
};

std::string Bar(double share) {
  const int full = static_cast<int>(share * 24 + 0.5);
  std::string bar;
  for (int i = 0; i < 24; ++i) bar += i < full ? "█" : "·";
  return bar;
}

// What a person types to see a run again, from the same working folder.
std::string ReplayCommand(const std::string& recording, const std::string& firmware) {
  std::string command = ShellWord(program_invocation_name) + " replay " + ShellWord(recording);
  if (!firmware.empty()) command += " --firmware " + ShellWord(firmware);
  return command;
}

RunObserver ObserverOf(const ScenarioRunOptions& options, ProgressLine& line) {
  RunObserver observer;
  observer.on_start = [&line](const std::string& folder, uint64_t seed,
                              const std::vector<std::string>& consents) {
    line.Say("seed " + std::to_string(seed) + ", " + std::to_string(consents.size()) +
             (consents.size() == 1 ? " consent configuration" : " consent configurations") +
             ", into " + folder);
  };
  observer.on_progress = [&line](const std::string& consent, double sim_s, double duration_s,
                                 const std::string& activity) {
    char text[256];
    std::snprintf(text, sizeof text, "%-16s %s %4.0f s of at most %.0f  %s", consent.c_str(),
                  Bar(duration_s > 0 ? sim_s / duration_s : 0).c_str(), sim_s, duration_s,
                  activity.c_str());
    line.Update(text);
  };
  observer.on_notice = [&line](const std::string& consent, const std::string& notice) {
    line.Say(consent + ": " + notice);
    return true;
  };
  observer.on_warning = [&line](const std::string& consent, const std::string& warning) { line.Say(consent + ": " + warning); };
  observer.on_run_end = [&line, &options](const ScenarioRun& run) {
    const RunOutcome& o = run.outcome;
    char text[256];
    std::snprintf(
        text, sizeof text, "%-16s %s after %.1f simulated s in %.1f s (%.0f × real time), hash %s",
        run.consent.c_str(), ToWord(o.end), o.sim_s, o.wall_s,
        o.wall_s > 0 ? o.sim_s / o.wall_s : 0.0, o.hash.empty() ? "none" : o.hash.c_str());
    line.Say(text);
    if (o.diagnosis.empty()) return;
    line.Say(o.diagnosis);
    if (options.kind != "board") line.Say("again: " + ReplayCommand(run.recording, options.firmware));
  };
  observer.on_stage = [&line](const std::string& what) { line.Update(what); };
  return observer;
}

// A reader that is gone wants nothing any more: its run is ended as by a person.
void PrintEvent(const nlohmann::ordered_json& event) {
  const std::string line = event.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  if (std::fprintf(stderr, "%s\n", line.c_str()) < 0) raise(SIGTERM);
}

// The same for a program that reads along: one JSON object a line.
RunObserver EventLines() {
  RunObserver observer;
  observer.on_start = [](const std::string& folder, uint64_t seed, const std::vector<std::string>& consents) {
    PrintEvent({{"event", "start"}, {"folder", folder}, {"seed", seed}, {"consents", consents}});
  };
  observer.on_progress = [](const std::string& consent, double sim_s, double duration_s, const std::string& activity) {
    PrintEvent({{"event", "progress"}, {"consent", consent}, {"sim_s", sim_s}, {"duration_s", duration_s}, {"activity", activity}});
  };
  observer.on_notice = [](const std::string& consent, const std::string& notice) {
    PrintEvent({{"event", "notice"}, {"consent", consent}, {"text", notice}});
    return true;
  };
  observer.on_warning = [](const std::string& consent, const std::string& warning) {
    PrintEvent({{"event", "warning"}, {"consent", consent}, {"text", warning}});
  };
  observer.on_run_end = [](const ScenarioRun& run) {
    PrintEvent({{"event", "run_end"}, {"consent", run.consent}, {"end", ToWord(run.outcome.end)}, {"sim_s", run.outcome.sim_s},
                {"hash", run.outcome.hash}, {"diagnosis", run.outcome.diagnosis}});
  };
  observer.on_stage = [](const std::string& what) { PrintEvent({{"event", "stage"}, {"text", what}}); };
  return observer;
}

std::vector<const RunReport*> ReportsOf(const ScenarioResult& result) {
  std::vector<const RunReport*> reports;
  for (const ScenarioRun& run : result.runs) {
    if (run.report) reports.push_back(&*run.report);
  }
  return reports;
}

void PrintProblems(const ScenarioResult& result) {
  for (const ScenarioRun& run : result.runs) {
    if (!run.problem.empty())
      std::fprintf(stderr, "%s: %s\n", run.consent.c_str(), run.problem.c_str());
  }
}

void PrintPaths(const ScenarioResult& result) {
  PrintProblems(result);
  for (const ScenarioRun& run : result.runs) std::printf("recording  %s\n", run.recording.c_str());
  for (const std::string& path : {result.report_html, result.report_json, result.junit_xml}) {
    if (!path.empty()) std::printf("report     %s\n", path.c_str());
  }
}

int ExitCodeOf(const ScenarioResult& result) {
  int code = kPass;
  for (const ScenarioRun& run : result.runs) {
    if (!run.report || run.report->failed()) code = kFindings;
    if (!run.problem.empty() || run.outcome.end == RunEnd::kRunDied) return kEnvironment;
  }
  // What was asked for wasn't done: nothing that waits for a pass may take this for one.
  if (result.interrupted && code == kPass) return kEnvironment;
  return code;
}

// Where the firmware comes to that we don't start; keys are asked for where others could come as well.
Result<void> ChooseLink(const Flags& flags, ScenarioRunOptions* options) {
  if (flags.attach && options->link.empty()) options->link = "ipc://*";
  if (options->link.empty()) return {};
  const std::string& link = options->link;
  if (!link.starts_with("ipc://") && !link.starts_with("serial:") && !(link.starts_with("tcp://") && link.find(':', 6) != std::string::npos))
    return Error::BadInput("--link: must be tcp://ADDRESS:PORT, ipc://PATH or serial:DEVICE@BAUD; got '" + link + "'");
  if (options->kind.empty()) options->kind = "process";
  if (!options->keys.empty() || IsLoopback(options->link)) return {};
  const Result<KeyFolder> keys = KeyFolder::At("");
  if (!keys) return keys.error();
  options->keys = keys->path();
  return {};
}

int Run(const Flags& flags) {
  ScenarioRunOptions options = flags.options;
  if (const Result<void> chosen = ChooseLink(flags, &options); !chosen) return PrintError(chosen.error(), flags.json);
  const auto until = UntilOf(flags.until);
  if (!until) return PrintError(until.error(), flags.json);
  options.until = *until;
  const auto seed = SeedOf(flags.seed);
  if (!seed) return PrintError(seed.error(), flags.json);
  options.seed = *seed;
  if (flags.debug.wanted()) {
    const Result<DebugPlan> plan = PlanDebugRun(options);
    return plan ? DebugAndTell(*plan, flags.debug) : PrintError(plan.error());
  }
  Result<std::optional<BaselineUse>> baseline = OpenBaseline(flags.baseline);
  if (!baseline) return PrintError(baseline.error(), flags.json);
  if (*baseline) options.baseline = &**baseline;
  ProgressLine line;
  const Result<ScenarioResult> result = RunScenario(options, flags.progress ? EventLines() : ObserverOf(options, line));
  if (!result) return PrintError(result.error(), flags.json);
  const std::vector<const RunReport*> reports = ReportsOf(*result);
  if (flags.json) {
    std::printf("%s\n", RenderRunJson(reports, result->report_html).c_str());
    PrintProblems(*result);
  } else {
    std::printf("%s", RenderRunTable(reports, UseColour(1)).c_str());
    PrintPaths(*result);
    std::printf("%s\n", RenderSummaryLine(reports).c_str());
  }
  if (const Result<void> written = WriteOutputs(flags.outputs, WritersOf(reports), flags.json); !written) return PrintError(written.error());
  if (const Result<void> done = FinishBaseline(flags.baseline, *baseline, ListFailures(reports), ScenariosOf(reports)); !done) return PrintError(done.error());
  if (result->interrupted)
    std::fprintf(stderr, "interrupted: what was recorded until then is sealed and judged\n");
  return ExitCodeOf(*result);
}

}  // namespace

void AddRunCommand(CLI::App& app, int& exit_code) {
  const auto flags = std::make_shared<Flags>();
  CLI::App* run = app.add_subcommand("run", "Runs a scenario and judges what the robot told whom");
  run->footer(
      "Example:\n  dustproof run scenarios/first_run.yaml --consent map_withdrawn --seed 7\n"
      "  dustproof run scenarios/first_run.yaml --consent all_denied --gdb --break-at 42.5s");
  run->add_option("scenario", flags->options.scenario, "Scenario file")
      ->required()
      ->type_name("FILE");
  run->add_option("--seed", flags->seed, "Seed of everything random, instead of the scenario's")
      ->type_name("N");
  run->add_option("--answers", flags->options.answers,
                  "A consent configuration of your own: CONSENT=STATE,…, as C_MAP_UPLOAD=granted/withdrawn@6min10s,C_POLICY=granted")
      ->type_name("LINE");
  run->add_option("--consent", flags->options.consent,
                  "One consent configuration by name, instead of the scenario's default ones");
  run->add_option("--home", flags->options.home,
                  "A home (YAML) or a map_server map, instead of the scenario's")
      ->type_name("FILE");
  run->add_option("--firmware", flags->options.firmware,
                  "A firmware's name (`dustproof list firmware`) or shared object")
      ->type_name("NAME|FILE.so");
  run->add_option("--kind", flags->options.kind,
                  "How the firmware runs: library (in the run's process), process (a program, in "
                  "lockstep), or board (a program, in real time)")
      ->check(CLI::IsMember({"library", "process", "board"}));
  run->add_flag("--attach", flags->attach,
                "Leaves the start of the firmware to you: prints the command, and waits as long as it takes");
  run->add_option("--link", flags->options.link,
                  "The same, and where a board connects to: tcp://ADDRESS:PORT, ipc://PATH, or a serial line: "
                  "serial:/dev/DEVICE@BAUD, serial:usb=NUMBER@BAUD, serial:path=PLACE@BAUD (hil/link/README.md)")
      ->type_name("ENDPOINT");
  run->add_option("--gateway", flags->options.gateway,
                  "With --link, for a board with a network stack of its own: the network interface that it is behind, and nobody else (hil/gateway/README.md). Needs root")
      ->type_name("IFACE");
  run->add_option("--motor-controller", flags->options.motor_controller,
                  "A second board between drivetrain and main firmware, whose UART is the main firmware's; an ENDPOINT as of --link (hil/shim/mcu/README.md)")
      ->type_name("ENDPOINT");
  run->add_option("--keys", flags->options.keys,
                  "Folder of keys for --link (`dustproof keys`); asked for wherever others could connect")
      ->type_name("DIR");
  run->add_option("--until", flags->until, "Ends the run at this simulated time, e.g. 90s")
      ->type_name("TIME");
  run->add_option(
         "--out", flags->options.out,
         "Folder for recordings and reports; new or empty. Default: a fresh one under runs/")
      ->type_name("DIR");
  AddOutputFlags(*run, &flags->outputs);
  AddBaselineFlags(*run, &flags->baseline);
  AddDebugFlags(*run, &flags->debug);
  run->add_flag("--json", flags->json, "One JSON array on stdout, an object a run; bad input as one object");
  run->add_flag("--progress", flags->progress, "How it goes as one JSON object a line on stderr; ends the run where nobody reads that any more");
  run->callback([flags, &exit_code] { exit_code = Run(*flags); });
}

}  // namespace dustproof
