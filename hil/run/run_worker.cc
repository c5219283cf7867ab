#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "hil/run/simulate_run.h"
#include "hil/run/supervisor.h"
#include "hil/shim/lockstep/boundary.h"
#include "hil/shim/lockstep/crash_reporter.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#endif

// The inside of a run's own process: request in, progress and outcome out as lines of JSON on
// `kReportFd`.
namespace dustproof {
namespace {

volatile sig_atomic_t g_stop = 0;

void OnStop(int) { g_stop = 1; }

void Report(const std::string& line) {
  const std::string text = line + "\n";
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t count = write(kReportFd, text.data() + done, text.size() - done);
    if (count <= 0) return;  // The supervisor is gone; the recording still gets its end.
    done += static_cast<size_t>(count);
  }
}

void CatchStop() {
  struct sigaction action {};
  action.sa_handler = OnStop;
  action.sa_flags = SA_RESTART | SA_ONSTACK;  // Tasks of the firmware have small stacks.
  for (const int signal : kStopSignals) HandleUnlessIgnored(signal, action);
  signal(SIGPIPE, SIG_IGN);
  const sigset_t held_by_supervisor = StopSignalSet();
  sigprocmask(SIG_UNBLOCK, &held_by_supervisor, nullptr);
}

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
  const std::string diagnosis =
      std::filesystem::path(request.recording).replace_extension(".diagnosis.json");
  const int fd = open(diagnosis.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  const auto reporter = CrashReporter::Install({.fd = fd});
  if (!reporter) return reporter.error();
  const auto boundary = Boundary::Install();
  if (!boundary) return boundary.error();
  RunHooks hooks;
  hooks.on_progress = [](const RunProgress& p) {
    Report(nlohmann::json{
        {"progress_s", p.sim_s}, {"duration_s", p.duration_s}, {"activity", p.activity}}
               .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  };
  hooks.stop_requested = [] { return g_stop != 0; };
  Result<RunOutcome> outcome = SimulateRun(*inputs, request, hooks);
  close(fd);
  unlink(diagnosis.c_str());  // Written only where the firmware died.
  return outcome;
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

}  // namespace

int RunWorker(const std::string& request_json) {
  CatchStop();
  const RunRequest request = RunRequestFromJson(request_json);
  const Result<RunOutcome> outcome = Work(request);
  if (HasLeaked()) _exit(kHarnessFaultExit);
  Report(ToJson(outcome ? *outcome : Failed(outcome.error(), request.seed.value_or(0))));
  // Firmware may have left threads of mind behind: no destructor of it runs after this.
  fflush(nullptr);
  _exit(outcome ? 0 : 1);
}

}  // namespace dustproof
