#pragma once

#include <string>

namespace dustproof {

/// Version and the hash of the executable's build note, e.g. "0.1.0 (build 3f9a0c2b)": the same for
/// the same binary.
std::string BuildId();

}  // namespace dustproof
