#include <unistd.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "hil/run/run_guards.h"
#include "hil/run/simulate_run.h"
#include "hil/run/supervisor.h"
#include "hil/run/worker_process.h"
#include "hil/shim/lockstep/crash_reporter.h"
#include "hil/shim/lockstep/virtual_time.h"
#include "sim/config/config.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif

// The inside of a run's own process: request in, progress and outcome out as lines of JSON on
// `kReportFd`.
namespace dustproof {
namespace {

RunOutcome Failed(const Error& error, uint64_t seed) {
  RunOutcome outcome;
  outcome.seed = seed;
  outcome.bad_input = error.code == ErrorCode::kBadInput;
  outcome.diagnosis = ToString(error);
  while (outcome.diagnosis.ends_with('\n')) outcome.diagnosis.pop_back();
  return outcome;
}

Result<RunOutcome> Work(const RunRequest& request) {
  Result<RunInputs> inputs = LoadRequestInputs(request);
  if (!inputs) return inputs.error();
  const auto guards = RunGuards::Install(inputs->request);
  if (!guards) return guards.error();
  RunHooks hooks;
  hooks.on_progress = [](const RunProgress& p) {
    ReportLine(nlohmann::json{
        {"progress_s", p.sim_s}, {"duration_s", p.duration_s}, {"activity", p.activity}}
                   .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  };
  const auto say = [](const char* kind) {
    return [kind](const std::string& text) {
      ReportLine(nlohmann::json{{kind, text}}.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
    };
  };
  hooks.on_notice = say("notice");
  hooks.on_warning = say("warning");
  hooks.stop_requested = [] { return WorkerStopRequested(); };
  return SimulateRun(*inputs, request, hooks);
}

/// In the sanitizers' build: whether something of ours was lost in this run. The end by `_exit`
/// would never tell.
bool HasLeaked() {
#if defined(__SANITIZE_ADDRESS__)
  return __lsan_do_recoverable_leak_check() != 0;
#else
  return false;
#endif
}

RunRequest RequestFrom(const std::string& words) {
  if (!words.starts_with('@')) return RunRequestFromJson(words);
  const Result<std::string> text = ReadTextFile(words.substr(1), 1 << 20);
  DP_CHECK(text.ok(), words);  // Our own file.
  return RunRequestFromJson(*text);
}

}  // namespace

int RunWorker(const std::string& words) {
  CatchWorkerStop();
  const RunRequest request = RequestFrom(words);
  PretendDate(request.pretended_unix_s);
  const Result<RunOutcome> outcome = Work(request);
  if (HasLeaked()) _exit(kHarnessFaultExit);
  ReportLine(ToJson(outcome ? *outcome : Failed(outcome.error(), request.seed.value_or(0))));
  // Firmware may have left threads of mind behind: no destructor of it runs after this.
  fflush(nullptr);
  _exit(outcome ? 0 : 1);
}

}  // namespace dustproof
