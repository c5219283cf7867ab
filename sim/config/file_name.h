#pragma once

#include <string>

namespace dustproof {

/// Whether a name that somebody gives may become one of a file or folder.
bool IsFileName(const std::string& name);

/// What is wrong with a name that may not, for people: "names files: at most …; got 'a/b'".
std::string FileNameProblem(const std::string& name);

}  // namespace dustproof
