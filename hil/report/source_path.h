#pragma once

#include <string>

namespace dustproof {

/// How outputs name a file for tools that look for it in the sources: relative to the root of the repository that the
/// working folder lies in, or to the working folder where it lies in none; absolute where the file lies outside. "" is "".
std::string SourcePath(const std::string& path);

/// How a command names a file: relative to the working folder where it lies inside, else as it was named.
std::string PathFromHere(const std::string& path);

}  // namespace dustproof
