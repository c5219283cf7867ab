#include "hil/bridge/flash_memory.h"

#include <gtest/gtest.h>

#include <array>

namespace dustproof {
namespace {

std::byte ByteAt(FlashMemory& flash, uint32_t address) {
  std::byte value{};
  flash.Read(address, {&value, 1});
  return value;
}

void ProgramByte(FlashMemory& flash, uint32_t address, unsigned value) {
  const auto byte = static_cast<std::byte>(value);
  EXPECT_EQ(flash.Program(address, {&byte, 1}), DP_OK);
}

TEST(FlashMemoryTest, ClearsBitsByProgramAndSetsThemByErase) {
  FlashMemory flash({.size_bytes = 8192}, Seed(1));
  EXPECT_EQ(ByteAt(flash, 0), std::byte{0xFF});
  ProgramByte(flash, 0, 0xF0);
  ProgramByte(flash, 0, 0x3C);
  EXPECT_EQ(ByteAt(flash, 0), std::byte{0x30});  // 1111'0000 and 0011'1100.
  ProgramByte(flash, 4096, 0);
  EXPECT_EQ(flash.Erase(0), DP_OK);
  EXPECT_EQ(ByteAt(flash, 0), std::byte{0xFF});
  EXPECT_EQ(ByteAt(flash, 4096), std::byte{0});  // Another block.
  EXPECT_EQ(flash.erase_count(), 1u);
}

TEST(FlashMemoryTest, LeavesAMixWhereWorkIsCut) {
  FlashMemory flash({.size_bytes = 8192}, Seed(1));
  const std::array<std::byte, 200> zeros{};
  flash.ProgramCut(0, zeros);
  int old = 0, cleared = 0;
  for (uint32_t i = 0; i < 200; ++i) {
    old += ByteAt(flash, i) == std::byte{0xFF};
    cleared += ByteAt(flash, i) == std::byte{0};
  }
  EXPECT_LT(old, 20);
  EXPECT_LT(cleared, 20);
  EXPECT_EQ(ByteAt(flash, 200), std::byte{0xFF});  // Nothing else is disturbed.
  // What was to stay is never disturbed: a cut erase can only set bits, a cut program only clear
  // them.
  ProgramByte(flash, 4096, 0xA5);
  flash.EraseCut(4096);
  EXPECT_EQ(ByteAt(flash, 4096) & std::byte{0xA5}, std::byte{0xA5});
}

TEST(FlashMemoryTest, WearsOut) {
  FlashMemory flash({.size_bytes = 8192, .erase_cycles_max = 10, .worn_failure = 1}, Seed(1));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(flash.Erase(0), DP_OK);
  EXPECT_EQ(flash.Erase(0), DP_ERR_IO);
  EXPECT_EQ(flash.Erase(4096), DP_OK);
  EXPECT_EQ(flash.erase_count_max(), 11u);
}

}  // namespace
}  // namespace dustproof
