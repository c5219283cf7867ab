#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Big-endian reading and writing of packets. Reading past the end makes the reader fail and stay
/// failed: a decoder checks `ok()` once, at its end.
namespace dustproof::internal {

class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes, size_t position = 0)
      : bytes_(bytes), position_(position) {
    if (position > bytes.size()) ok_ = false;
  }

  bool ok() const { return ok_; }
  size_t position() const { return position_; }
  size_t left() const { return ok_ ? bytes_.size() - position_ : 0; }

  uint8_t U8() {
    if (left() < 1) return Fail();
    return std::to_integer<uint8_t>(bytes_[position_++]);
  }
  uint16_t U16() {
    const uint16_t high = U8();
    return static_cast<uint16_t>(high << 8 | U8());
  }
  uint32_t U32() {
    const uint32_t high = U16();
    return high << 16 | U16();
  }
  std::span<const std::byte> Take(size_t count) {
    if (left() < count) {
      Fail();
      return {};
    }
    const auto taken = bytes_.subspan(position_, count);
    position_ += count;
    return taken;
  }

 private:
  uint8_t Fail() {
    ok_ = false;
    return 0;
  }

  std::span<const std::byte> bytes_;
  size_t position_;
  bool ok_ = true;
};

class ByteWriter {
 public:
  void U8(uint8_t v) { bytes_.push_back(static_cast<std::byte>(v)); }
  void U16(uint16_t v) {
    U8(static_cast<uint8_t>(v >> 8));
    U8(static_cast<uint8_t>(v));
  }
  void U32(uint32_t v) {
    U16(static_cast<uint16_t>(v >> 16));
    U16(static_cast<uint16_t>(v));
  }
  void Append(std::span<const std::byte> bytes) {
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  }
  void Append(std::string_view text) { Append(std::as_bytes(std::span(text.data(), text.size()))); }
  void Zeros(size_t count) { bytes_.resize(bytes_.size() + count); }
  size_t size() const { return bytes_.size(); }
  std::vector<std::byte> Finish() { return std::move(bytes_); }

 private:
  std::vector<std::byte> bytes_;
};

inline std::string ToText(std::span<const std::byte> bytes) {
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

}  // namespace dustproof::internal
