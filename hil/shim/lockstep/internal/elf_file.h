#pragma once

#include <elf.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/core/result.h"

namespace dustproof::internal {

/// A shared object's file as its headers describe it. Addresses are the file's own, before the
/// loader adds where it put the object. Every access is checked against the end of the file.
class ElfFile {
 public:
  static constexpr uint64_t kMemoryBytesMax = 1u << 30;  ///< Of all segments together.

  /// Refuses what is no shared object for x86-64, and what would take the loader down: segments
  /// that lie beyond the end of the file, or that no memory has room for.
  [[nodiscard]] static Result<ElfFile> Read(const std::string& path);
  [[nodiscard]] static Result<ElfFile> Parse(std::vector<std::byte> file, const std::string& path);

  /// The addresses [first, second) that the object takes up.
  std::pair<uint64_t, uint64_t> extent() const { return extent_; }
  const std::vector<Elf64_Phdr>& segments() const { return segments_; }
  const std::vector<std::byte>& file() const { return file_; }
  /// The value of an entry of the dynamic section, or 0.
  uint64_t Dynamic(int64_t tag) const;
  /// Values of all entries with a tag, in order.
  std::vector<uint64_t> AllDynamic(int64_t tag) const;
  /// A text of the dynamic string table, or "".
  std::string DynamicText(uint64_t at) const;

  /// What stands at `offset` of the file, or nothing where that is past its end.
  template <typename T>
  std::optional<T> At(uint64_t offset) const {
    if (offset > file_.size() || sizeof(T) > file_.size() - offset) return std::nullopt;
    T value;
    std::memcpy(&value, file_.data() + offset, sizeof(T));
    return value;
  }
  /// Writes over what stands at `offset`. @pre `At<T>(offset)`
  template <typename T>
  void Put(uint64_t offset, const T& value) {
    std::memcpy(file_.data() + offset, &value, sizeof(T));
  }
  /// Where in the file the byte at an address stands.
  std::optional<uint64_t> OffsetOf(uint64_t address) const;

  struct Memory {
    uint64_t address = 0;
    std::vector<std::byte> bytes;
  };
  /// What stays writable after loading, as it is in the file: not relocated.
  std::vector<Memory> WritableMemory() const;
  /// What each thread's variables begin as.
  std::vector<std::byte> ThreadImage() const;
  /// Of DT_RELA and DT_JMPREL.
  std::vector<Elf64_Rela> Relocations() const;
  struct PackedRelocation {
    uint64_t address = 0, addend = 0;
  };
  /// Of DT_RELR: all are relative to where the object is loaded.
  std::vector<PackedRelocation> PackedRelocations() const;

 private:
  template <typename T>
  std::vector<T> Table(int64_t address_tag, int64_t bytes_tag) const;
  /// What is wrong with the segments, for people; empty where nothing is.
  std::string SegmentProblem() const;

  std::vector<std::byte> file_;
  std::vector<Elf64_Phdr> segments_;
  std::pair<uint64_t, uint64_t> extent_{UINT64_MAX, 0};
};

}  // namespace dustproof::internal
