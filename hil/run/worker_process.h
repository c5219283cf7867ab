#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "sim/core/result.h"

namespace dustproof {

/// A process in which this executable works on one request and reports on a pipe.
struct WorkerProcess {
  pid_t pid = -1;
  int report = -1;  ///< Read end of the pipe; whoever started the process closes it.
};

/// What a worker may be given beside its fixed surroundings: for proving that they don't matter,
/// and for debuggers.
struct WorkerSurroundings {
  std::vector<std::string> environment;  ///< "NAME=VALUE", added.
  std::string cpu_features;  ///< Added to what glibc shall not use of the processor: "-AVX,-BMI2".
  std::string tunables;      ///< More tunables for glibc: "glibc.malloc.perturb=1".
  /// A program and its arguments, the last of which is this executable: they stand before WORD, and
  /// get this process's environment, whole.
  std::vector<std::string> starter;
  std::function<void(pid_t)> on_start;  ///< Hears the process's id.
  std::string executable;        ///< Instead of this process's own: the `dustproof` to start.
  std::vector<int> handed_over;  ///< Descriptors that the worker finds at `kHandedOverFd` and after it. They stay the caller's.
  /// Where the loader puts code and memory is left to chance. Otherwise it is the same each time, as
  /// far as the kernel lets us, for firmware whose bytes depend on it: OpenSSL's generator does.
  bool random_addresses = false;
};

/// Starts this executable again as `dustproof WORD REQUEST`. Its environment is fixed, so that no
/// setting of a machine enters a run. Fails only where the process can't be started.
Result<WorkerProcess> StartWorkerProcess(const char* word, const std::string& request,
                                         const WorkerSurroundings& surroundings = {});

/// The environment of a worker: "NAME=VALUE" each.
std::vector<std::string> WorkerEnvironment(const WorkerSurroundings& surroundings);

/// Hears each line of the report until its end, then waits for the process. Returns its wait
/// status.
int FollowWorker(const WorkerProcess& worker,
                 const std::function<void(const std::string& line)>& on_line);

/// The wait status of a child that ends. In a worker: what asks it to stop is passed on to the
/// child meanwhile.
int WaitFor(pid_t child);
/// What a wait status says of a child: "ended with exit code 1", "was ended by signal Killed".
std::string EndOf(int status);

/// File descriptor of the worker's end of the pipe.
inline constexpr int kReportFd = 3;
/// And of the first one that was handed over to it.
inline constexpr int kHandedOverFd = 4;
/// Writes a line there, from the worker. Lines up to 4 KiB arrive whole, also from its children.
void ReportLine(const std::string& line);

/// From here on SIGINT and SIGTERM only take note: `WorkerStopRequested` tells.
void CatchWorkerStop();
bool WorkerStopRequested();

}  // namespace dustproof
