#pragma once

#include <string>
#include <string_view>

#include "hil/protocol/http_message.h"

namespace dustproof {

inline std::string Text(const Bytes& bytes) { return std::string(AsText(bytes)); }

inline SimTime At(double seconds) { return SimTime::Zero() + SimDuration::FromSeconds(seconds); }

}  // namespace dustproof
