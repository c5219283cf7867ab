#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Little-endian bytes out and in, for what the firmware keeps in flash and for the map file.
namespace vacuum {

using Bytes = std::vector<uint8_t>;

class ByteWriter {
 public:
  void U8(uint8_t value) { bytes_.push_back(value); }
  void U16(uint16_t value) { Put(value, 2); }
  void U32(uint32_t value) { Put(value, 4); }
  void I16(int16_t value) { Put(static_cast<uint16_t>(value), 2); }
  void I32(int32_t value) { Put(static_cast<uint32_t>(value), 4); }
  void Raw(const void* data, size_t size) {
    const auto* first = static_cast<const uint8_t*>(data);
    bytes_.insert(bytes_.end(), first, first + size);
  }
  /// u16 length, then the characters; at most 65535 of them.
  void Text(std::string_view text) {
    U16(static_cast<uint16_t>(text.size()));
    Raw(text.data(), text.size());
  }

  const Bytes& bytes() const { return bytes_; }
  Bytes Take() { return std::move(bytes_); }

 private:
  void Put(uint32_t value, int count) {
    for (int i = 0; i < count; ++i) bytes_.push_back(static_cast<uint8_t>(value >> (8 * i)));
  }

  Bytes bytes_;
};

/// Reads what ByteWriter wrote. Past the end everything is zero and `ok()` turns false.
class ByteReader {
 public:
  ByteReader(const uint8_t* data, size_t size) : data_(data), size_(size) {}
  explicit ByteReader(const Bytes& bytes) : ByteReader(bytes.data(), bytes.size()) {}

  uint8_t U8() { return static_cast<uint8_t>(Get(1)); }
  uint16_t U16() { return static_cast<uint16_t>(Get(2)); }
  uint32_t U32() { return Get(4); }
  std::string Text() {
    const size_t length = U16();
    if (!Has(length)) return {};
    std::string text(reinterpret_cast<const char*>(data_ + at_), length);
    at_ += length;
    return text;
  }

  bool ok() const { return ok_; }
  size_t left() const { return size_ - at_; }

 private:
  bool Has(size_t count) {
    if (count > size_ - at_) ok_ = false;
    return ok_;
  }
  uint32_t Get(size_t count) {
    if (!Has(count)) return 0;
    uint32_t value = 0;
    for (size_t i = 0; i < count; ++i) value |= static_cast<uint32_t>(data_[at_ + i]) << (8 * i);
    at_ += count;
    return value;
  }

  const uint8_t* data_;
  size_t size_;
  size_t at_ = 0;
  bool ok_ = true;
};

/// CRC-32 as zlib's and PNG's.
uint32_t Crc32(const void* data, size_t size);

}  // namespace vacuum
