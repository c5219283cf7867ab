#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "hil/report/run_report.h"
#include "hil/run/run_request.h"
#include "sim/core/result.h"

namespace dustproof {

/// What a user asks of `dustproof run`. Paths may be relative to the working folder.
struct ScenarioRunOptions {
  std::string scenario;
  std::optional<uint64_t> seed;
  std::string
      consent;  ///< One configuration by name; "" takes those that the scenario runs by default.
  std::string answers = "";  ///< A configuration of the user's own, as `ToText` puts it; `consent` becomes its name.
  std::string home;      ///< Instead of the scenario's.
  std::string firmware;  ///< A name of `list firmware` or a path, instead of the scenario's.
  std::string kind;      ///< "library", "process" or "board", instead of the scenario's.
  std::string link = "";      ///< Where a firmware comes to that somebody else starts; "" starts it.
  std::optional<SimDuration> link_wait = {};  ///< How long it is waited for, real time; nothing: for ever.
  std::map<std::string, std::string> facts = {};  ///< More to say in the recording of where it was made.
  std::string motor_controller = "";  ///< Link of a second board between drivetrain and main firmware; "" for none.
  std::string gateway = "";  ///< The interface that a board with its own network stack is behind; "" for none.
  std::string servers = "";  ///< Without one, where the cloud's servers listen for it: "ADDRESS:MQTT,HTTPS,DNS"; "" nowhere.
  std::string console = "";  ///< A command that prints a board's console, which is recorded; "" for none.
  std::string keys = "";      ///< Folder of that link's keys; "" asks for none.
  std::optional<SimDuration> until;
  BaselineUse* baseline = nullptr;  ///< Failures that are accepted; borrowed. Null for none.
  std::string out;  ///< Folder for the results, new or empty; "" makes a fresh one under `runs/`.
};

/// One run with everything known of it.
struct ScenarioRun {
  std::string consent;
  std::string recording;
  RunOutcome outcome;
  double cpu_s = 0;  ///< Of the run's process, without audit and report.
  std::optional<RunReport>
      report;  ///< Absent where the recording could not be judged; `problem` says why.
  std::string problem;
};

/// Told how things go, for a progress line.
struct RunObserver {
  std::function<void(const std::string& folder, uint64_t seed,
                     const std::vector<std::string>& consents)>
      on_start;
  std::function<void(const std::string& consent, double sim_s, double duration_s,
                     const std::string& activity)>
      on_progress;
  std::function<void(const ScenarioRun& run)> on_run_end;  ///< Not yet judged: without report.
  std::function<void(const std::string& what)>
      on_stage;  ///< "auditing all_denied", "writing the report".
  std::function<bool(const std::string& consent, const std::string& notice)>
      on_notice = {};  ///< What a person should do now, for the run to go on; false ends it.
  std::function<void(const std::string& consent, const std::string& warning)>
      on_warning = {};  ///< What they should know at once.
};

struct ScenarioResult {
  std::string folder;
  std::vector<ScenarioRun> runs;
  bool interrupted = false;
  std::string report_html, report_json, junit_xml;  ///< Paths.
};

/// Makes the folder for results: `wanted`, which must be new or empty, or where that is "" a fresh
/// one `runs/<scenario>-<number>`.
Result<std::string> MakeResultFolder(const std::string& wanted, const std::string& scenario);

/// The whole flow, from a scenario file to verdicts: load and check, make each run in a process of
/// its own (`SuperviseRun`, whose inside is `SimulateRun`), audit the sealed recordings, write the
/// reports.
Result<ScenarioResult> RunScenario(const ScenarioRunOptions& options, const RunObserver& observer);

}  // namespace dustproof
