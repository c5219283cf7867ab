#include "hil/net/net_types.h"

namespace dustproof {

std::string FormatAddress(uint32_t address) {
  return std::to_string(address >> 24) + "." + std::to_string(address >> 16 & 255) + "." +
         std::to_string(address >> 8 & 255) + "." + std::to_string(address & 255);
}

bool ParseAddress(const std::string& text, uint32_t* address) {
  uint32_t value = 0;
  size_t at = 0;
  for (int part = 0; part < 4; ++part) {
    uint32_t number = 0;
    size_t digits = 0;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9' && digits < 3; ++at, ++digits) {
      number = number * 10 + static_cast<uint32_t>(text[at] - '0');
    }
    if (digits == 0 || number > 255) return false;
    value = value << 8 | number;
    if (part < 3 && (at >= text.size() || text[at++] != '.')) return false;
  }
  if (at != text.size()) return false;
  *address = value;
  return true;
}

}  // namespace dustproof
