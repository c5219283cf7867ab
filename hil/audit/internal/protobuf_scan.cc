#include "hil/audit/internal/protobuf_scan.h"

#include <bit>
#include <cstring>

namespace dustproof::internal {

namespace {

constexpr uint32_t kFieldNumberMax = 2047;

bool TakeVarint(std::span<const std::byte> in, size_t& at, uint64_t& value) {
  value = 0;
  for (int shift = 0; shift < 70 && at < in.size(); shift += 7) {
    const auto byte = static_cast<uint8_t>(in[at++]);
    if (shift < 64) value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return true;
  }
  return false;
}

}  // namespace

double ProtobufField::AsFloat() const {
  return wire_type == 5 ? static_cast<double>(std::bit_cast<float>(static_cast<uint32_t>(value)))
                        : std::bit_cast<double>(value);
}

std::optional<std::vector<ProtobufField>> ScanProtobuf(std::span<const std::byte> in) {
  if (in.size() < 2) return std::nullopt;
  std::vector<ProtobufField> fields;
  size_t at = 0;
  while (at < in.size()) {
    uint64_t key = 0;
    if (!TakeVarint(in, at, key)) return std::nullopt;
    ProtobufField field;
    field.number = static_cast<uint32_t>(key >> 3);
    field.wire_type = static_cast<int>(key & 7);
    if (key >> 3 == 0 || key >> 3 > kFieldNumberMax) return std::nullopt;
    const size_t begin = at;
    if (field.wire_type == 0) {
      if (!TakeVarint(in, at, field.value)) return std::nullopt;
      field.range = {begin, at};
    } else if (field.wire_type == 1 || field.wire_type == 5) {
      const size_t bytes = field.wire_type == 1 ? 8 : 4;
      if (in.size() - at < bytes) return std::nullopt;
      std::memcpy(&field.value, in.data() + at, bytes);
      at += bytes;
      field.range = {begin, at};
    } else if (field.wire_type == 2) {
      uint64_t length = 0;
      if (!TakeVarint(in, at, length) || length > in.size() - at) return std::nullopt;
      field.range = {at, at + length};
      at += length;
    } else {
      return std::nullopt;
    }
    fields.push_back(field);
  }
  return fields;
}

std::optional<std::vector<uint64_t>> ScanVarints(std::span<const std::byte> in) {
  std::vector<uint64_t> values;
  size_t at = 0;
  while (at < in.size()) {
    const size_t begin = at;
    uint64_t value = 0;
    if (!TakeVarint(in, at, value) || at - begin > 5) return std::nullopt;
    values.push_back(value);
  }
  return values;
}

}  // namespace dustproof::internal
