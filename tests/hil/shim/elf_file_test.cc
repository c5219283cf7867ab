#include "hil/shim/lockstep/internal/elf_file.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <span>

namespace dustproof::internal {
namespace {

std::vector<std::byte> FirmwareBytes() {
  std::ifstream in(FIRMWARE_DIR "tasks.so", std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  const auto* begin = reinterpret_cast<const std::byte*>(text.data());
  return {begin, begin + text.size()};
}

template <typename T>
T& At(std::vector<std::byte>& file, size_t offset) {
  return *reinterpret_cast<T*>(file.data() + offset);
}

/// The program headers of `file`, to be changed in place.
std::span<Elf64_Phdr> SegmentsOf(std::vector<std::byte>& file) {
  const auto& header = At<Elf64_Ehdr>(file, 0);
  return {&At<Elf64_Phdr>(file, header.e_phoff), header.e_phnum};
}

std::string WhyNot(const std::vector<std::byte>& file) {
  const auto elf = ElfFile::Parse(file, "robot.so");
  return elf.ok() ? "" : ToString(elf.error());
}

TEST(ElfFileTest, ReadsAFirmware) {
  const auto elf = ElfFile::Parse(FirmwareBytes(), "robot.so");
  ASSERT_TRUE(elf.ok()) << ToString(elf.error());
  EXPECT_LT(elf->extent().first, elf->extent().second);
  EXPECT_FALSE(elf->WritableMemory().empty());
  EXPECT_FALSE(elf->Relocations().empty());
  EXPECT_NE(elf->Dynamic(DT_STRTAB), 0u);
  EXPECT_EQ(elf->Dynamic(0x6ffffabc), 0u);
}

// The loader would map it and die of SIGBUS at the first missing page.
TEST(ElfFileTest, RefusesAFileThatIsCutShort) {
  std::vector<std::byte> whole = FirmwareBytes();
  uint64_t needed = 0;
  for (const Elf64_Phdr& s : SegmentsOf(whole)) {
    if (s.p_type == PT_LOAD) needed = std::max(needed, s.p_offset + s.p_filesz);
  }
  for (uint64_t bytes = 0; bytes < needed; bytes += 61) {
    const std::vector<std::byte> cut(whole.begin(),
                                     whole.begin() + static_cast<std::ptrdiff_t>(bytes));
    EXPECT_NE(WhyNot(cut), "") << bytes;
  }
  const std::string half = WhyNot({whole.begin(), whole.begin() + 5000});
  EXPECT_NE(half.find("robot.so: is cut short: it has 5000 bytes, and a segment of"),
            std::string::npos)
      << half;
}

TEST(ElfFileTest, RefusesWhatNoMemoryHasRoomFor) {
  std::vector<std::byte> file = FirmwareBytes();
  for (Elf64_Phdr& s : SegmentsOf(file)) {
    if (s.p_type == PT_LOAD) s.p_memsz = uint64_t{1} << 40;
  }
  EXPECT_NE(WhyNot(file).find("asks for more than 1024 MiB of memory"), std::string::npos);
  file = FirmwareBytes();
  for (Elf64_Phdr& s : SegmentsOf(file)) {
    if (s.p_type == PT_LOAD) s.p_vaddr = UINT64_MAX - 100;
  }
  EXPECT_NE(WhyNot(file), "");
  file = FirmwareBytes();
  const auto segments = SegmentsOf(file);
  segments[0].p_memsz = 1;
  EXPECT_NE(WhyNot(file).find("a segment is longer than its memory"), std::string::npos);
}

TEST(ElfFileTest, RefusesOtherMachines) {
  std::vector<std::byte> file = FirmwareBytes();
  At<Elf64_Ehdr>(file, 0).e_machine = EM_ARM;
  EXPECT_NE(WhyNot(file).find("is built for another processor"), std::string::npos);
  file = FirmwareBytes();
  At<Elf64_Ehdr>(file, 0).e_ident[EI_DATA] = ELFDATA2MSB;
  EXPECT_NE(WhyNot(file).find("is built for another processor"), std::string::npos);
}

}  // namespace
}  // namespace dustproof::internal
