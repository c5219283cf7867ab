#pragma once

#include <cstddef>
#include <cstdint>

#include "hil/wire/dustproof.pb.h"

namespace dustproof {

/// `wire::Message.version` of this schema.
inline constexpr uint32_t kProtocolVersion = 1;
/// No message is longer: the largest is a flash image or a map, and whoever says more is refused.
inline constexpr size_t kMessageBytesMax = 32u << 20;

}  // namespace dustproof
