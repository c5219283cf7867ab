#include "hil/run/supervisor.h"

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "hil/run/run_outcome.h"
#include "hil/run/worker_process.h"

namespace dustproof {
namespace {

constexpr const char* kTunables = "GLIBC_TUNABLES";
constexpr const char* kWithoutFma = "glibc.cpu.hwcaps=-FMA,-FMA4,-AVX2_Usable,-AVX2";
volatile sig_atomic_t g_interrupted = 0;
volatile sig_atomic_t g_worker = 0;  // Its process id; 0 where there is none.

// Ctrl-C reaches the run's process as well (same terminal), `kill` and a CI's cancel only this one:
// so it is passed on.
void OnInterrupt(int) {
  g_interrupted = 1;
  if (g_worker > 0) kill(static_cast<pid_t>(g_worker), SIGTERM);
}

// Holds signals back until this process has a worker to pass them on to, and the worker its own
// handlers: `RunWorker` lets them in again.
class SignalsHeld {
 public:
  SignalsHeld() {
    const sigset_t held = StopSignalSet();
    sigprocmask(SIG_BLOCK, &held, &before_);
  }
  ~SignalsHeld() { sigprocmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

// Lines of JSON from the run's process: progress, and the outcome last.
class ReportLines {
 public:
  explicit ReportLines(const std::function<void(const RunProgress&)>& on_progress)
      : on_progress_(on_progress) {}

  const std::optional<RunOutcome>& outcome() const { return outcome_; }
  double sim_s() const { return sim_s_; }

  void Take(const std::string& line) {
    const auto json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object()) return;
    if (json.contains("progress_s")) {
      sim_s_ = json.value("progress_s", 0.0);
      if (on_progress_)
        on_progress_(
            {sim_s_, json.value("duration_s", 0.0), json.value("activity", std::string())});
    } else if (json.contains("notice")) {
      if (on_progress_) on_progress_({sim_s_, 0, "", json.value("notice", std::string())});
    } else if (json.contains("warning")) {
      if (on_progress_) on_progress_({sim_s_, 0, "", "", json.value("warning", std::string())});
    } else {
      outcome_ = RunOutcomeFromJson(line);
    }
  }

 private:
  const std::function<void(const RunProgress&)>& on_progress_;
  std::optional<RunOutcome> outcome_;
  double sim_s_ = 0;
};

// The run's process ended without an outcome: the firmware took it down, or we did, or somebody else.
RunOutcome OutcomeOfDeath(int status, const RunRequest& request, double sim_s,
                          const SuperviseOptions& options) {
  RunOutcome outcome;
  outcome.end = RunEnd::kRunDied;
  outcome.seed = request.seed.value_or(0);
  outcome.sim_s = sim_s;
  if (TakeDiagnosis(std::filesystem::path(request.recording).replace_extension(".diagnosis.json"), &outcome))
    return outcome;
  if (options.explain_silence && options.explain_silence(&outcome)) return outcome;
  outcome.diagnosis = "the run's process " + EndOf(status);
  return outcome;
}

}  // namespace

sigset_t StopSignalSet() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : kStopSignals) sigaddset(&set, signal);
  return set;
}

struct sigaction HandleUnlessIgnored(int signal, const struct sigaction& action) {
  struct sigaction before {};
  sigaction(signal, nullptr, &before);
  if (before.sa_handler != SIG_IGN) sigaction(signal, &action, nullptr);
  return before;
}

InterruptNote::InterruptNote() {
  struct sigaction action {};
  action.sa_handler = OnInterrupt;
  action.sa_mask = StopSignalSet();
  for (size_t i = 0; i < kStopSignals.size(); ++i)
    before_[i] = HandleUnlessIgnored(kStopSignals[i], action);
}

InterruptNote::~InterruptNote() {
  for (size_t i = 0; i < kStopSignals.size(); ++i) sigaction(kStopSignals[i], &before_[i], nullptr);
}

std::string PortableMathSetting() { return std::string(kTunables) + "=" + kWithoutFma; }

bool InterruptRequested() { return g_interrupted != 0; }

void EndRunEarly() {
  if (g_worker > 0) kill(static_cast<pid_t>(g_worker), SIGTERM);
}

void EnsurePortableMath(char** argv) {
  const char* tunables = std::getenv(kTunables);
  if (tunables && std::strcmp(tunables, kWithoutFma) == 0) return;
  setenv(kTunables, kWithoutFma, 1);
  execv("/proc/self/exe", argv);
  // Without /proc we go on; results then hold for CPUs of this kind only.
  std::fprintf(
      stderr,
      "dustproof: cannot restart without FMA (%s): results hold for this kind of CPU only\n",
      std::strerror(errno));
}

Result<int> SuperviseWorker(const char* word, const std::string& request,
                            const std::function<void(const std::string& line)>& on_line,
                            const WorkerSurroundings& surroundings) {
  const InterruptNote note;
  const Result<WorkerProcess> worker = [&] {
    const SignalsHeld held;
    Result<WorkerProcess> started = StartWorkerProcess(word, request, surroundings);
    // A debugger has the terminal, and its own idea of Ctrl-C.
    if (started && surroundings.starter.empty()) g_worker = started->pid;
    return started;
  }();
  if (!worker) return worker.error();
  const int status = FollowWorker(*worker, on_line);
  g_worker = 0;
  return status;
}

Result<RunOutcome> SuperviseRun(const RunRequest& request,
                                const std::function<void(const RunProgress&)>& on_progress,
                                const SuperviseOptions& options) {
  const std::string words =
      options.request_file.empty() ? ToJson(request) : "@" + options.request_file;
  ReportLines lines(on_progress);
  const Result<int> status = SuperviseWorker(
      kWorkerWord, words, [&](const std::string& line) { lines.Take(line); }, options.surroundings);
  if (!status) return status.error();
  if (lines.outcome()) return *lines.outcome();
  return SealDeadRun(request, *status, lines.sim_s(), options);
}

RunOutcome SealDeadRun(const RunRequest& request, int status, double sim_s, const SuperviseOptions& options) {
  RunOutcome outcome = OutcomeOfDeath(status, request, sim_s, options);
  SealDeadRun(request.recording, outcome);
  return outcome;
}

}  // namespace dustproof
