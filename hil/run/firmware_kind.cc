#include "hil/run/firmware_kind.h"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <fstream>

namespace dustproof {

namespace {

constexpr const char* kWords[] = {"library", "process", "board"};

// Whether a file whose header was read, of either word size, is a program: not to be loaded by another.
template <typename Header, typename Segment>
bool IsProgram(std::ifstream& file) {
  Header header{};
  file.seekg(0);
  file.read(reinterpret_cast<char*>(&header), sizeof header);
  if (header.e_type == ET_EXEC) return file.good();
  for (int i = 0; file && i < header.e_phnum; ++i) {
    Segment segment{};
    file.seekg(static_cast<std::streamoff>(header.e_phoff) + i * static_cast<int>(sizeof segment));
    file.read(reinterpret_cast<char*>(&segment), sizeof segment);
    if (file && segment.p_type == PT_INTERP) return true;
  }
  return false;
}

}  // namespace

const char* ToWord(FirmwareKind kind) { return kWords[static_cast<size_t>(kind)]; }

FirmwareKind FirmwareKindFromWord(const std::string& word) {
  return word == "process" ? FirmwareKind::kProcess
         : word == "board" ? FirmwareKind::kBoard
                           : FirmwareKind::kLibrary;
}

std::optional<PythonFirmware> PythonFirmwareOf(const std::string& firmware) {
  const size_t end = firmware.rfind(".py");
  if (end == std::string::npos || end == 0) return std::nullopt;
  const std::string after = firmware.substr(end + 3);
  if (after.empty()) return PythonFirmware{firmware, ""};
  const bool is_name = after.size() > 1 && after[0] == ':' && after.find('/') == std::string::npos;
  if (!is_name) return std::nullopt;
  return PythonFirmware{firmware.substr(0, end + 3), after.substr(1)};
}

FirmwareKind FirmwareKindOf(const std::string& path) {
  if (PythonFirmwareOf(path)) return FirmwareKind::kProcess;
  std::ifstream file(path, std::ios::binary);
  unsigned char ident[EI_NIDENT] = {};
  file.read(reinterpret_cast<char*>(ident), sizeof ident);
  if (!file || std::memcmp(ident, ELFMAG, SELFMAG) != 0) return FirmwareKind::kLibrary;
  const bool is_program = ident[EI_CLASS] == ELFCLASS32 ? IsProgram<Elf32_Ehdr, Elf32_Phdr>(file)
                                                        : IsProgram<Elf64_Ehdr, Elf64_Phdr>(file);
  return is_program ? FirmwareKind::kProcess : FirmwareKind::kLibrary;
}

}  // namespace dustproof
