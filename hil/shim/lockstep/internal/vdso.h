#pragma once

#include "sim/core/result.h"

namespace dustproof::internal {

/// Makes the kernel's shared page of clock functions ask the kernel each time, by system calls that
/// trap, rather than read the clock unseen. For the life of the process and of its children.
Result<void> MakeVdsoVisible();

}  // namespace dustproof::internal
