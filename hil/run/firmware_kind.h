#pragma once

#include <optional>
#include <string>

namespace dustproof {

/// How a firmware runs: as a shared object in the run's process; as a program of its own, in
/// lockstep; or in real time, as a board does.
enum class FirmwareKind { kLibrary, kProcess, kBoard };
const char* ToWord(FirmwareKind kind);
/// The kind of a word; that of a library where it is none of them.
FirmwareKind FirmwareKindFromWord(const std::string& word);

/// A firmware written in Python: a file, and, where it defines several, the class in it.
struct PythonFirmware {
  std::string file;
  std::string class_name;
};
/// What `FILE.py` or `FILE.py:CLASS` names; nothing for any other firmware.
std::optional<PythonFirmware> PythonFirmwareOf(const std::string& firmware);

/// What the file at `path` is: Python runs as a program; a program names the interpreter that loads it, a shared object does
/// not. A file that is neither counts as a library, which says what is wrong with it.
FirmwareKind FirmwareKindOf(const std::string& path);

}  // namespace dustproof
