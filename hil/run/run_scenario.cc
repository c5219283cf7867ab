#include "hil/run/run_scenario.h"

#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>

#include "hil/audit/audit.h"
#include "hil/report/baseline_file.h"
#include "hil/report/failure_list.h"
#include "hil/report/run_table.h"
#include "hil/report/source_path.h"
#include "hil/run/expectations.h"
#include "hil/run/inputs.h"
#include "hil/run/run_sources.h"
#include "hil/run/supervisor.h"
#include "sim/config/config.h"
#include "sim/core/shell_word.h"

// A run from top to bottom:
//
//   load and check ─► for each consent configuration: SuperviseRun (a process of its own; inside
//   it: SimulateRun, which builds world and robot, connects HAL, firmware, cloud and app, steps,
//   and seals the recording) ─► audit ─► report
namespace dustproof {
namespace {

namespace fs = std::filesystem;

Result<std::vector<const ConsentConfiguration*>> ChooseConfigurations(const Scenario& scenario,
                                                                      const std::string& wanted) {
  std::vector<const ConsentConfiguration*> chosen;
  for (const ConsentConfiguration& c : scenario.configurations) {
    if (wanted.empty() ? c.run_by_default : c.name == wanted) chosen.push_back(&c);
  }
  if (!chosen.empty()) return chosen;
  return Error::BadInput(UnknownConfiguration(scenario, wanted));
}

// The run that shows which ways out exist: everything granted from the start, nothing changed
// later.
bool IsControl(const ConsentConfiguration& c) {
  return c.changes.empty() &&
         std::all_of(c.initial.begin(), c.initial.end(),
                     [](const auto& entry) { return entry.second == ConsentState::kGranted; });
}

// CPU time of this process, or of its runs that are over.
double CpuSeconds(int who) {
  rusage usage{};
  getrusage(who, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// The run's shares, and the audit's of both together: the run is over when the audit begins.
RunTiming TimingOf(const RunOutcome& o, double run_cpu_s, double audit_cpu_s) {
  const CpuShares& s = o.cpu_share;
  const double all_s = run_cpu_s + audit_cpu_s, run = all_s > 0 ? run_cpu_s / all_s : 1;
  return {o.wall_s,        s.physics * run, s.lidar * run, s.firmware * run,
          s.network * run, 1 - run,         s.other * run};
}

Result<void> WriteFile(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  file.close();
  if (!file) return Error::Environment("cannot write '" + path + "': " + std::strerror(errno));
  return {};
}

void Judge(const RunInputs& inputs, const AuditReport* control, ScenarioRun* run) {
  const double begin_s = CpuSeconds(RUSAGE_SELF);
  Result<AuditReport> audit = AuditRecording(run->recording, inputs.policy, {.control = control});
  if (!audit) {
    run->problem = ToString(audit.error());
    return;
  }
  const double audit_s = CpuSeconds(RUSAGE_SELF) - begin_s;
  Result<RunReport> report = BuildRunReport(run->recording, std::move(*audit),
                                            TimingOf(run->outcome, run->cpu_s, audit_s));
  if (!report) {
    run->problem = ToString(report.error());
    return;
  }
  report->failed_expectations = MissedExpectations(inputs.scenario.expect, *report);
  run->report = std::move(*report);
}

// As a person types it, in the same folder.
std::string CommandOf(const ScenarioRunOptions& options, const RunInputs& inputs, const std::string& consent) {
  std::string command = "dustproof run " + ShellWord(PathFromHere(options.scenario)) + " --seed " + std::to_string(inputs.seed) + " --consent " + ShellWord(consent);
  const auto add = [&](const char* flag, const std::string& value) {
    if (!value.empty()) command += std::string(" ") + flag + " " + ShellWord(value);
  };
  add("--answers", options.answers);
  add("--home", PathFromHere(options.home));
  add("--firmware", PathFromHere(options.firmware));
  add("--kind", options.kind);
  if (options.until) add("--until", FormatDuration(*options.until));
  return command;
}

RunSources SourcesOf(const ScenarioRunOptions& options, const RunInputs& inputs, const ScenarioRun& run) {
  RunSources sources = SourcesOf(options.scenario, inputs);
  sources.recording_file = SourcePath(run.recording);
  if (const ConsentConfiguration* c = inputs.scenario.FindConfiguration(run.consent)) sources.scenario_line = c->where.line;
  sources.command = CommandOf(options, inputs, run.consent);
  return sources;
}

// The control run first: it shows the others which ways out exist.
void JudgeAll(const ScenarioRunOptions& options, const RunInputs& inputs, std::optional<size_t> control,
              const RunObserver& observer, ScenarioResult* result) {
  const AuditReport* shown = nullptr;
  const auto judge = [&](size_t index) {
    ScenarioRun& run = result->runs[index];
    observer.on_stage("auditing " + run.consent);
    Judge(inputs, shown, &run);
    if (!run.report) return;
    run.report->sources = SourcesOf(options, inputs, run);
    if (options.baseline != nullptr) ApplyBaseline(*options.baseline, &*run.report);
  };
  if (control) {
    judge(*control);
    if (result->runs[*control].report) shown = &result->runs[*control].report->audit;
  }
  for (size_t i = 0; i < result->runs.size(); ++i) {
    if (i != control) judge(i);
  }
}

Result<void> WriteReports(ScenarioResult* result) {
  std::vector<const RunReport*> reports;
  for (const ScenarioRun& run : result->runs) {
    if (run.report) reports.push_back(&*run.report);
  }
  for (const auto& [name, text] : {std::pair("report.sarif", RenderSarif(reports)), std::pair("summary.md", RenderMarkdown(reports))}) {
    if (Result<void> r = WriteFile(result->folder + "/" + name, text); !r) return r;
  }
  const std::string html = result->folder + "/report.html", json = result->folder + "/report.json",
                    junit = result->folder + "/junit.xml";
  if (Result<void> r = WriteFile(html, RenderHtml(reports)); !r) return r;
  if (Result<void> r = WriteFile(json, RenderRunJson(reports, html)); !r) return r;
  if (Result<void> r = WriteFile(junit, RenderJunit(reports)); !r) return r;
  result->report_html = html, result->report_json = json, result->junit_xml = junit;
  return {};
}

}  // namespace

Result<std::string> MakeResultFolder(const std::string& wanted, const std::string& scenario) {
  std::error_code error;
  if (!wanted.empty()) {
    if (fs::exists(wanted, error) && !fs::is_empty(wanted, error)) {
      return Error::Environment("--out: '" + wanted +
                                "' is not empty, and nothing is overwritten; name a new folder");
    }
    fs::create_directories(wanted, error);
    if (error) return Error::Environment("--out: cannot make '" + wanted + "': " + error.message());
    return wanted;
  }
  for (int number = 1; number < 100'000; ++number) {
    char suffix[16];
    std::snprintf(suffix, sizeof suffix, "-%03d", number);
    const fs::path folder = fs::path("runs") / (scenario + suffix);
    fs::create_directories("runs", error);
    if (!error && fs::create_directory(folder, error)) return folder.string();
    if (error)
      return Error::Environment("cannot make the folder '" + folder.string() +
                                "': " + error.message() + "; name one with --out");
  }
  return Error::Environment("runs/ is full of earlier results; name a folder with --out");
}

Result<ScenarioResult> RunScenario(const ScenarioRunOptions& options, const RunObserver& observer) {
  Result<RunInputs> inputs =
      LoadRunInputs({options.scenario, options.home, options.firmware, options.seed, options.kind});
  if (!inputs) return inputs.error();
  const std::string consent = options.consent.empty() && !options.answers.empty() ? "answers" : options.consent;
  if (!options.answers.empty()) {
    if (Result<void> added = AddConfiguration(&inputs->scenario, consent, options.answers); !added) return added.error();
  }
  if (!options.link.empty() && inputs->request.kind == ToWord(FirmwareKind::kLibrary))
    return Error::BadInput("firmware: " + inputs->request.firmware +
                           " is a shared object, which the run loads itself; one that comes to the run is a program (--kind process or board)");
  if (!options.gateway.empty() && (inputs->request.kind != ToWord(FirmwareKind::kBoard) || options.link.empty()))
    return Error::BadInput("--gateway: only a board that comes to the run has a network of its own (--kind board --link …)");
  const auto chosen = ChooseConfigurations(inputs->scenario, consent);
  if (!chosen) return chosen.error();
  const Result<std::string> folder = MakeResultFolder(options.out, inputs->scenario.name);
  if (!folder) return folder.error();

  ScenarioResult result;
  result.folder = *folder;
  std::vector<std::string> names;
  for (const ConsentConfiguration* c : *chosen) names.push_back(c->name);
  observer.on_start(*folder, inputs->seed, names);

  std::optional<size_t> control;
  for (const ConsentConfiguration* configuration : *chosen) {
    ScenarioRun run;
    run.consent = configuration->name;
    run.recording = *folder + "/" + configuration->name + ".mcap";
    RunRequest request = inputs->request;
    request.consent = configuration->name;
    request.answers = options.answers;
    request.until = options.until;
    request.link = options.link;
    request.keys = options.keys;
    request.console = options.console;
    request.gateway = options.gateway;
    request.servers = options.servers;
    request.motor_controller = options.motor_controller;
    request.link_wait = options.link_wait;
    request.facts = options.facts;
    request.recording = fs::absolute(run.recording);
    const double begin_s = CpuSeconds(RUSAGE_CHILDREN);
    const Result<RunOutcome> outcome = SuperviseRun(request, [&](const RunProgress& progress) {
      if (!progress.warning.empty()) {
        if (observer.on_warning) observer.on_warning(run.consent, progress.warning);
        return;
      }
      if (!progress.notice.empty()) {
        if (observer.on_notice && !observer.on_notice(run.consent, progress.notice)) EndRunEarly();
        return;
      }
      observer.on_progress(run.consent, progress.sim_s, progress.duration_s, progress.activity);
    });
    if (!outcome) return outcome.error();
    if (outcome->end == RunEnd::kFailed) {
      return outcome->bad_input ? Error::BadInput(outcome->diagnosis)
                                : Error::Environment(outcome->diagnosis);
    }
    run.outcome = *outcome;
    run.cpu_s = CpuSeconds(RUSAGE_CHILDREN) - begin_s;
    observer.on_run_end(run);
    if (IsControl(*configuration) && !control) control = result.runs.size();
    result.runs.push_back(std::move(run));
    if (InterruptRequested() || result.runs.back().outcome.end == RunEnd::kInterrupted) {
      result.interrupted = true;
      break;
    }
  }
  JudgeAll(options, *inputs, control, observer, &result);
  observer.on_stage("writing the report");
  if (const Result<void> written = WriteReports(&result); !written) return written.error();
  return result;
}

}  // namespace dustproof
