#include "hil/run/build_id.h"

#include <elf.h>
#include <link.h>

#include <cstdio>
#include <cstring>

namespace dustproof {
namespace {

constexpr size_t AlignUp(size_t bytes) { return (bytes + 3) / 4 * 4; }

// Finds the linker's GNU build id among the notes of the executable, the first object that is
// listed.
int FindBuildId(dl_phdr_info* info, size_t, void* out) {
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = info->dlpi_phdr[i];
    if (header.p_type != PT_NOTE) continue;
    const char* at = reinterpret_cast<const char*>(info->dlpi_addr + header.p_vaddr);
    const char* const end = at + header.p_memsz;
    while (at + sizeof(ElfW(Nhdr)) <= end) {
      ElfW(Nhdr) note;
      std::memcpy(&note, at, sizeof note);
      const char* name = at + sizeof note;
      const unsigned char* id =
          reinterpret_cast<const unsigned char*>(name + AlignUp(note.n_namesz));
      if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
          std::memcmp(name, "GNU", 4) == 0) {
        char text[9];
        std::snprintf(text, sizeof text, "%02x%02x%02x%02x", id[0], id[1], id[2], id[3]);
        *static_cast<std::string*>(out) = text;
        return 1;
      }
      at = reinterpret_cast<const char*>(id) + AlignUp(note.n_descsz);
    }
  }
  return 1;  // The executable only.
}

}  // namespace

std::string BuildId() {
  std::string id = "unknown";
  dl_iterate_phdr(FindBuildId, &id);
  return std::string(DUSTPROOF_VERSION) + " (build " + id + ")";
}

}  // namespace dustproof
