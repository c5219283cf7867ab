#pragma once

#include <optional>

namespace dustproof::internal {

/// One trapped system call: x86-64's number, arguments and the address it was made at.
struct SystemCall {
  long number = 0;
  long arguments[6] = {};
  const void* at = nullptr;
};

/// Makes the call as it is.
long Reissue(const SystemCall& call);

/// Name of a call that firmware is known to make, or null.
const char* NameOf(long number);
/// What firmware should use instead of a call.
const char* AdviceFor(long number);

/// How a call by firmware ends.
struct CallVerdict {
  enum class Kind {
    kAnswered,  ///< `value` is what the call returns: a virtual value, or what the kernel said.
    kAborted,   ///< The C library ends the process on behalf of `abort`.
    kExited,    ///< The firmware ends the process.
    kRefused,   ///< Nothing that a robot could do; `detail` names the file, where there is one.
  };
  Kind kind = Kind::kRefused;
  long value = 0;
  const char* detail = nullptr;
  const char* advice = nullptr;
};

/// Decides on a call of firmware's code or of a library below it. `libraries_own` says that a
/// library looks about at its start, without the firmware's doing: it finds a bare machine, rather
/// than ends the run.
CallVerdict Judge(const SystemCall& call, bool libraries_own);

}  // namespace dustproof::internal
