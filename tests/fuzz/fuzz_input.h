#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "sim/core/check.h"

/// What every fuzz target reads its input with. A target feeds a parser with any bytes at all;
/// beside the sanitizers it checks what must hold of the answer (DP_CHECK), e.g. that what was read
/// can be written and read again.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace dustproof::fuzz {

/// The input, taken from its front. Where it has ended, numbers are 0 and ranges empty.
class Input {
 public:
  Input(const uint8_t* data, size_t size) : rest_(reinterpret_cast<const std::byte*>(data), size) {}

  uint8_t Byte() {
    if (rest_.empty()) return 0;
    const auto value = std::to_integer<uint8_t>(rest_.front());
    rest_ = rest_.subspan(1);
    return value;
  }
  uint16_t Word() {
    const unsigned high = Byte();
    return static_cast<uint16_t>(high << 8 | Byte());
  }
  std::span<const std::byte> Take(size_t bytes) {
    const auto taken = rest_.first(std::min(bytes, rest_.size()));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }
  /// Up to the next byte of that value, which is taken too and not given.
  std::span<const std::byte> TakeUntil(std::byte end) {
    const auto at = std::find(rest_.begin(), rest_.end(), end);
    const auto taken = Take(static_cast<size_t>(at - rest_.begin()));
    Take(1);
    return taken;
  }
  std::span<const std::byte> Rest() { return Take(rest_.size()); }
  bool empty() const { return rest_.empty(); }

 private:
  std::span<const std::byte> rest_;
};

inline std::string_view AsText(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A file in memory, for parsers that open a path.
class MemoryFile {
 public:
  MemoryFile() : fd_(memfd_create("fuzz-input", MFD_CLOEXEC)) { DP_CHECK(fd_ >= 0); }
  ~MemoryFile() { close(fd_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  /// Replaces the content. Nobody may have the file mapped.
  void Fill(std::span<const std::byte> bytes) {
    DP_CHECK(ftruncate(fd_, 0) == 0);
    DP_CHECK(pwrite(fd_, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  }
  std::string path() const { return "/proc/self/fd/" + std::to_string(fd_); }

 private:
  int fd_;
};

}  // namespace dustproof::fuzz
