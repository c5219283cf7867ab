#include "hil/shim/lockstep/internal/vdso.h"

#include <elf.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace dustproof::internal {
namespace {

constexpr size_t kPageBytes = 4096;

struct VdsoFunction {
  std::string_view name;
  long number;  ///< Of the system call that does the same; 0 where none does.
};
constexpr VdsoFunction kFunctions[] = {{"__vdso_clock_gettime", SYS_clock_gettime},
                                       {"__vdso_clock_getres", SYS_clock_getres},
                                       {"__vdso_gettimeofday", SYS_gettimeofday},
                                       {"__vdso_time", SYS_time},
                                       {"__vdso_getcpu", SYS_getcpu},
                                       {"__vdso_getrandom", 0}};

/// The image as the loader sees it: one segment, and its table of dynamic symbols.
struct Vdso {
  std::byte* begin = nullptr;
  size_t bytes = 0;
  const Elf64_Sym* symbols = nullptr;
  size_t symbol_count = 0;
  const char* names = nullptr;

  template <typename T>
  T* At(uint64_t offset) const {
    return reinterpret_cast<T*>(begin + offset);
  }
  void Read();
};

void Vdso::Read() {
  const auto* header = At<const Elf64_Ehdr>(0);
  for (int i = 0; i < header->e_phnum; ++i) {
    const auto& segment = At<const Elf64_Phdr>(header->e_phoff)[i];
    if (segment.p_type == PT_LOAD) bytes = segment.p_vaddr + segment.p_memsz;
    if (segment.p_type != PT_DYNAMIC) continue;
    for (const auto* d = At<const Elf64_Dyn>(segment.p_vaddr); d->d_tag != DT_NULL; ++d) {
      if (d->d_tag == DT_SYMTAB) symbols = At<const Elf64_Sym>(d->d_un.d_ptr);
      if (d->d_tag == DT_STRTAB) names = At<const char>(d->d_un.d_ptr);
    }
  }
  // The linker puts the names right behind the symbols; the table itself doesn't say how long it
  // is.
  const auto symbols_at = reinterpret_cast<uint64_t>(symbols);
  const auto names_at = reinterpret_cast<uint64_t>(names);
  if (symbols_at < names_at) symbol_count = (names_at - symbols_at) / sizeof(Elf64_Sym);
}

/// mov $number, %eax; syscall; ret
void PutSystemCall(std::byte* at, long number) {
  std::array<unsigned char, 8> code = {0xB8, 0, 0, 0, 0, 0x0F, 0x05, 0xC3};
  const auto value = static_cast<uint32_t>(number);
  std::memcpy(&code[1], &value, sizeof value);
  std::memcpy(at, code.data(), code.size());
}

/// mov $-ENOSYS, %rax; ret: callers then make the system call themselves.
void PutAbsence(std::byte* at) {
  std::array<unsigned char, 8> code = {0x48, 0xC7, 0xC0, 0, 0, 0, 0, 0xC3};
  const int32_t value = -ENOSYS;
  std::memcpy(&code[3], &value, sizeof value);
  std::memcpy(at, code.data(), code.size());
}

}  // namespace

Result<void> MakeVdsoVisible() {
  Vdso vdso;
  vdso.begin = reinterpret_cast<std::byte*>(getauxval(AT_SYSINFO_EHDR));
  if (vdso.begin == nullptr) return {};  // A kernel without one.
  vdso.Read();
  if (vdso.symbols == nullptr || vdso.symbol_count == 0)
    return Error::Environment("the kernel's vDSO has no table of its functions");
  const size_t bytes = (vdso.bytes + kPageBytes - 1) / kPageBytes * kPageBytes;
  if (mprotect(vdso.begin, bytes, PROT_READ | PROT_WRITE | PROT_EXEC) != 0) {
    return Error::Environment(std::string("the kernel's vDSO can't be changed: ") +
                              std::strerror(errno));
  }
  for (size_t i = 0; i < vdso.symbol_count; ++i) {
    const Elf64_Sym& symbol = vdso.symbols[i];
    if (ELF64_ST_TYPE(symbol.st_info) != STT_FUNC || symbol.st_shndx == SHN_UNDEF) continue;
    for (const VdsoFunction& function : kFunctions) {
      if (function.name != vdso.names + symbol.st_name) continue;
      std::byte* at = vdso.At<std::byte>(symbol.st_value);
      function.number != 0 ? PutSystemCall(at, function.number) : PutAbsence(at);
    }
  }
  mprotect(vdso.begin, bytes, PROT_READ | PROT_EXEC);
  return {};
}

}  // namespace dustproof::internal
