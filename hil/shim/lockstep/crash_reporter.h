#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sim/core/result.h"

namespace dustproof {

/// Exit codes of a process whose run ended by a fault: the firmware's, and our own. The supervisor
/// tells people.
inline constexpr int kFirmwareFaultExit = 86;
inline constexpr int kHarnessFaultExit = 87;

/// Where a program stood: one line of a backtrace.
struct StackFrame {
  std::string module;   ///< File of the executable or shared object.
  uint64_t offset = 0;  ///< In that file's address space.
  std::string symbol;   ///< Demangled, or empty.
  std::string file;     ///< Source, or empty where the module has no debug information.
  int line = 0;
};

/// One of the last HAL calls before the end.
struct HalCallNote {
  int64_t sim_time_ns = 0;
  std::string task;
  std::string call;  ///< With its arguments, e.g. "socket.send(3, 0x7f…, 120, 5000000)".
};

/// A task of the firmware, as it stood at the end.
struct TaskNote {
  std::string name;
  std::string state;     ///< "running", "ready", "waiting" or "computing".
  std::string hal_call;  ///< Its last.
  std::vector<StackFrame> frames;  ///< Of a deadlock only: where it waits.
};

/// Whether what a diagnosis of this kind tells is the firmware's doing.
bool IsFirmwareFault(std::string_view kind);

/// Why a run ended before its time.
struct Diagnosis {
  /// "crash", "stack_overflow", "null_call", "hang", "deadlock", "endless_log", "heap_corruption",
  /// "uncaught_exception", "forbidden_call", "protocol", "assertion" or "abort"; "harness" is our own
  /// fault, "bench" that of what lies between us and a board.
  std::string kind;
  std::string message;
  std::string firmware;  ///< Name and version.
  std::string task;      ///< "" where no task ran.
  std::string hal_call;  ///< The task's last.
  int64_t sim_time_ns = 0;
  uint64_t events_run = 0;  ///< Events of the run's queue so far: `--break-at` counts them.
  int signal = 0;
  uint64_t address = 0;
  std::string repeat_command;
  std::vector<HalCallNote> hal_calls;  ///< The last ones of all tasks, oldest first.
  std::vector<TaskNote> tasks;
  std::vector<StackFrame> frames;  ///< Innermost first.
};

/// Writes a `Diagnosis` and ends the process when the run can't go on: a signal that means a bug,
/// an exception that leaves a task, a task that computes for too long, tasks that all wait for each
/// other, a call that leads out of the simulation. One at a time.
///
/// Catches SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT; counts CPU time with SIGVTALRM; replaces
/// std::terminate's handler.
class CrashReporter {
 public:
  struct Options {
    int fd = -1;  ///< Open for writing, or -1 for stderr. The diagnosis is written from offset 0,
                  ///< as JSON.
    std::string repeat_command = {};  ///< What a person types to see it again.
    /// A firmware that computes for longer than this (of real CPU time) without simulated time
    /// going on hangs. > 0.
    double cpu_budget_s = 10;
  };
  [[nodiscard]] static Result<std::unique_ptr<CrashReporter>> Install(const Options& options);
  ~CrashReporter();
  CrashReporter(const CrashReporter&) = delete;
  CrashReporter& operator=(const CrashReporter&) = delete;

 private:
  CrashReporter() = default;
};

/// Ends the run where the heap of this process is damaged: a firmware in it has written past what it
/// had. Costs a few milliseconds in 100 MB.
void CheckHeap();

/// Ends the run on the firmware's account. Without a reporter, the message goes to stderr.
[[noreturn]] void ReportFirmwareFault(const char* kind, const char* message);
/// The same of a firmware in another process, which stood at `frames`, innermost first: their modules
/// and offsets.
[[noreturn]] void ReportFirmwareFault(const char* kind, const char* message,
                                      std::span<const StackFrame> frames);

/// Reads what a reporter wrote, and finds names for frames in the modules' symbol tables.
[[nodiscard]] Result<Diagnosis> ReadDiagnosis(const std::string& path);
/// Several lines, for people.
std::string ToString(const Diagnosis& diagnosis);

}  // namespace dustproof
