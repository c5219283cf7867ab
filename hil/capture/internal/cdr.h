#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "hil/capture/messages.h"

/// The byte format of ROS 2 messages: little-endian CDR (XCDR1). A message's layout is written
/// once, as a sequence of calls `io(field)`, and serves both directions.
namespace dustproof::internal {

static_assert(std::endian::native == std::endian::little,
              "CDR and MCAP are written by copying little-endian values");

/// Appends fields to `out`; every primitive is aligned to its size, counted from after the four
/// bytes of header.
class CdrWriter {
 public:
  explicit CdrWriter(Bytes& out);

  template <typename T>
  requires(std::is_arithmetic_v<T> || std::is_enum_v<T>) void operator()(T value) {
    Align(sizeof(T));
    Append(&value, sizeof(T));
  }
  void operator()(const std::string& text);
  void operator()(const std::vector<std::string>& texts);
  template <typename T>
  requires std::is_trivially_copyable_v<T>
  void operator()(const std::vector<T>& values) {
    (*this)(static_cast<uint32_t>(values.size()));
    if (values.empty()) return;
    Align(sizeof(T));
    Append(values.data(), values.size() * sizeof(T));
  }

 private:
  void Align(size_t bytes);
  void Append(const void* data, size_t bytes);

  Bytes& out_;
  size_t origin_;
};

/// Reads what `CdrWriter` wrote. Past the end every read gives zero and `ok()` turns false.
class CdrReader {
 public:
  explicit CdrReader(std::span<const std::byte> in);

  template <typename T>
  requires(std::is_arithmetic_v<T> || std::is_enum_v<T>) void operator()(T& value) {
    Align(sizeof(T));
    if (!Take(&value, sizeof(T))) value = T{};
  }
  void operator()(std::string& text);
  void operator()(std::vector<std::string>& texts);
  template <typename T>
  requires std::is_trivially_copyable_v<T>
  void operator()(std::vector<T>& values) {
    uint32_t count = 0;
    (*this)(count);
    values.clear();
    if (count == 0) return;
    Align(sizeof(T));
    if (count > (in_.size() - at_) / sizeof(T)) {
      Fail();
      return;
    }
    values.resize(count);
    Take(values.data(), count * sizeof(T));
  }
  /// Reads a field and drops it.
  template <typename T>
  T Skip() {
    T value{};
    (*this)(value);
    return value;
  }

  bool ok() const { return ok_; }

 private:
  void Align(size_t bytes);
  bool Take(void* data, size_t bytes);
  void Fail();

  std::span<const std::byte> in_;
  size_t at_ = 4;
  bool ok_ = true;
};

}  // namespace dustproof::internal
