#pragma once

#include <string>

#include "sim/core/result.h"

namespace dustproof {

/// Replaces the file `path` by one with `text`: whoever reads it sees the old one or the new one, also where this process is killed.
Result<void> WriteAtomically(const std::string& path, const std::string& text);

}  // namespace dustproof
