#pragma once

#include <ucontext.h>

#include <optional>
#include <span>

#include "hil/shim/lockstep/crash_reporter.h"

namespace dustproof {
class Scheduler;
}

namespace dustproof::internal {

/// Where a signal says that a run ended.
struct FaultSite {
  int signal = 0;
  const void* address = nullptr;  ///< Of the memory that was accessed.
  const void* pc = nullptr;       ///< First frame of the backtrace; null begins with the caller.
  ucontext_t* context = nullptr;  ///< What a handler interrupted; may be changed to unwind from it.
  std::optional<std::span<const StackFrame>> elsewhere = {};  ///< The backtrace, where the firmware is another process.
};

/// Ends the run with a diagnosis, through the reporter that stands, or to stderr without one.
[[noreturn]] void ReportFault(const char* kind, const char* message, const FaultSite& site);
/// `abort`, whether it came as a signal or as the call that would have sent it: says what the C
/// library found wrong, where it was the one to abort.
[[noreturn]] void ReportAbort(const FaultSite& site);

/// No task of `scheduler` can ever run again. Returns where they only sleep for ever, which is an end
/// and no fault.
void ReportDeadlock(Scheduler& scheduler);

}  // namespace dustproof::internal
