#include "sim/robot/flash.h"

#include <gtest/gtest.h>

#include <array>
#include <bit>

namespace dustproof {
namespace {

constexpr std::array<std::byte, 256> kZeros{};

FlashSpec Small() {
  FlashSpec spec;
  spec.size_kib = 16;
  return spec;
}

unsigned ByteAt(Flash& flash, uint32_t address) {
  std::byte value{};
  flash.Read(address, {&value, 1});
  return std::to_integer<unsigned>(value);
}

void ProgramByte(Flash& flash, uint32_t address, unsigned value) {
  const auto byte = static_cast<std::byte>(value);
  EXPECT_TRUE(flash.Program(address, {&byte, 1}));
}

int OnesIn(const Flash& flash, uint32_t address, uint32_t bytes) {
  int ones = 0;
  for (const std::byte byte : flash.image().subspan(address, bytes))
    ones += std::popcount(std::to_integer<unsigned>(byte));
  return ones;
}

TEST(FlashTest, ClearsBitsByProgramAndSetsThemByErase) {
  Flash flash(Small(), Seed(1));
  EXPECT_EQ(ByteAt(flash, 0), 0xFFu);
  ProgramByte(flash, 0, 0xF0);
  ProgramByte(flash, 0, 0x3C);
  EXPECT_EQ(ByteAt(flash, 0), 0x30u);  // 1111'0000 and 0011'1100.
  ProgramByte(flash, 4096, 0);
  EXPECT_TRUE(flash.Erase(0));
  EXPECT_EQ(ByteAt(flash, 0), 0xFFu);
  EXPECT_EQ(ByteAt(flash, 4096), 0u);  // Another block.
  EXPECT_EQ(flash.erase_count(), 1u);
}

TEST(FlashTest, ACutProgramHasClearedItsShareOfTheBitsAndTouchedNothingElse) {
  // 2048 bits to clear: the share that is cleared lies within five deviations (0.055) of progress.
  for (const double progress : {0.25, 0.5, 0.9}) {
    Flash flash(Small(), Seed(1));
    flash.ProgramCut(256, kZeros, progress);
    EXPECT_NEAR(1 - OnesIn(flash, 256, 256) / 2048.0, progress, 0.055);
    EXPECT_EQ(OnesIn(flash, 0, 256), 2048);
    EXPECT_EQ(OnesIn(flash, 512, 256), 2048);
  }
  Flash flash(Small(), Seed(1));
  flash.ProgramCut(0, kZeros, 0);
  EXPECT_EQ(OnesIn(flash, 0, 256), 2048);
  flash.ProgramCut(0, kZeros, 1);
  EXPECT_EQ(OnesIn(flash, 0, 256), 0);
}

TEST(FlashTest, ACutEraseOnlySetsBitsOfItsBlock) {
  Flash flash(Small(), Seed(1));
  for (uint32_t page = 0; page < 3 * 4096; page += 256) EXPECT_TRUE(flash.Program(page, kZeros));
  ProgramByte(flash, 4096, 0);
  flash.EraseCut(4096, 0.5);
  EXPECT_NEAR(OnesIn(flash, 4096, 4096) / 32768.0, 0.5, 0.02);
  EXPECT_EQ(OnesIn(flash, 0, 4096), 0);
  EXPECT_EQ(OnesIn(flash, 8192, 4096), 0);
  flash.EraseCut(4096, 1);
  EXPECT_EQ(OnesIn(flash, 4096, 4096), 32768);
}

TEST(FlashTest, CutsDifferByTheirSeedAndRepeatWithIt) {
  const auto cut = [](uint64_t seed) {
    Flash flash(Small(), Seed(1));
    flash.ReseedCuts(Seed(seed));
    flash.ProgramCut(0, kZeros, 0.5);
    return std::vector<std::byte>(flash.image().begin(), flash.image().end());
  };
  EXPECT_EQ(cut(7), cut(7));
  EXPECT_NE(cut(7), cut(8));
}

TEST(FlashTest, WearsOutBlockByBlock) {
  FlashSpec spec = Small();
  spec.erase_cycles_max = 10;
  spec.erase_cycles_at_start = 4;
  spec.worn_failure = 1;
  Flash flash(spec, Seed(1));
  for (int i = 0; i < 6; ++i) EXPECT_TRUE(flash.Erase(0));
  ProgramByte(flash, 0, 0x0F);
  EXPECT_FALSE(flash.Erase(0));
  EXPECT_EQ(ByteAt(flash, 0), 0x0Fu);  // A failed erase changes nothing.
  const std::byte zero{};
  EXPECT_FALSE(flash.Program(1, {&zero, 1}));
  EXPECT_TRUE(flash.Erase(4096));
  EXPECT_EQ(flash.erase_count_max(), 11u);
  EXPECT_EQ(flash.erase_count(), 8u);
}

TEST(FlashTest, ReadsWrongBitsAtTheirRateAndKeepsTheRightOnes) {
  FlashSpec spec = Small();
  spec.faults.bit_error_rate = 1e-3;
  Flash flash(spec, Seed(1));
  std::vector<std::byte> read(16384);
  int wrong = 0;
  for (int i = 0; i < 20; ++i) {
    flash.Read(0, read);
    for (const std::byte byte : read) wrong += 8 - std::popcount(std::to_integer<unsigned>(byte));
  }
  // 2,621,440 bits read: 2621 wrong ones, deviation 51.
  EXPECT_NEAR(wrong, 2621, 260);
  EXPECT_EQ(OnesIn(flash, 0, 16384), 16384 * 8);
}

TEST(FlashTest, ReadingDisturbsABlockUntilItIsErased) {
  FlashSpec spec = Small();
  spec.faults.read_disturb_reads = 100;
  Flash flash(spec, Seed(1));
  for (int i = 0; i < 1050; ++i) ByteAt(flash, 5000);  // The erase makes an end of the 50.
  const int lost = 32768 - OnesIn(flash, 4096, 4096);
  EXPECT_GT(lost, 0);
  EXPECT_LE(lost, 10);
  EXPECT_EQ(OnesIn(flash, 0, 4096), 32768);
  EXPECT_TRUE(flash.Erase(4096));
  for (int i = 0; i < 99; ++i) ByteAt(flash, 5000);
  EXPECT_EQ(OnesIn(flash, 4096, 4096), 32768);
}

TEST(FlashTest, LosesWritesWithoutAWordWhileThatFaultIsOn) {
  Flash flash(Small(), Seed(1));
  flash.SetFaults({.lost_write_probability = 1});
  EXPECT_TRUE(flash.Program(0, kZeros));
  EXPECT_EQ(OnesIn(flash, 0, 256), 2048);
  flash.SetFaults({});
  EXPECT_TRUE(flash.Program(0, kZeros));
  EXPECT_EQ(OnesIn(flash, 0, 256), 0);
  flash.SetFaults({.lost_write_probability = 1});
  EXPECT_TRUE(flash.Erase(0));
  EXPECT_EQ(OnesIn(flash, 0, 256), 0);
}

}  // namespace
}  // namespace dustproof
