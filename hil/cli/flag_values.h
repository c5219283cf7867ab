#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sim/core/result.h"
#include "sim/core/time.h"

/// Values of flags that several words share. "" is a flag that was not given.
namespace dustproof {

/// `--until`: a time above zero.
Result<std::optional<SimDuration>> UntilOf(const std::string& text);

/// `--wait`: a time, of which 0 is one.
Result<SimDuration> WaitOf(const std::string& text);

/// `--seed`. The command line's own conversion would take -1 for the largest seed and 010 for 8.
Result<std::optional<uint64_t>> SeedOf(const std::string& text);

}  // namespace dustproof
