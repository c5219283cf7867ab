#pragma once

#include <signal.h>

#include <array>
#include <functional>
#include <string>

#include "hil/run/run_request.h"
#include "sim/core/result.h"

namespace dustproof {

/// How far a run has come; a few times a second.
struct RunProgress {
  double sim_s = 0;
  double duration_s = 0;
  std::string activity;  ///< What the firmware says it does.
};

/// Makes one run in a process of its own and waits for it. Whatever the firmware does there (crash,
/// hang, exit), this process goes on: it seals the recording and returns what is known. An
/// interrupt (Ctrl-C, SIGTERM, a closed terminal) ends the run early, sealed as well. Fails only
/// where the process can't be started.
Result<RunOutcome> SuperviseRun(const RunRequest& request,
                                const std::function<void(const RunProgress&)>& on_progress);

/// What the run's own process executes: `dustproof` starts itself again with this word.
inline constexpr const char* kWorkerWord = "--run-worker";
/// Entry of that process: `request_json` from its command line; reports on file descriptor
/// `kReportFd`. Returns its exit code.
int RunWorker(const std::string& request_json);
inline constexpr int kReportFd = 3;

/// What asks a run to end early. Held back while its process starts, so that none gets lost or
/// kills it before it can seal.
inline constexpr std::array<int, 3> kStopSignals = {SIGINT, SIGTERM, SIGHUP};
sigset_t StopSignalSet();
/// Sets a handler and returns what was there; leaves a signal ignored that was (`nohup`, a shell's
/// background).
struct sigaction HandleUnlessIgnored(int signal, const struct sigaction& action);

/// True once the supervising process was asked to stop: no further run should start.
bool InterruptRequested();

/// Restarts this process with glibc's FMA variants of libm switched off, unless that is done
/// already: sin and its like then give the same bits on every x86-64. Call first in main().
void EnsurePortableMath(char** argv);

}  // namespace dustproof
