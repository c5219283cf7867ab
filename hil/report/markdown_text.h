#pragma once

#include <string>

namespace dustproof {

/// Text in which Markdown finds nothing to format; a line break becomes a space.
std::string MarkdownEscape(const std::string& text);
/// `text` set as code, whatever is in it; a line break becomes a space.
std::string MarkdownCode(const std::string& text);

}  // namespace dustproof
