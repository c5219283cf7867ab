#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hil/shim/lockstep/lockstep.h"
#include "sim/core/random.h"
#include "sim/core/result.h"

namespace dustproof {

/// A firmware that runs in a process of its own, in lockstep: simulated time stands while it
/// computes.
///
/// Each of its tasks has a task of this process that stands for it: that one hands the turn over,
/// hears what the other asks of the HAL, asks it here, and brings the answer back. So the order of
/// tasks, what calls do and how long they take are those of a firmware in this process. A process
/// that dies, spins, or breaks the wire's rules ends the run as a firmware's fault.
struct ProcessFirmwareConfig {
  std::string path;                      ///< Of the executable.
  std::vector<std::string> environment;  ///< Of its process.
  Seed seed{0};             ///< For what its C library asks of chance.
  double cpu_budget_s = 10;   ///< A turn that takes longer than this (of CPU time) spins.
  double idle_budget_s = 10;  ///< One that neither ends nor computes for so long waits outside of the HAL.
};

/// For `Lockstep::Config::load`: starts the process and hears who it is.
[[nodiscard]] Result<std::unique_ptr<FirmwareProgram>> StartProcessFirmware(
    const ProcessFirmwareConfig& config, Lockstep& host);

}  // namespace dustproof
