#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/core/time.h"

namespace dustproof {

/// What computing takes and when it has to be done, as declared for a robot: firmware runs at the
/// host's speed, in no simulated time of its own. Empty: it computes in no time.
struct ComputeTable {
  /// After HAL call `call` has returned to task `task`, the task computes for `time` before it
  /// makes its next one: what it read is of the beginning, what it commands is late. Either name
  /// may be
  /// "*"; of several that fit, the one that says most counts: task and call, task, call, neither.
  struct Cost {
    std::string task, call;
    SimDuration time;
  };
  /// From the instant at which a wait of the task in the HAL is over to its next wait.
  struct Deadline {
    std::string task;
    SimDuration within;
  };

  int cores = 1;  ///< Tasks that compute at a time. First come, first served, to the end.
  std::vector<Cost> after;
  std::vector<Deadline> deadlines;

  bool empty() const { return after.empty() && deadlines.empty(); }
};

/// How a task kept a deadline so far, over all resets and all tasks of that name.
struct DeadlineCount {
  std::string task;
  SimDuration within;
  uint64_t activations = 0;  ///< Waits that were over.
  uint64_t missed = 0;
  SimDuration worst;  ///< The longest from the end of a wait to the next one.
};

}  // namespace dustproof
