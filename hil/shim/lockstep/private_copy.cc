#include "hil/shim/lockstep/internal/private_copy.h"

#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <utility>

namespace dustproof::internal {
namespace {

// ---- Its own definitions first.

bool IsSharedByAll(std::string_view name) {
  constexpr std::string_view kMemory[] = {
      "malloc", "free",          "calloc",  "realloc",        "reallocarray",       "memalign",
      "valloc", "aligned_alloc", "pvalloc", "posix_memalign", "malloc_usable_size", "dp_hal_query"};
  // operator new, new[], delete, delete[] in all their forms.
  for (const std::string_view prefix : {"_Znw", "_Zna", "_Zdl", "_Zda"}) {
    if (name.starts_with(prefix)) return true;
  }
  return std::find(std::begin(kMemory), std::end(kMemory), name) != std::end(kMemory);
}

/// The value of a symbol that the firmware defines and this program's libraries define too.
std::optional<uint64_t> OwnValue(const ElfFile& elf, uint32_t symbol_index) {
  const auto table = elf.OffsetOf(elf.Dynamic(DT_SYMTAB));
  if (!table) return std::nullopt;
  const auto symbol = elf.At<Elf64_Sym>(*table + uint64_t{symbol_index} * sizeof(Elf64_Sym));
  if (!symbol || symbol->st_shndx == SHN_UNDEF || symbol->st_shndx >= SHN_LORESERVE)
    return std::nullopt;
  const int type = ELF64_ST_TYPE(symbol->st_info);
  if (type != STT_FUNC && type != STT_OBJECT && type != STT_NOTYPE) return std::nullopt;
  const std::string name = elf.DynamicText(symbol->st_name);
  if (name.empty() || IsSharedByAll(name)) return std::nullopt;
  // Neither it nor what it needs is loaded yet: whatever is found belongs to us.
  if (dlsym(RTLD_DEFAULT, name.c_str()) == nullptr) return std::nullopt;
  return symbol->st_value;
}

bool BindToOwn(ElfFile& elf, int64_t address_tag, int64_t bytes_tag) {
  bool changed = false;
  const auto table = elf.OffsetOf(elf.Dynamic(address_tag));
  if (!table) return false;
  const uint64_t count = elf.Dynamic(bytes_tag) / sizeof(Elf64_Rela);
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t offset = *table + i * sizeof(Elf64_Rela);
    auto relocation = elf.At<Elf64_Rela>(offset);
    if (!relocation) break;
    const uint64_t type = ELF64_R_TYPE(relocation->r_info);
    if (type != R_X86_64_64 && type != R_X86_64_GLOB_DAT && type != R_X86_64_JUMP_SLOT) continue;
    const auto own = OwnValue(elf, static_cast<uint32_t>(ELF64_R_SYM(relocation->r_info)));
    if (!own) continue;
    const int64_t addend = type == R_X86_64_64 ? relocation->r_addend : 0;
    relocation->r_info = ELF64_R_INFO(0, R_X86_64_RELATIVE);
    relocation->r_addend = static_cast<int64_t>(*own) + addend;
    elf.Put(offset, *relocation);
    changed = true;
  }
  return changed;
}

// ---- Instructions that nobody would see.

/// First addresses of the object's functions, rising: what its unwind table begins with.
std::vector<uint64_t> FunctionStarts(const ElfFile& elf) {
  constexpr uint8_t kCountIsFour = 0x03, kRelativeFour = 0x3B;
  std::vector<uint64_t> starts;
  for (const Elf64_Phdr& s : elf.segments()) {
    if (s.p_type != PT_GNU_EH_FRAME) continue;
    const auto encodings = elf.At<std::array<uint8_t, 4>>(s.p_offset);
    const auto count = elf.At<uint32_t>(s.p_offset + 8);
    if (!encodings || !count || (*encodings)[2] != kCountIsFour || (*encodings)[3] != kRelativeFour)
      continue;
    for (uint64_t i = 0; i < *count; ++i) {
      const auto start = elf.At<int32_t>(s.p_offset + 12 + 8 * i);
      if (!start) break;
      starts.push_back(s.p_vaddr + static_cast<uint64_t>(int64_t{*start}));
    }
  }
  std::sort(starts.begin(), starts.end());
  return starts;
}

bool MayBeUnseen(std::span<const uint8_t> code) {
  if (code.size() < 3 || code[0] != 0x0F) return false;
  return code[1] == 0x31 || (code[1] == 0x01 && code[2] == 0xF9) ||
         (code[1] == 0xC7 && code[2] >= 0xF0);
}

/// The instruction whose opcode stands at `wanted`, walking from `start`; nothing where those bytes
/// are part of another instruction.
std::optional<std::pair<size_t, Instruction>> InstructionAt(std::span<const uint8_t> code,
                                                            size_t start, size_t wanted) {
  for (size_t at = start; at <= wanted;) {
    const auto instruction = Decode(code.subspan(at));
    if (instruction && at + instruction->opcode_at == wanted) return std::pair{at, *instruction};
    at += instruction ? instruction->bytes : 1;  // Padding or data between functions.
  }
  return std::nullopt;
}

void ReplaceUnseen(PrivateCopy& copy, const Elf64_Phdr& segment,
                   const std::vector<uint64_t>& starts) {
  // The file was checked to hold its segments.
  const std::span<const uint8_t> code(
      reinterpret_cast<const uint8_t*>(copy.elf.file().data()) + segment.p_offset,
      segment.p_filesz);
  for (size_t at = 0; at + 3 <= code.size(); ++at) {
    if (!MayBeUnseen(code.subspan(at))) continue;
    const auto next = std::upper_bound(starts.begin(), starts.end(), segment.p_vaddr + at);
    const bool known = next != starts.begin() && *std::prev(next) >= segment.p_vaddr;
    const size_t start = known ? *std::prev(next) - segment.p_vaddr : 0;
    const auto found = InstructionAt(code, start, at);
    if (!found) continue;
    const auto& [begin, instruction] = *found;
    const auto kind = UnseenKind(code.subspan(begin), instruction);
    if (!kind) continue;
    copy.replaced.push_back({.address = segment.p_vaddr + begin,
                             .kind = *kind,
                             .bytes = instruction.bytes,
                             .register_number = static_cast<uint8_t>(
                                 (code[at + 2] & 7) | (instruction.extended ? 8 : 0)),
                             .wide = instruction.wide,
                             .narrow = instruction.narrow});
    copy.elf.Put(segment.p_offset + at + 1, uint8_t{0x0B});  // With the 0F before it: ud2.
    copy.changed = true;
  }
}

}  // namespace

PrivateCopy MakePrivateCopy(ElfFile elf) {
  PrivateCopy copy;
  copy.elf = std::move(elf);
  copy.changed = BindToOwn(copy.elf, DT_RELA, DT_RELASZ);
  copy.changed |= BindToOwn(copy.elf, DT_JMPREL, DT_PLTRELSZ);
  const std::vector<uint64_t> starts = FunctionStarts(copy.elf);
  for (const Elf64_Phdr& s : copy.elf.segments()) {
    if (s.p_type == PT_LOAD && (s.p_flags & PF_X) != 0) ReplaceUnseen(copy, s, starts);
  }
  return copy;
}

}  // namespace dustproof::internal
