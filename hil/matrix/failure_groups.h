#pragma once

#include <vector>

#include "hil/matrix/matrix.h"

namespace dustproof {

/// Entries that fail in the same way, the most frequent first, and what they have in common.
std::vector<MatrixFailure> GroupFailures(const std::vector<MatrixEntry>& entries);

}  // namespace dustproof
