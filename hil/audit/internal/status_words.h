#pragma once

#include <string>
#include <string_view>

namespace dustproof::internal {

/// Whether a field of that name says how the robot does: battery, cleaning time, errors, versions,
/// schedules. `value` decides for names that mean many things, such as "state".
bool IsStatusKey(const std::string& key, std::string_view value);

}  // namespace dustproof::internal
