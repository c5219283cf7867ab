#include "hil/shim/lockstep/internal/machine_code.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <string>
#include <vector>

namespace dustproof::internal {
namespace {

using Code = std::vector<uint8_t>;

/// Length of the instruction that `code` begins with, more code behind it; 0 where it is none.
int LengthOf(Code code) {
  code.resize(code.size() + 15, 0x90);
  const auto instruction = Decode(code);
  return instruction ? instruction->bytes : 0;
}

std::optional<Unseen> KindOf(const Code& code) {
  const auto instruction = Decode(code);
  return instruction ? UnseenKind(code, *instruction) : std::nullopt;
}

// Encodings by hand, from Intel's manual.
TEST(MachineCodeTest, FindsTheEndOfAnInstruction) {
  EXPECT_EQ(LengthOf({0x90}), 1);                                      // nop
  EXPECT_EQ(LengthOf({0x48, 0x89, 0xE5}), 3);                          // mov %rsp,%rbp
  EXPECT_EQ(LengthOf({0x48, 0x8B, 0x44, 0x24, 0x08}), 5);              // mov 8(%rsp),%rax
  EXPECT_EQ(LengthOf({0x48, 0x8B, 0x05, 1, 2, 3, 4}), 7);              // mov …(%rip),%rax
  EXPECT_EQ(LengthOf({0x8B, 0x04, 0x25, 1, 2, 3, 4}), 7);              // mov 0x4030201,%eax
  EXPECT_EQ(LengthOf({0x48, 0xB8, 1, 2, 3, 4, 5, 6, 7, 8}), 10);       // movabs
  EXPECT_EQ(LengthOf({0x66, 0xB8, 1, 2}), 4);                          // mov $0x201,%ax
  EXPECT_EQ(LengthOf({0xF7, 0xC0, 1, 2, 3, 4}), 6);                    // test $…,%eax
  EXPECT_EQ(LengthOf({0xF7, 0xD8}), 2);                                // neg %eax
  EXPECT_EQ(LengthOf({0x0F, 0x84, 1, 2, 3, 4}), 6);                    // je
  EXPECT_EQ(LengthOf({0x66, 0x0F, 0x3A, 0x0F, 0xC1, 0x08}), 6);        // palignr $8,%xmm1,%xmm0
  EXPECT_EQ(LengthOf({0xC5, 0xF8, 0x77}), 3);                          // vzeroupper
  EXPECT_EQ(LengthOf({0xC4, 0xE3, 0x7D, 0x39, 0xC1, 0x01}), 6);        // vextracti128 $1
  EXPECT_EQ(LengthOf({0x62, 0xF1, 0x7C, 0x48, 0x28, 0x40, 0x01}), 7);  // vmovaps 64(%rax),%zmm0
  EXPECT_EQ(LengthOf({0x06}), 0);                                      // Not in 64-bit mode.
  EXPECT_FALSE(Decode(Code{0x48, 0x8B}).has_value());                  // Cut off.
}

TEST(MachineCodeTest, KnowsWhatAsksTheProcessor) {
  EXPECT_EQ(KindOf({0x0F, 0x31}), Unseen::kTimestamp);
  EXPECT_EQ(KindOf({0x0F, 0x01, 0xF9}), Unseen::kTimestampAndProcessor);
  EXPECT_EQ(KindOf({0xF3, 0x0F, 0xC7, 0xF8}), Unseen::kProcessor);
  EXPECT_EQ(KindOf({0x0F, 0xC7, 0xF0}), Unseen::kRandom);           // rdrand %eax
  EXPECT_EQ(KindOf({0x49, 0x0F, 0xC7, 0xF9}), Unseen::kRandom);     // rdseed %r9
  EXPECT_EQ(KindOf({0x0F, 0xC7, 0x4D, 0xF0}), std::nullopt);        // cmpxchg8b -16(%rbp)
  EXPECT_EQ(KindOf({0x0F, 0x01, 0xF8}), std::nullopt);              // swapgs
  EXPECT_EQ(KindOf({0xB8, 0x0F, 0x31, 0x00, 0x00}), std::nullopt);  // mov $0x310f,%eax
}

/// Bytes of every instruction of a library, as binutils' disassembler divides them.
std::vector<Code> Disassemble(const std::string& file) {
  std::vector<Code> instructions;
  FILE* text = popen(("objdump -d -w -j .text " + file + " 2>/dev/null").c_str(), "r");
  std::array<char, 512> line;
  while (text != nullptr && fgets(line.data(), line.size(), text) != nullptr) {
    const std::string words(line.data());
    const size_t begin = words.find(":\t");
    const size_t end = begin == std::string::npos ? begin : words.find('\t', begin + 2);
    if (end == std::string::npos || words.find("(bad)") != std::string::npos) continue;
    Code code;
    for (size_t at = begin + 2; at + 1 < end && words[at] != ' '; at += 3)
      code.push_back(static_cast<uint8_t>(std::stoi(words.substr(at, 2), nullptr, 16)));
    instructions.push_back(code);
  }
  if (text != nullptr) pclose(text);
  return instructions;
}

// The C library has hand-written code for every generation of processors.
TEST(MachineCodeTest, AgreesWithADisassembler) {
  const std::vector<Code> instructions = Disassemble("/lib/x86_64-linux-gnu/libc.so.6");
  if (instructions.empty()) GTEST_SKIP() << "no objdump, or no C library where Debian has it";
  EXPECT_GT(instructions.size(), 100'000u);
  for (const Code& code : instructions) {
    ASSERT_EQ(LengthOf(code), static_cast<int>(code.size())) << testing::PrintToString(code);
  }
}

}  // namespace
}  // namespace dustproof::internal
