#pragma once

#include <string>

namespace dustproof {

/// A firmware as the lockstep host sees it: a first task, and a power-on state to go back to.
class FirmwareProgram {
 public:
  virtual ~FirmwareProgram() = default;
  virtual const std::string& name() const = 0;
  virtual const std::string& version() const = 0;
  /// The first task's code: runs on its stack, until it returns or is abandoned.
  virtual void Main() = 0;
  /// Makes RAM what it is after a reset. @pre no task of the firmware runs
  virtual void Restore() = 0;
};

}  // namespace dustproof
