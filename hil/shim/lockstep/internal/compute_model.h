#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "hil/shim/lockstep/compute.h"
#include "hil/shim/lockstep/devices.h"
#include "hil/shim/lockstep/scheduler.h"

namespace dustproof {

/// What a `ComputeModel` knows of one task that its table names.
struct TaskTiming {
  std::vector<const ComputeTable::Cost*> costs;  ///< Those that fit, the one that says most first.
  size_t watch = 0;                              ///< Index of its deadline, or `kNoWatch`.
  static constexpr size_t kNoWatch = SIZE_MAX;

  SimTime ready_at;           ///< When its last wait was over,
  const char* woken_in = "";  ///< in this HAL call.
  bool woken = false;         ///< No further call was made since: the wait may yet go on.
  bool active = false;        ///< One was: an activation.
  bool late = false;          ///< That has missed its deadline.
};

namespace internal {

/// Makes computing take simulated time, by a table: a task's next HAL call waits for what it had to
/// compute since its last one. Nothing else of a task is visible from outside, so nothing is lost
/// by doing it there; between two HAL calls of a task no time passes and no other task runs.
///
/// Watches over the deadlines too: a task is late only where it computes, or waits for a core.
class ComputeModel final : public TaskWatcher {
 public:
  /// `scheduler` and `listener` are borrowed.
  ComputeModel(const ComputeTable& table, Scheduler& scheduler, FirmwareListener& listener);

  /// The running task makes a HAL call: computes first. Returns when that is done.
  void BeforeCall(Task& task, const char* call);
  /// Frees the cores: all tasks are about to be abandoned.
  void Reset();

  std::vector<DeadlineCount> deadlines() const;
  /// Names in the table that no task has had so far, each once, in the table's order.
  std::vector<std::string> UnknownTasks() const;

  // TaskWatcher
  void OnSpawn(Task& task) override;
  void OnReturn(Task& task) override;
  void OnWaitBegin(Task& task) override;
  void OnWaitEnd(Task& task) override;

 private:
  SimTime TakeCore(SimDuration time);
  void ComputeSinceLastCall(Task& task);
  void NoteMiss(TaskTiming& timing);
  void EndActivation(TaskTiming& timing);

  const ComputeTable table_;
  Scheduler& scheduler_;
  FirmwareListener& listener_;
  std::vector<SimTime> core_free_;          // When each core is done with what it was given so far.
  std::vector<DeadlineCount> counts_;       // One a declared deadline.
  std::map<uint32_t, TaskTiming> timings_;  // By task.
  std::set<std::string> seen_tasks_;
};

}  // namespace internal
}  // namespace dustproof
