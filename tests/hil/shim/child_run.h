#pragma once

#include <string>
#include <vector>

#include "hil/shim/lockstep/compute.h"
#include "hil/shim/lockstep/crash_reporter.h"

namespace dustproof {

/// What became of a firmware that ran in a process of its own.
struct ChildOutcome {
  int exit_code = -1;            ///< `kRanToTheEnd` where nothing went wrong; 1000 + the signal.
  Diagnosis diagnosis;           ///< Empty where nothing went wrong.
  std::vector<std::string> log;  ///< Its log up to the end.
};
inline constexpr int kRanToTheEnd = 4;

struct ChildRun {
  std::string firmware = "faults";
  std::string behaviour = {};
  double until_s = 10;
  double fork_at_s =
      0;  ///< Where above 0, a child of the process goes on from this simulated time.
  uint64_t seed = 1;
  ComputeTable compute = {};
};

/// Runs a firmware for `run.until_s` behind the boundary, in a child, since its death ends the
/// process.
ChildOutcome RunInChild(const ChildRun& run);

/// True where a frame's function has a name with `symbol` in it.
bool HasFrame(const Diagnosis& diagnosis, const std::string& symbol);

}  // namespace dustproof
