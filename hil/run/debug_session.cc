#include "hil/run/debug_session.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "hil/capture/recording_reader.h"
#include "hil/run/inputs.h"
#include "hil/run/internal/gdb_script.h"
#include "hil/run/scratch_folder.h"
#include "hil/run/supervisor.h"
#include "hil/run/worker_process.h"
#include "sim/config/config.h"
#include "sim/config/number.h"

namespace dustproof {
namespace {

namespace fs = std::filesystem;

std::string FindGdb() {
  const char* path = std::getenv("PATH");
  std::string folders = path == nullptr ? "/usr/bin" : path;
  for (size_t begin = 0; begin <= folders.size();) {
    const size_t end = std::min(folders.find(':', begin), folders.size());
    const std::string candidate = folders.substr(begin, end - begin) + "/gdb";
    if (access(candidate.c_str(), X_OK) == 0) return candidate;
    begin = end + 1;
  }
  return "";
}

Result<void> WriteText(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) return Error::Environment("cannot write '" + path + "'");
  return {};
}

// A Python literal.
std::string Quoted(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text)
    quoted += c == '\'' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  return quoted + "'";
}

// The run's environment is fixed; gdb would hand it the user's.
std::string SessionScript(const std::string& folder) {
  std::string script =
      "set startup-with-shell off\n"
      "set confirm off\n"
      // The watchdog's, and what the boundary answers; a real fault stops at dustproof_stop.
      "handle SIGVTALRM SIGSYS SIGILL nostop noprint pass\n"
      "unset environment\n";
  for (const std::string& variable : WorkerEnvironment({})) {
    const size_t equals = variable.find('=');
    script += "set environment " + variable.substr(0, equals) + " = " +
              variable.substr(equals + 1) + "\n";
  }
  script += "python dustproof_request = " + Quoted(folder + "/request.json") + "\n";
  script += "source " + folder + "/dustproof_gdb.py\n";
  script += "break dustproof_stop\nrun\n";
  return script;
}

// What a recording says of its run.
struct RunFacts {
  std::string scenario, seed, scenario_hash;
  std::optional<uint64_t> events_run;
};

Result<RunFacts> FactsOf(const std::string& recording) {
  const Result<RecordingReader> reader = RecordingReader::Open(recording);
  if (!reader) return reader.error();
  const auto value = [&reader](const char* record, const char* key) {
    const auto values = reader->metadata().find(record);
    if (values == reader->metadata().end()) return std::string();
    const auto found = values->second.find(key);
    return found == values->second.end() ? std::string() : found->second;
  };
  RunFacts facts{value("run", "scenario"), value("run", "seed"), value("run", "scenario_hash"), {}};
  if (const auto events = ParseInteger(value("result", "events_run")))
    facts.events_run = static_cast<uint64_t>(*events);
  return facts;
}

// The newest recording of the same run under `runs/` that says where it ended.
void FindEarlier(const RunInputs& inputs, DebugPlan* plan) {
  std::vector<std::string> folders;
  std::error_code ignored;
  const std::string prefix = inputs.scenario.name + "-";
  for (const auto& entry : fs::directory_iterator("runs", ignored)) {
    if (entry.path().filename().string().starts_with(prefix)) folders.push_back(entry.path());
  }
  // Their numbers have as many digits each, so the names go by age.
  std::sort(folders.rbegin(), folders.rend());
  for (const std::string& folder : folders) {
    const std::string recording = folder + "/" + plan->request.consent + ".mcap";
    const Result<RunFacts> facts = FactsOf(recording);
    if (!facts || !facts->events_run || facts->scenario_hash != inputs.scenario_hash ||
        facts->seed != std::to_string(inputs.seed))
      continue;
    plan->earlier_events = facts->events_run;
    plan->earlier_recording = recording;
    return;
  }
}

Result<std::string> OnlyConfiguration(const Scenario& scenario, const std::string& wanted) {
  std::vector<std::string> chosen;
  for (const ConsentConfiguration& c : scenario.configurations) {
    if (wanted.empty() ? c.run_by_default : c.name == wanted) chosen.push_back(c.name);
  }
  if (chosen.size() == 1) return chosen[0];
  if (chosen.empty()) return Error::BadInput(UnknownConfiguration(scenario, wanted));
  std::string message = "--gdb: one run at a time; choose with --consent:";
  for (const std::string& name : chosen) message += " " + name;
  return Error::BadInput(message);
}

// Where the run last stood still, as the script noted it.
bool ReadStop(const std::string& folder, RunOutcome* outcome) {
  const Result<std::string> text = ReadTextFile(folder + "/stop.json", 1 << 16);
  const auto stop = nlohmann::json::parse(text ? *text : "", nullptr, /*allow_exceptions=*/false);
  if (!stop.is_object()) return false;
  outcome->end = RunEnd::kStopped;
  outcome->sim_s = stop.value("now_s", 0.0);
  outcome->events_run = stop.value("events_run", uint64_t{0});
  outcome->diagnosis = "left in the debugger " + stop.value("where", std::string());
  return true;
}

}  // namespace

Result<DebugPlan> PlanDebugRun(const ScenarioRunOptions& options) {
  const Result<RunInputs> inputs =
      LoadRunInputs({options.scenario, options.home, options.firmware, options.seed, options.kind});
  if (!inputs) return inputs.error();
  if (inputs->request.kind != ToWord(FirmwareKind::kLibrary))
    return Error::BadInput(
        "--gdb: " + inputs->request.firmware +
        " is a program of its own, which a debugger of the run does not see; give the firmware's shared "
        "object (--kind library)");
  const Result<std::string> consent = OnlyConfiguration(inputs->scenario, options.consent);
  if (!consent) return consent.error();
  DebugPlan plan;
  plan.request = inputs->request;
  plan.request.consent = *consent;
  plan.request.until = options.until;
  plan.scenario = inputs->scenario.name;
  plan.out = options.out;
  FindEarlier(*inputs, &plan);
  return plan;
}

Result<DebugPlan> PlanDebugReplay(const std::string& recording, const std::string& firmware) {
  const Result<RunRequest> request = RequestFromRecording(recording, firmware);
  if (!request) return request.error();
  const Result<RunFacts> facts = FactsOf(recording);
  if (!facts) return facts.error();
  DebugPlan plan;
  plan.request = *request;
  plan.scenario = facts->scenario;
  plan.earlier_events = facts->events_run;
  plan.earlier_recording = recording;
  return plan;
}

Result<DebuggedRun> DebugRun(const DebugPlan& plan, const StopInstant& break_at,
                             const std::vector<std::string>& commands) {
  const std::string gdb = FindGdb();
  if (gdb.empty())
    return Error::Environment("--gdb: there is no gdb on the PATH; install the package gdb");
  const ScratchFolder scratch("gdb");
  if (scratch.path().empty()) return Error::Environment("--gdb: cannot make a temporary folder");
  const Result<std::string> out = MakeResultFolder(plan.out, plan.scenario);
  if (!out) return out.error();
  RunRequest request = plan.request;
  request.recording = fs::absolute(*out + "/" + request.consent + ".mcap");
  request.break_at = break_at;
  const std::string& folder = scratch.path();
  for (const auto& [name, text] :
       {std::pair<std::string, std::string>{"/request.json", ToJson(request)},
        {"/dustproof_gdb.py", std::string(internal::kGdbScript)},
        {"/session.gdb", SessionScript(folder)}}) {
    if (Result<void> written = WriteText(folder + name, text); !written) return written.error();
  }
  SuperviseOptions options;
  options.request_file = folder + "/request.json";
  options.explain_silence = [&folder](RunOutcome* outcome) { return ReadStop(folder, outcome); };
  std::vector<std::string>& starter = options.surroundings.starter;
  starter = {gdb, "-q"};
  if (!commands.empty()) starter.push_back("-batch");
  starter.insert(starter.end(), {"-x", folder + "/session.gdb"});
  for (const std::string& command : commands) starter.insert(starter.end(), {"-ex", command});
  std::error_code error;
  starter.insert(starter.end(), {"--args", fs::read_symlink("/proc/self/exe", error)});
  Result<RunOutcome> outcome = SuperviseRun(request, {}, options);
  if (!outcome) return outcome.error();
  return DebuggedRun{std::move(*outcome), request.recording};
}

}  // namespace dustproof
