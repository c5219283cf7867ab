#pragma once

#include <cctype>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dustproof {

/// Bytes from hexadecimal digits; spaces are for the reader.
inline std::vector<std::byte> FromHex(std::string_view text) {
  std::vector<std::byte> bytes;
  int digits = 0, value = 0;
  for (const char c : text) {
    if (c == ' ') continue;
    value = value * 16 + (c <= '9' ? c - '0' : c - 'a' + 10);
    if (++digits % 2 == 0) {
      bytes.push_back(static_cast<std::byte>(value));
      value = 0;
    }
  }
  return bytes;
}

inline std::string ToHex(std::span<const std::byte> bytes) {
  std::string text;
  for (const std::byte byte : bytes) {
    text += "0123456789abcdef"[std::to_integer<int>(byte) >> 4];
    text += "0123456789abcdef"[std::to_integer<int>(byte) & 15];
  }
  return text;
}

/// Every truncation of `packet`, then every change of one bit, then every byte at its extremes.
inline void ForEachMangled(std::span<const std::byte> packet,
                           const std::function<void(std::span<const std::byte>)>& check) {
  for (size_t length = 0; length <= packet.size(); ++length) check(packet.first(length));
  std::vector<std::byte> copy(packet.begin(), packet.end());
  for (size_t i = 0; i < copy.size(); ++i) {
    for (const std::byte original = copy[i]; int bit : {0, 1, 2, 3, 4, 5, 6, 7}) {
      copy[i] = original ^ static_cast<std::byte>(1 << bit);
      check(copy);
      copy[i] = original;
    }
    for (const std::byte original = copy[i]; int extreme : {0, 0x7f, 0xff}) {
      copy[i] = static_cast<std::byte>(extreme);
      check(copy);
      copy[i] = original;
    }
  }
}

}  // namespace dustproof
