#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "hil/capture/messages.h"

/// Ways to write bytes down.
namespace dustproof::internal {

Bytes ToBytes(std::string_view text);
std::string Lower(std::string_view text);
std::string Upper(std::string_view text);
std::string ToHex(std::span<const std::byte> bytes);
std::string ToBase64(std::span<const std::byte> bytes);
std::string ToBase32(std::span<const std::byte> bytes);
std::string ToBase58(std::span<const std::byte> bytes);
Bytes ToVarint(uint64_t value);
/// Each two bytes in the other order, an odd last one dropped.
Bytes SwapPairs(const Bytes& bytes);
Bytes BigEndian32(uint32_t value);
uint32_t Crc32Of(std::string_view text);

}  // namespace dustproof::internal
