#pragma once

#include <string>
#include <string_view>

namespace dustproof {

/// `text` as one word of a POSIX shell's command line: as it is where nothing in it means anything to a shell, else in
/// single quotes. For commands that people are shown, to be typed or pasted.
std::string ShellWord(std::string_view text);

}  // namespace dustproof
