#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace dustproof::internal {

/// One x86-64 instruction, as far as finding the next one takes.
struct Instruction {
  uint8_t bytes = 0;  ///< Of the whole instruction, 1–15.
  uint8_t opcode_at =
      0;  ///< Where its opcode begins, behind the prefixes (at the 0F of two-byte ones).
  bool wide = false;      ///< REX.W: 64-bit operands.
  bool narrow = false;    ///< 66: 16-bit operands.
  bool extended = false;  ///< REX.B: registers 8–15 in the last field of ModRM.
};

/// The instruction at the beginning of `code`, or nothing where the bytes are none.
std::optional<Instruction> Decode(std::span<const uint8_t> code);

/// Instructions that ask the processor for time, chance or its own number, and ask nobody else.
enum class Unseen : uint8_t { kTimestamp, kTimestampAndProcessor, kProcessor, kRandom };

/// Which of them an instruction is, or nothing.
std::optional<Unseen> UnseenKind(std::span<const uint8_t> code, const Instruction& instruction);

}  // namespace dustproof::internal
