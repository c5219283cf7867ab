#pragma once

#include <signal.h>

#include <array>
#include <functional>
#include <string>

#include "hil/run/run_request.h"
#include "hil/run/worker_process.h"
#include "sim/core/result.h"

namespace dustproof {

/// How far a run has come; a few times a second.
struct RunProgress {
  double sim_s = 0;
  double duration_s = 0;
  std::string activity;  ///< What the firmware says it does.
  std::string notice = {};   ///< What a person should do now; "" where there is nothing.
  std::string warning = {};  ///< What a person should know at once; "" where there is nothing.
};

/// What a run under special circumstances needs; the defaults are those of any run.
struct SuperviseOptions {
  WorkerSurroundings surroundings = {};
  std::string request_file = "";  ///< Holds the request instead of the command line; "" for that.
  /// Asked where the process ended without an outcome and without a diagnosis: fills in what became
  /// of the run, or returns false.
  std::function<bool(RunOutcome*)> explain_silence = {};
};

/// Makes one run in a process of its own and waits for it. Whatever the firmware does there (crash,
/// hang, exit), this process goes on: it seals the recording and returns what is known. An
/// interrupt (Ctrl-C, SIGTERM, a closed terminal) ends the run early, sealed as well. Fails only
/// where the process can't be started.
Result<RunOutcome> SuperviseRun(const RunRequest& request,
                                const std::function<void(const RunProgress&)>& on_progress,
                                const SuperviseOptions& options = {});

/// Asks the run that `SuperviseRun` waits for to end, sealed; from its `on_progress`.
void EndRunEarly();

/// Starts `dustproof WORD REQUEST` as a worker, hears each line of its report, and waits for its
/// end; signals that mean "stop" are passed on to it meanwhile. Returns its wait status. Fails only
/// where the process can't be started.
Result<int> SuperviseWorker(const char* word, const std::string& request,
                            const std::function<void(const std::string& line)>& on_line,
                            const WorkerSurroundings& surroundings = {});

/// What became of a run whose process ended with wait status `status` and without an outcome, from the diagnosis beside its
/// recording; seals the recording. `sim_s`: how far it had come, as far as one knows.
RunOutcome SealDeadRun(const RunRequest& request, int status, double sim_s, const SuperviseOptions& options = {});

/// What the run's own process executes: `dustproof` starts itself again with this word.
inline constexpr const char* kWorkerWord = "--run-worker";
/// Entry of that process: `request` from its command line is JSON, or `@` and the path of a file
/// with it; reports on file descriptor `kReportFd`. Returns its exit code.
int RunWorker(const std::string& request);

/// What asks a run to end early. Held back while its process starts, so that none gets lost or
/// kills it before it can seal.
inline constexpr std::array<int, 3> kStopSignals = {SIGINT, SIGTERM, SIGHUP};
sigset_t StopSignalSet();
/// Sets a handler and returns what was there; leaves a signal ignored that was (`nohup`, a shell's
/// background).
struct sigaction HandleUnlessIgnored(int signal, const struct sigaction& action);

/// While one exists, signals that mean "stop" are taken note of and passed on to the run's process
/// that `SuperviseWorker` waits for.
class InterruptNote {
 public:
  InterruptNote();
  ~InterruptNote();
  InterruptNote(const InterruptNote&) = delete;
  InterruptNote& operator=(const InterruptNote&) = delete;

 private:
  std::array<struct sigaction, kStopSignals.size()> before_{};
};

/// True once the supervising process was asked to stop: no further run should start.
bool InterruptRequested();

/// Restarts this process with glibc's FMA variants of libm switched off, unless that is done
/// already: sin and its like then give the same bits on every x86-64. Call first in main().
void EnsurePortableMath(char** argv);
/// The setting of the environment that does so, "NAME=VALUE".
std::string PortableMathSetting();

}  // namespace dustproof
