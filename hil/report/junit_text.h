#pragma once

#include <string>

namespace dustproof {

/// ` name="value"`, escaped for XML; control characters become '?'.
std::string JunitAttribute(const char* name, const std::string& value);

}  // namespace dustproof
