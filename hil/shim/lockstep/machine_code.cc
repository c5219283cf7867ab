// Lengths of x86-64 instructions (Intel's manual, volume 2, chapter 2 and appendix A): enough to
// walk a function from its first byte.

#include "hil/shim/lockstep/internal/machine_code.h"

#include <algorithm>
#include <string_view>

namespace dustproof::internal {
namespace {

constexpr size_t kInstructionBytesMax = 15;

// What follows an opcode, a letter for each of the 256: '-' nothing, 'b' an immediate byte, 'w'
// two, 'e' three, 'i' four (two behind 66), 'j' four in any case, 'q' four (two, or eight with
// REX.W), 'o' an address of eight; 'm' ModRM, 'B' ModRM and a byte, 'I' ModRM and four (two), 't'
// and 'T' the same where its register field is 0 or 1 (test); 'p' a prefix or an escape, 'x' no
// instruction.
constexpr std::string_view kOneByte =
    "mmmmbixxmmmmbixpmmmmbixxmmmmbixx"   // 00–1F
    "mmmmbipxmmmmbipxmmmmbipxmmmmbipx"   // 20–3F
    "pppppppppppppppp----------------"   // 40–5F
    "xxpmppppiIbB----bbbbbbbbbbbbbbbb"   // 60–7F
    "BIxBmmmmmmmmmmmm----------x-----"   // 80–9F
    "oooo----bi------bbbbbbbbqqqqqqqq"   // A0–BF
    "BBw-ppBIe-w--bx-mmmmxxx-mmmmmmmm"   // C0–DF
    "bbbbbbbbjjxb----p-pp--tT------mm";  // E0–FF
constexpr std::string_view kTwoBytes =
    "mmmmx-----x-xm-Bmmmmmmmmmmmmmmmm"   // 00–1F
    "mmmmmmmmmmmmmmmm--------pxpxxxxx"   // 20–3F
    "mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm"   // 40–5F
    "mmmmmmmmmmmmmmmmBBBBmmm-mmmmmmmm"   // 60–7F
    "jjjjjjjjjjjjjjjjmmmmmmmmmmmmmmmm"   // 80–9F
    "---mBmmm---mBmmmmmmmmmmmmmBmmmmm"   // A0–BF
    "mmBmBBBm--------mmmmmmmmmmmmmmmm"   // C0–DF
    "mmmmmmmmmmmmmmmmmmmmmmmmmmmmmmmm";  // E0–FF

/// Reads forward, and remembers when it ran out.
class Cursor {
 public:
  explicit Cursor(std::span<const uint8_t> code)
      : code_(code.first(std::min(code.size(), kInstructionBytesMax))) {}
  uint8_t Peek() const { return at_ < code_.size() ? code_[at_] : 0; }
  uint8_t Next() {
    const uint8_t byte = Peek();
    Skip(1);
    return byte;
  }
  void Skip(size_t bytes) { at_ += bytes; }
  size_t at() const { return at_; }
  bool good() const { return at_ <= code_.size(); }

 private:
  std::span<const uint8_t> code_;
  size_t at_ = 0;
};

bool IsPrefix(uint8_t byte) {
  constexpr uint8_t kPrefixes[] = {0x26, 0x2E, 0x36, 0x3E, 0x64, 0x65,
                                   0x66, 0x67, 0xF0, 0xF2, 0xF3};
  return std::find(std::begin(kPrefixes), std::end(kPrefixes), byte) != std::end(kPrefixes);
}

/// Skips ModRM with its SIB byte and displacement; returns ModRM.
uint8_t SkipModRm(Cursor& code) {
  const uint8_t modrm = code.Next();
  const int mode = modrm >> 6, memory = modrm & 7;
  if (mode == 3) return modrm;
  const bool based = memory != 4 || (code.Next() & 7) != 5;
  if (mode == 1) code.Skip(1);
  if (mode == 2 || (mode == 0 && (memory == 5 || !based))) code.Skip(4);
  return modrm;
}

/// Skips what follows the opcode; false where it is none.
bool SkipOperands(char kind, const Instruction& so_far, Cursor& code) {
  const size_t word = so_far.narrow ? 2 : 4;
  uint8_t modrm = 0;
  if (std::string_view("mBItT").find(kind) != std::string_view::npos) modrm = SkipModRm(code);
  const bool tests = (modrm & 0x38) <= 0x08;
  switch (kind) {
    case '-':
    case 'm':
      return true;
    case 'b':
    case 'B':
      code.Skip(1);
      return true;
    case 'w':
      code.Skip(2);
      return true;
    case 'e':
      code.Skip(3);
      return true;
    case 'i':
    case 'I':
      code.Skip(word);
      return true;
    case 'j':
      code.Skip(4);
      return true;
    case 'q':
      code.Skip(so_far.wide ? 8 : word);
      return true;
    case 'o':
      code.Skip(8);
      return true;
    case 't':
      code.Skip(tests ? 1 : 0);
      return true;
    case 'T':
      code.Skip(tests ? word : 0);
      return true;
    default:
      return false;
  }
}

/// Behind a VEX (C4, C5) or EVEX (62) prefix, whose first byte is consumed: which table the opcode
/// is of.
int SkipVector(uint8_t prefix, Cursor& code) {
  if (prefix == 0xC5) {
    code.Skip(1);
    return 1;
  }
  const int table = code.Next() & (prefix == 0x62 ? 0x07 : 0x1F);
  code.Skip(prefix == 0x62 ? 2 : 1);
  return table;
}

char VectorKind(int table, uint8_t opcode) {
  if (table == 3) return 'B';
  if (table != 1) return 'm';
  const char kind = kTwoBytes[opcode];
  return kind == 'B' || kind == '-' ? kind : 'm';
}

}  // namespace

std::optional<Instruction> Decode(std::span<const uint8_t> bytes) {
  Instruction found;
  Cursor code(bytes);
  while (IsPrefix(code.Peek())) found.narrow |= code.Next() == 0x66;
  if ((code.Peek() & 0xF0) == 0x40) {
    const uint8_t rex = code.Next();
    found.wide = (rex & 8) != 0;
    found.extended = (rex & 1) != 0;
  }
  found.opcode_at = static_cast<uint8_t>(code.at());
  const uint8_t opcode = code.Next();
  char kind = kOneByte[opcode];
  if (opcode == 0x0F) {
    const uint8_t second = code.Next();
    kind = kTwoBytes[second];
    if (second == 0x38 || second == 0x3A) {
      code.Skip(1);
      kind = second == 0x38 ? 'm' : 'B';
    }
  } else if (opcode == 0xC4 || opcode == 0xC5 || opcode == 0x62) {
    const int table = SkipVector(opcode, code);
    kind = VectorKind(table, code.Next());
  }
  if (!SkipOperands(kind, found, code) || !code.good()) return std::nullopt;
  found.bytes = static_cast<uint8_t>(code.at());
  return found;
}

std::optional<Unseen> UnseenKind(std::span<const uint8_t> code, const Instruction& instruction) {
  const size_t at = instruction.opcode_at;
  if (instruction.bytes < at + 2 || code[at] != 0x0F) return std::nullopt;
  if (code[at + 1] == 0x31) return Unseen::kTimestamp;
  if (instruction.bytes < at + 3) return std::nullopt;
  const uint8_t modrm = code[at + 2];
  if (code[at + 1] == 0x01 && modrm == 0xF9) return Unseen::kTimestampAndProcessor;
  if (code[at + 1] != 0xC7 || modrm < 0xF0) return std::nullopt;  // A register, field 6 or 7.
  const bool repeats = std::find(code.begin(), code.begin() + static_cast<ptrdiff_t>(at), 0xF3) !=
                       code.begin() + static_cast<ptrdiff_t>(at);
  return modrm >= 0xF8 && repeats ? Unseen::kProcessor : Unseen::kRandom;
}

}  // namespace dustproof::internal
