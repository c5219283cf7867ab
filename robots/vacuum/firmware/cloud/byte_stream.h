#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace vacuum {

/// A reliable two-way stream of bytes.
class ByteStream {
 public:
  virtual ~ByteStream() = default;

  /// Blocking until all bytes are on their way. False: the stream is broken.
  virtual bool Write(const void* data, size_t bytes) = 0;
  /// Blocking until at least one byte is there. Returns the count, 0 when the peer has closed, or a
  /// dp_status (DP_ERR_TIMEOUT where `timeout_us` passed; the stream is then still good).
  virtual int Read(void* out, size_t capacity, uint64_t timeout_us) = 0;

  bool Write(std::string_view text) { return Write(text.data(), text.size()); }
};

}  // namespace vacuum
