#include "hil/audit/internal/spellings.h"

#include <zlib.h>

#include <algorithm>
#include <cctype>
#include <vector>

namespace dustproof::internal {

namespace {
std::string ToBits(std::span<const std::byte> bytes, int bits, const char* digits) {
  std::string out;
  uint32_t buffer = 0;
  int held = 0;
  for (const std::byte b : bytes) {
    buffer = buffer << 8 | static_cast<uint8_t>(b);
    for (held += 8; held >= bits; held -= bits)
      out += digits[buffer >> (held - bits) & ((1u << bits) - 1)];
  }
  if (held > 0) out += digits[buffer << (bits - held) & ((1u << bits) - 1)];
  return out;
}
}  // namespace

Bytes ToBytes(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

std::string Lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::string Upper(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return out;
}

std::string ToHex(std::span<const std::byte> bytes) { return ToBits(bytes, 4, "0123456789abcdef"); }
std::string ToBase64(std::span<const std::byte> bytes) {
  return ToBits(bytes, 6, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
}
std::string ToBase32(std::span<const std::byte> bytes) {
  return ToBits(bytes, 5, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567");
}

std::string ToBase58(std::span<const std::byte> bytes) {
  static const char kDigits[] = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
  std::vector<uint32_t> digits;
  for (const std::byte b : bytes) {
    uint32_t carry = static_cast<uint8_t>(b);
    for (uint32_t& digit : digits) {
      carry += digit << 8;
      digit = carry % 58;
      carry /= 58;
    }
    for (; carry > 0; carry /= 58) digits.push_back(carry % 58);
  }
  std::string out;
  for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit) out += kDigits[*digit];
  return out;
}

Bytes ToVarint(uint64_t value) {
  Bytes out;
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<std::byte>(value | 0x80));
  out.push_back(static_cast<std::byte>(value));
  return out;
}

Bytes SwapPairs(const Bytes& bytes) {
  Bytes out(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(bytes.size() / 2 * 2));
  for (size_t i = 0; i + 1 < out.size(); i += 2) std::swap(out[i], out[i + 1]);
  return out;
}

Bytes BigEndian32(uint32_t value) {
  return {static_cast<std::byte>(value >> 24), static_cast<std::byte>(value >> 16),
          static_cast<std::byte>(value >> 8), static_cast<std::byte>(value)};
}

uint32_t Crc32Of(std::string_view text) {
  return static_cast<uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(text.data()), text.size()));
}

}  // namespace dustproof::internal
