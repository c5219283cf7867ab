#pragma once

#include <cstdint>

extern "C" {

/// Where a debugger finds the run's clock and the firmware's tasks, and how a task lies in memory:
/// enough for a script without debug information. `hil/run/gdb/dustproof_gdb.py` reads it by its
/// symbol; a change of layout changes `version` and the script.
struct DustproofDebugView {
  uint32_t version;
  uint32_t reserved;
  const void* tasks;    ///< A std::vector<std::unique_ptr<Task>>; null while no firmware is loaded.
  const void* current;  ///< A Task*: the one that runs, or that the host works for; or null.
  const bool* in_task;  ///< True while that task's own code runs.
  const int64_t* now_ns;  ///< Simulated time.
  const uint64_t* events_run;
  /// Offsets in a Task: id, name, state, hal_call, context, the stack's bottom and size.
  uint32_t offsets[7];
};
extern DustproofDebugView dustproof_debug_view;

/// Does nothing: a debugger stops here when a run has come to where it was asked to stop, and where
/// firmware has made a fault, before it is reported.
void dustproof_stop(void);
}
