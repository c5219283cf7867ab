#include "hil/run/run_scenario.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "hil/audit/audit.h"
#include "hil/report/run_table.h"
#include "hil/run/expectations.h"
#include "hil/run/inputs.h"
#include "hil/run/supervisor.h"

// A run from top to bottom:
//
//   load and check ─► for each consent configuration: SuperviseRun (a process of its own; inside
//   it: SimulateRun, which builds world and robot, connects HAL, firmware, cloud and app, steps,
//   and seals the recording) ─► audit ─► report
namespace dustproof {
namespace {

namespace fs = std::filesystem;

Result<std::string> MakeFolder(const std::string& wanted, const std::string& scenario) {
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

Result<std::vector<const ConsentConfiguration*>> ChooseConfigurations(const Scenario& scenario,
                                                                      const std::string& wanted) {
  std::vector<const ConsentConfiguration*> chosen;
  std::vector<std::string> names;
  for (const ConsentConfiguration& c : scenario.configurations) {
    names.push_back(c.name);
    if (wanted.empty() ? c.run_by_default : c.name == wanted) chosen.push_back(&c);
  }
  if (!chosen.empty()) return chosen;
  if (wanted.empty())
    return Error::BadInput(
        scenario.path +
        ": consent_configurations: none has run_by_default; name one with --consent");
  const std::string near = SuggestWord(wanted, names);
  std::string message = "--consent: " + scenario.path + " has no configuration '" + wanted + "'";
  message += near.empty() ? "; it has" : "; did you mean '" + near + "'? It has";
  for (const std::string& name : names) message += " " + name;
  return Error::BadInput(message);
}

// The run that shows which ways out exist: everything granted from the start, nothing changed
// later.
bool IsControl(const ConsentConfiguration& c) {
  return c.changes.empty() &&
         std::all_of(c.initial.begin(), c.initial.end(),
                     [](const auto& entry) { return entry.second == ConsentState::kGranted; });
}

RunTiming TimingOf(const RunOutcome& o) {
  const CpuShares& s = o.cpu_share;
  return {o.wall_s, s.physics, s.lidar, s.firmware, s.network, s.audit, s.other};
}

Result<void> WriteFile(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  file.close();
  if (!file) return Error::Environment("cannot write '" + path + "': " + std::strerror(errno));
  return {};
}

void Judge(const RunInputs& inputs, const std::string& control, ScenarioRun* run) {
  Result<AuditReport> audit = AuditRecording(
      run->recording, inputs.policy, {.control_path = control == run->recording ? "" : control});
  if (!audit) {
    run->problem = ToString(audit.error());
    return;
  }
  Result<RunReport> report =
      BuildRunReport(run->recording, std::move(*audit), TimingOf(run->outcome));
  if (!report) {
    run->problem = ToString(report.error());
    return;
  }
  report->failed_expectations = MissedExpectations(inputs.scenario.expect, *report);
  run->report = std::move(*report);
}

Result<void> WriteReports(ScenarioResult* result) {
  std::vector<const RunReport*> reports;
  for (const ScenarioRun& run : result->runs) {
    if (run.report) reports.push_back(&*run.report);
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

Result<ScenarioResult> RunScenario(const ScenarioRunOptions& options, const RunObserver& observer) {
  const Result<RunInputs> inputs =
      LoadRunInputs({options.scenario, options.home, options.firmware, options.seed});
  if (!inputs) return inputs.error();
  const auto chosen = ChooseConfigurations(inputs->scenario, options.consent);
  if (!chosen) return chosen.error();
  const Result<std::string> folder = MakeFolder(options.out, inputs->scenario.name);
  if (!folder) return folder.error();

  ScenarioResult result;
  result.folder = *folder;
  std::vector<std::string> names;
  for (const ConsentConfiguration* c : *chosen) names.push_back(c->name);
  observer.on_start(*folder, inputs->seed, names);

  std::string control;
  for (const ConsentConfiguration* configuration : *chosen) {
    ScenarioRun run;
    run.consent = configuration->name;
    run.recording = *folder + "/" + configuration->name + ".mcap";
    RunRequest request = inputs->request;
    request.consent = configuration->name;
    request.until = options.until;
    request.recording = fs::absolute(run.recording);
    const Result<RunOutcome> outcome = SuperviseRun(request, [&](const RunProgress& progress) {
      observer.on_progress(run.consent, progress.sim_s, progress.duration_s, progress.activity);
    });
    if (!outcome) return outcome.error();
    if (outcome->end == RunEnd::kFailed) {
      return outcome->bad_input ? Error::BadInput(outcome->diagnosis)
                                : Error::Environment(outcome->diagnosis);
    }
    run.outcome = *outcome;
    observer.on_run_end(run);
    if (IsControl(*configuration)) control = run.recording;
    result.runs.push_back(std::move(run));
    if (InterruptRequested()) {
      result.interrupted = true;
      break;
    }
  }
  for (ScenarioRun& run : result.runs) {
    observer.on_stage("auditing " + run.consent);
    Judge(*inputs, control, &run);
  }
  observer.on_stage("writing the report");
  if (const Result<void> written = WriteReports(&result); !written) return written.error();
  return result;
}

}  // namespace dustproof
