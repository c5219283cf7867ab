#pragma once

#include "sim/core/result.h"

namespace dustproof {

/// Loads libzmq, once; before the first call of any of its functions. It brings a dozen libraries
/// with it, which every start of the program and every look-up of a firmware's symbols would pay for,
/// so that a program that links this library loads it only for runs that talk to a board.
/// Fails with a sentence where libzmq is not installed.
Result<void> LoadZmq();

}  // namespace dustproof
