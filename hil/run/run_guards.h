#pragma once

#include <memory>
#include <string>

#include "hil/run/run_request.h"
#include "hil/shim/lockstep/boundary.h"
#include "hil/shim/lockstep/crash_reporter.h"
#include "sim/core/result.h"

namespace dustproof {

/// What a process that makes one run has around it: a reporter that leaves a diagnosis beside the recording should the
/// firmware die, and, where the firmware is in this process, the boundary that it can't leave.
class RunGuards {
 public:
  /// `request` as `RunInputs` has it: with the kind that the firmware's file is.
  [[nodiscard]] static Result<std::unique_ptr<RunGuards>> Install(const RunRequest& request);
  /// The run is over: no diagnosis remains.
  ~RunGuards();
  RunGuards(const RunGuards&) = delete;
  RunGuards& operator=(const RunGuards&) = delete;

 private:
  RunGuards() = default;

  std::string diagnosis_;
  int fd_ = -1;
  std::unique_ptr<CrashReporter> reporter_;
  std::unique_ptr<Boundary> boundary_;
};

}  // namespace dustproof
