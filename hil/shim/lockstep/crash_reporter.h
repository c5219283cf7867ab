#pragma once

#include <cstdint>
#include <memory>
#include <string>
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
};

/// Why a run ended before its time.
struct Diagnosis {
  /// "crash", "stack_overflow", "null_call", "hang", "uncaught_exception", "forbidden_call",
  /// "assertion", "abort" or "harness": our own fault.
  std::string kind;
  std::string message;
  std::string firmware;  ///< Name and version.
  std::string task;      ///< "" where no task ran.
  std::string hal_call;  ///< The task's last.
  int64_t sim_time_ns = 0;
  int signal = 0;
  uint64_t address = 0;
  std::string repeat_command;
  std::vector<StackFrame> frames;  ///< Innermost first.
};

/// Writes a `Diagnosis` and ends the process when the run can't go on: a signal that means a bug,
/// an exception that leaves a task, a task that computes for too long, a call that
/// `RefuseToFirmware` refuses. One at a time.
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

/// Ends the run on the firmware's account. Without a reporter, the message goes to stderr.
[[noreturn]] void ReportFirmwareFault(const char* kind, const char* message);

/// Reads what a reporter wrote, and finds names for frames in the modules' symbol tables.
[[nodiscard]] Result<Diagnosis> ReadDiagnosis(const std::string& path);
/// Several lines, for people.
std::string ToString(const Diagnosis& diagnosis);

}  // namespace dustproof
