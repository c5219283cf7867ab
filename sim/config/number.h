#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sim/core/time.h"

namespace dustproof {

/// The whole of `text` as a decimal number, or nothing. Also parses `inf` and `nan`: whoever calls
/// says whether they may be.
std::optional<double> ParseNumber(std::string_view text);
std::optional<int64_t> ParseInteger(std::string_view text);
/// `1h30min`, `200ms`, `1.5s`: numbers with units d, h, min, s, ms, us, ns, from large to small.
/// Nothing where it doesn't parse, is finer than a nanosecond or longer than 292 years.
std::optional<SimDuration> ParseDuration(std::string_view text);

/// The shortest decimal that reads back as the same double.
std::string FormatNumber(double value);
/// As a configuration file would have it: `1h30min`, `0s`.
std::string FormatDuration(SimDuration value);

}  // namespace dustproof
