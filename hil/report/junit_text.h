#pragma once

#include <string>

namespace dustproof {

/// ` name="value"`, escaped for XML; control characters become '?'.
std::string JunitAttribute(const char* name, const std::string& value);
/// Text of an element, escaped likewise.
std::string JunitEscape(const std::string& text);

}  // namespace dustproof
