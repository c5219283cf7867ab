#pragma once

#include <memory>

#include "sim/core/result.h"

namespace dustproof {

/// While one exists, no system call of firmware gets past the HAL, whoever makes it: the firmware
/// by an instruction of its own, the C library or another library on its behalf. Each is answered
/// with a virtual value or ends the run with a diagnosis; hil/shim/README.md lists which. What the
/// harness itself does is untouched, and costs it nothing.
///
/// Linux's system call user dispatch tells the two apart by a byte that the scheduler sets as tasks
/// come and go, where a seccomp filter knows the instruction's address alone, which is the C
/// library's for both. Holds in children that the process forks. Used on the simulation thread; at
/// most one at a time.
class Boundary {
 public:
  /// Also takes away what would tell firmware one machine from another: the environment (all but
  /// the time zone and locale that are set here), the kernel's random bytes, the clocks of the
  /// vDSO. Those stay so when the boundary is gone. Fails where the kernel has no such dispatch.
  /// @pre a `CrashReporter` is installed and no firmware is loaded
  [[nodiscard]] static Result<std::unique_ptr<Boundary>> Install();
  ~Boundary();
  Boundary(const Boundary&) = delete;
  Boundary& operator=(const Boundary&) = delete;

 private:
  Boundary() = default;
};

}  // namespace dustproof
