#include "hil/bench/firmware_build_id.h"

#include <elfutils/libdwelf.h>
#include <fcntl.h>
#include <libelf.h>
#include <unistd.h>

namespace dustproof {

std::string FirmwareBuildId(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 || elf_version(EV_CURRENT) == EV_NONE) return "";
  Elf* elf = elf_begin(fd, ELF_C_READ, nullptr);
  const void* bytes = nullptr;
  const ssize_t count = elf == nullptr ? 0 : dwelf_elf_gnu_build_id(elf, &bytes);
  std::string id;
  for (ssize_t i = 0; i < count; ++i) {
    const auto byte = static_cast<const unsigned char*>(bytes)[i];
    id += "0123456789abcdef"[byte >> 4];
    id += "0123456789abcdef"[byte & 15];
  }
  elf_end(elf);
  close(fd);
  return id;
}

}  // namespace dustproof
