#pragma once

#include <string>

namespace dustproof {

/// How a firmware runs: as a shared object in the run's process, or as a program of its own.
enum class FirmwareKind { kLibrary, kProcess };
const char* ToWord(FirmwareKind kind);

/// What the file at `path` is: a program names the interpreter that loads it, a shared object does
/// not. A file that is neither counts as a library, which says what is wrong with it.
FirmwareKind FirmwareKindOf(const std::string& path);

}  // namespace dustproof
