#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "sim/core/time.h"

/// NTP (RFC 5905), as far as a time server answers a client.
namespace dustproof {

using Bytes = std::vector<std::byte>;

/// The server's answer to a client's request that arrived at `received` and is answered at once, or
/// nothing where `request` is none.
std::optional<Bytes> AnswerNtp(std::span<const std::byte> request, WallTime received);

/// The server's transmit time in an answer, or nothing where it is none. Exact to a quarter of a
/// nanosecond.
std::optional<WallTime> NtpTransmitTime(std::span<const std::byte> answer);

}  // namespace dustproof
