#include "hil/run/firmware_kind.h"

#include <elf.h>

#include <algorithm>
#include <cstring>
#include <fstream>

namespace dustproof {

namespace {

constexpr const char* kWords[] = {"library", "process", "board"};

}  // namespace

const char* ToWord(FirmwareKind kind) { return kWords[static_cast<size_t>(kind)]; }

FirmwareKind FirmwareKindFromWord(const std::string& word) {
  return word == "process" ? FirmwareKind::kProcess
         : word == "board" ? FirmwareKind::kBoard
                           : FirmwareKind::kLibrary;
}

FirmwareKind FirmwareKindOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  Elf64_Ehdr header{};
  file.read(reinterpret_cast<char*>(&header), sizeof header);
  if (!file || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return FirmwareKind::kLibrary;
  if (header.e_type == ET_EXEC) return FirmwareKind::kProcess;
  for (int i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr segment{};
    file.seekg(static_cast<std::streamoff>(header.e_phoff) + i * static_cast<int>(sizeof segment));
    file.read(reinterpret_cast<char*>(&segment), sizeof segment);
    if (file && segment.p_type == PT_INTERP) return FirmwareKind::kProcess;
  }
  return FirmwareKind::kLibrary;
}

}  // namespace dustproof
