#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "hil/audit/internal/content.h"

namespace dustproof::internal {

struct ProtobufField {
  uint32_t number = 0;
  int wire_type = 0;  ///< 0 varint, 1 fixed64, 2 bytes, 5 fixed32.
  uint64_t value = 0;
  ByteRange range;         ///< Of the value, without key and length.
  double AsFloat() const;  ///< Of a fixed field.
};

/// The fields of bytes that are one whole protobuf message: every byte used, every key plausible.
std::optional<std::vector<ProtobufField>> ScanProtobuf(std::span<const std::byte> in);

/// Varints up to the last byte, or nothing where the bytes end inside of one.
std::optional<std::vector<uint64_t>> ScanVarints(std::span<const std::byte> in);

}  // namespace dustproof::internal
