#include "hil/run/supervisor.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "hil/capture/seal_recording.h"
#include "hil/shim/lockstep/crash_reporter.h"

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

// While a run is on, signals that mean "stop" end it early and leave this process to seal and
// judge.
class InterruptNote {
 public:
  InterruptNote() {
    struct sigaction action {};
    action.sa_handler = OnInterrupt;
    action.sa_mask = StopSignalSet();
    for (size_t i = 0; i < kStopSignals.size(); ++i)
      before_[i] = HandleUnlessIgnored(kStopSignals[i], action);
  }
  ~InterruptNote() {
    for (size_t i = 0; i < kStopSignals.size(); ++i)
      sigaction(kStopSignals[i], &before_[i], nullptr);
  }

 private:
  std::array<struct sigaction, kStopSignals.size()> before_{};
};

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

// The environment of a run: nothing of the user's but where libraries lie, so that no setting of a
// machine enters a run.
std::vector<std::string> RunEnvironment() {
  std::vector<std::string> environment = {std::string(kTunables) + "=" + kWithoutFma, "LC_ALL=C",
                                          "TZ=UTC", "HOME=/nonexistent"};
  for (const char* name : {"LD_LIBRARY_PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"}) {
    if (const char* value = std::getenv(name))
      environment.push_back(std::string(name) + "=" + value);
  }
  return environment;
}

std::vector<char*> Pointers(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

struct Worker {
  pid_t pid = -1;
  int report = -1;
};

Result<Worker> StartWorker(const RunRequest& request) {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0)
    return Error::Environment(std::string("cannot make a pipe: ") + std::strerror(errno));
  std::vector<std::string> words = {"dustproof", kWorkerWord, ToJson(request)};
  std::vector<std::string> environment = RunEnvironment();
  const std::vector<char*> argv = Pointers(words), envp = Pointers(environment);
  const pid_t pid = fork();
  if (pid < 0)
    return Error::Environment(std::string("cannot start the run's process: ") +
                              std::strerror(errno));
  if (pid == 0) {
    // Should the supervisor be killed, the run ends as well, sealed.
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (fds[1] == kReportFd) {
      fcntl(kReportFd, F_SETFD, 0);
    } else {
      dup2(fds[1], kReportFd);
    }
    dup2(STDERR_FILENO, STDOUT_FILENO);  // What firmware prints is no part of our results.
    execve("/proc/self/exe", argv.data(), envp.data());
    _exit(127);
  }
  close(fds[1]);
  return Worker{pid, fds[0]};
}

// Lines of JSON from the run's process: progress, and the outcome last.
class ReportLines {
 public:
  explicit ReportLines(const std::function<void(const RunProgress&)>& on_progress)
      : on_progress_(on_progress) {}

  void Add(const char* data, size_t bytes) {
    pending_.append(data, bytes);
    for (size_t end; (end = pending_.find('\n')) != std::string::npos; pending_.erase(0, end + 1))
      Take(pending_.substr(0, end));
  }
  const std::optional<RunOutcome>& outcome() const { return outcome_; }
  double sim_s() const { return sim_s_; }

 private:
  void Take(const std::string& line) {
    const auto json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object()) return;
    if (json.contains("progress_s")) {
      sim_s_ = json.value("progress_s", 0.0);
      if (on_progress_)
        on_progress_(
            {sim_s_, json.value("duration_s", 0.0), json.value("activity", std::string())});
    } else {
      outcome_ = RunOutcomeFromJson(line);
    }
  }

  const std::function<void(const RunProgress&)>& on_progress_;
  std::string pending_;
  std::optional<RunOutcome> outcome_;
  double sim_s_ = 0;
};

void ReadToEnd(int fd, ReportLines* lines) {
  char buffer[4096];
  for (;;) {
    const ssize_t count = read(fd, buffer, sizeof buffer);
    if (count > 0) lines->Add(buffer, static_cast<size_t>(count));
    if (count == 0) return;
    if (count < 0 && errno != EINTR) return;
  }
}

int WaitFor(pid_t pid) {
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

// What the crash reporter wrote beside the recording, as text for people; "" where it wrote
// nothing.
std::string DiagnosisBeside(const std::string& recording) {
  const Result<Diagnosis> diagnosis =
      ReadDiagnosis(std::filesystem::path(recording).replace_extension(".diagnosis.json"));
  return diagnosis ? ToString(*diagnosis) : "";
}

// The run's process ended without an outcome: the firmware took it down, or we did.
RunOutcome OutcomeOfDeath(int status, const RunRequest& request, double sim_s) {
  RunOutcome outcome;
  outcome.end = RunEnd::kFirmwareDied;
  outcome.seed = request.seed.value_or(0);
  outcome.sim_s = sim_s;
  outcome.diagnosis = DiagnosisBeside(request.recording);
  if (outcome.diagnosis.empty()) {
    outcome.diagnosis =
        WIFSIGNALED(status)
            ? std::string("the run's process was ended by signal ") + strsignal(WTERMSIG(status))
            : "the run's process ended with exit code " + std::to_string(WEXITSTATUS(status));
  }
  const SealExtras extras{
      .attachments = {},
      .metadata = {{"result", {{"end", ToWord(outcome.end)}, {"diagnosis", outcome.diagnosis}}}}};
  (void)SealRecording(request.recording,
                      extras);  // Best effort: whole chunks stay readable even where sealing fails.
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

bool InterruptRequested() { return g_interrupted != 0; }

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

Result<RunOutcome> SuperviseRun(const RunRequest& request,
                                const std::function<void(const RunProgress&)>& on_progress) {
  const InterruptNote note;
  const Result<Worker> worker = [&] {
    const SignalsHeld held;
    Result<Worker> started = StartWorker(request);
    if (started) g_worker = started->pid;
    return started;
  }();
  if (!worker) return worker.error();
  ReportLines lines(on_progress);
  ReadToEnd(worker->report, &lines);
  close(worker->report);
  const int status = WaitFor(worker->pid);
  g_worker = 0;
  if (lines.outcome()) return *lines.outcome();
  return OutcomeOfDeath(status, request, lines.sim_s());
}

}  // namespace dustproof
