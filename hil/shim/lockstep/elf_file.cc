#include "hil/shim/lockstep/internal/elf_file.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>

namespace dustproof::internal {
namespace {

constexpr uint64_t kPageBytes = 4096;
// What a process can address: sums of two such numbers don't wrap.
constexpr uint64_t kAddressMax = uint64_t{1} << 47;

}  // namespace

Result<ElfFile> ElfFile::Read(const std::string& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) return Error::BadInput(path + ": no such firmware file");
  if (!std::filesystem::is_regular_file(status)) return Error::BadInput(path + ": is not a file");
  std::vector<std::byte> file(std::filesystem::file_size(path, error));
  std::ifstream in(path, std::ios::binary);
  in.read(reinterpret_cast<char*>(file.data()), static_cast<std::streamsize>(file.size()));
  if (!in) return Error::BadInput(path + ": can't be read: " + std::strerror(errno));
  return Parse(std::move(file), path);
}

Result<ElfFile> ElfFile::Parse(std::vector<std::byte> file, const std::string& path) {
  ElfFile elf;
  elf.file_ = std::move(file);
  const auto header = elf.At<Elf64_Ehdr>(0);
  if (!header || std::memcmp(header->e_ident, ELFMAG, SELFMAG) != 0) {
    return Error::BadInput(path +
                           ": is not a shared object; build the firmware with -shared -fPIC");
  }
  if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB ||
      header->e_machine != EM_X86_64) {
    return Error::BadInput(
        path +
        ": is built for another processor; a library firmware is built for this machine (x86-64)");
  }
  for (uint64_t i = 0; i < header->e_phnum && header->e_phoff <= elf.file_.size(); ++i) {
    if (const auto s = elf.At<Elf64_Phdr>(header->e_phoff + i * sizeof(Elf64_Phdr)))
      elf.segments_.push_back(*s);
  }
  const bool executable = std::any_of(elf.segments_.begin(), elf.segments_.end(),
                                      [](const Elf64_Phdr& s) { return s.p_type == PT_INTERP; });
  if (header->e_type != ET_DYN || executable) {
    return Error::BadInput(path +
                           ": is an executable or object file, not a shared object; build the "
                           "firmware with -shared -fPIC");
  }
  if (elf.segments_.size() != header->e_phnum)
    return Error::BadInput(path + ": is cut short within its headers; build or copy it again");
  if (const std::string problem = elf.SegmentProblem(); !problem.empty())
    return Error::BadInput(path + ": " + problem);
  for (const Elf64_Phdr& s : elf.segments_) {
    if (s.p_type != PT_LOAD) continue;
    elf.extent_.first = std::min(elf.extent_.first, s.p_vaddr);
    elf.extent_.second = std::max(elf.extent_.second, s.p_vaddr + s.p_memsz);
  }
  return elf;
}

std::string ElfFile::SegmentProblem() const {
  uint64_t memory_bytes = 0;
  for (const Elf64_Phdr& s : segments_) {
    if (s.p_type != PT_LOAD && s.p_type != PT_DYNAMIC && s.p_type != PT_TLS &&
        s.p_type != PT_GNU_RELRO)
      continue;
    if (s.p_offset > file_.size() || s.p_filesz > file_.size() - s.p_offset) {
      return "is cut short: it has " + std::to_string(file_.size()) + " bytes, and a segment of " +
             std::to_string(s.p_filesz) + " bytes begins at byte " + std::to_string(s.p_offset) +
             "; build or copy it again";
    }
    if (s.p_filesz > s.p_memsz) return "is damaged: a segment is longer than its memory";
    memory_bytes += std::min(s.p_memsz, kAddressMax);
    if (s.p_vaddr > kAddressMax || memory_bytes > kMemoryBytesMax) {
      return "asks for more than " + std::to_string(kMemoryBytesMax >> 20) +
             " MiB of memory; a robot's firmware takes less";
    }
  }
  return "";
}

std::vector<uint64_t> ElfFile::AllDynamic(int64_t tag) const {
  std::vector<uint64_t> values;
  for (const Elf64_Phdr& s : segments_) {
    if (s.p_type != PT_DYNAMIC) continue;
    for (uint64_t at = 0; at + sizeof(Elf64_Dyn) <= s.p_filesz; at += sizeof(Elf64_Dyn)) {
      const auto entry = At<Elf64_Dyn>(s.p_offset + at);
      if (!entry || entry->d_tag == DT_NULL) break;
      if (entry->d_tag == tag) values.push_back(entry->d_un.d_val);
    }
  }
  return values;
}

uint64_t ElfFile::Dynamic(int64_t tag) const {
  const std::vector<uint64_t> values = AllDynamic(tag);
  return values.empty() ? 0 : values.front();
}

std::string ElfFile::DynamicText(uint64_t at) const {
  const auto table = OffsetOf(Dynamic(DT_STRTAB));
  if (!table || at >= file_.size() - *table) return {};
  const auto* begin = reinterpret_cast<const char*>(file_.data() + *table + at);
  return {begin, strnlen(begin, file_.size() - *table - at)};
}

std::optional<uint64_t> ElfFile::OffsetOf(uint64_t address) const {
  for (const Elf64_Phdr& s : segments_) {
    if (s.p_type == PT_LOAD && address >= s.p_vaddr && address - s.p_vaddr < s.p_filesz)
      return s.p_offset + (address - s.p_vaddr);
  }
  return std::nullopt;
}

template <typename T>
std::vector<T> ElfFile::Table(int64_t address_tag, int64_t bytes_tag) const {
  std::vector<T> table;
  const auto offset = OffsetOf(Dynamic(address_tag));
  const uint64_t count = Dynamic(bytes_tag) / sizeof(T);
  for (uint64_t i = 0; offset && i < count; ++i) {
    const auto entry = At<T>(*offset + i * sizeof(T));
    if (!entry) break;
    table.push_back(*entry);
  }
  return table;
}

std::vector<ElfFile::Memory> ElfFile::WritableMemory() const {
  uint64_t relro_begin = 0, relro_end = 0;
  for (const Elf64_Phdr& s : segments_) {
    if (s.p_type != PT_GNU_RELRO) continue;
    relro_begin = s.p_vaddr;
    relro_end = (s.p_vaddr + s.p_memsz) & ~(kPageBytes - 1);  // The loader protects whole pages.
  }
  std::vector<Memory> memory;
  for (const Elf64_Phdr& s : segments_) {
    if (s.p_type != PT_LOAD || (s.p_flags & PF_W) == 0) continue;
    const auto add = [&](uint64_t from, uint64_t to) {
      if (from >= to) return;
      Memory part{from, std::vector<std::byte>(to - from)};
      const uint64_t skipped = from - s.p_vaddr;
      if (skipped < s.p_filesz) {
        std::memcpy(part.bytes.data(), file_.data() + s.p_offset + skipped,
                    std::min(part.bytes.size(), s.p_filesz - skipped));
      }
      memory.push_back(std::move(part));
    };
    const uint64_t end = s.p_vaddr + s.p_memsz;
    if (relro_begin >= s.p_vaddr && relro_begin < end && relro_end > relro_begin) {
      add(s.p_vaddr, relro_begin);
      add(relro_end, end);
    } else {
      add(s.p_vaddr, end);
    }
  }
  return memory;
}

std::vector<std::byte> ElfFile::ThreadImage() const {
  std::vector<std::byte> image;
  for (const Elf64_Phdr& s : segments_) {
    if (s.p_type != PT_TLS) continue;
    image.assign(s.p_memsz, std::byte{0});
    std::copy_n(file_.begin() + static_cast<ptrdiff_t>(s.p_offset), s.p_filesz, image.begin());
  }
  return image;
}

std::vector<Elf64_Rela> ElfFile::Relocations() const {
  std::vector<Elf64_Rela> all = Table<Elf64_Rela>(DT_RELA, DT_RELASZ);
  const std::vector<Elf64_Rela> calls = Table<Elf64_Rela>(DT_JMPREL, DT_PLTRELSZ);
  all.insert(all.end(), calls.begin(), calls.end());
  return all;
}

std::vector<ElfFile::PackedRelocation> ElfFile::PackedRelocations() const {
  std::vector<PackedRelocation> all;
  uint64_t next = 0;  // An address, or a bitmap of the 63 words after the last one.
  const auto add = [&](uint64_t address) {
    const auto offset = OffsetOf(address);
    const auto addend = offset ? At<uint64_t>(*offset) : std::nullopt;
    if (addend) all.push_back({address, *addend});
  };
  for (const uint64_t entry : Table<uint64_t>(DT_RELR, DT_RELRSZ)) {
    if ((entry & 1) == 0) {
      add(entry);
      next = entry + 8;
      continue;
    }
    for (uint64_t bit = 0; bit < 63; ++bit) {
      if ((entry >> (bit + 1)) & 1) add(next + bit * 8);
    }
    next += 63 * 8;
  }
  return all;
}

}  // namespace dustproof::internal
