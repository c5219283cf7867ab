#pragma once

#include <algorithm>
#include <cstring>
#include <functional>
#include <string>

#include "robots/vacuum/firmware/cloud/byte_stream.h"
#include "robots/vacuum/firmware/platform.h"

namespace vacuum::test {

/// A stream whose other end is the test: what was written is in `sent`, what is in `to_read` comes
/// out in pieces.
class ScriptedStream : public ByteStream {
 public:
  using ByteStream::Write;
  bool Write(const void* data, size_t bytes) override {
    sent.append(static_cast<const char*>(data), bytes);
    if (on_write) on_write();
    return !broken;
  }
  int Read(void* out, size_t capacity, uint64_t timeout_us) override {
    if (to_read.empty()) {
      now_us += timeout_us;
      return closed ? 0 : static_cast<int>(DP_ERR_TIMEOUT);
    }
    const size_t count = std::min({capacity, piece_bytes, to_read.size()});
    std::memcpy(out, to_read.data(), count);
    to_read.erase(0, count);
    return static_cast<int>(count);
  }

  std::string sent, to_read;
  size_t piece_bytes = 1000000;
  bool closed = false, broken = false;
  uint64_t now_us = 0;  ///< Passes while nothing comes.
  std::function<void()> on_write;
};

}  // namespace vacuum::test
