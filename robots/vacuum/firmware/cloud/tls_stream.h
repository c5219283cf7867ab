#pragma once

#include <memory>
#include <string>

#include "robots/vacuum/firmware/cloud/byte_stream.h"
#include "robots/vacuum/firmware/platform.h"

namespace vacuum {

/// What all TLS connections of the robot share: randomness, the trust anchor, the client
/// certificate where there is one.
class TlsContext {
 public:
  /// `hal` outlives the context.
  explicit TlsContext(const Platform& hal);
  ~TlsContext();

 private:
  friend class TlsStream;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// TLS 1.2 to a server that must prove, by the factory's trust anchor, to be the host that was
/// asked for.
class TlsStream : public ByteStream {
 public:
  /// Blocking: looks `host` up, connects and shakes hands. Null on failure, with the reason in
  /// `why`.
  static std::unique_ptr<TlsStream> Connect(TlsContext& context, const std::string& host,
                                            uint16_t port, std::string* why);
  ~TlsStream() override;

  using ByteStream::Write;
  bool Write(const void* data, size_t bytes) override;
  int Read(void* out, size_t capacity, uint64_t timeout_us) override;

 private:
  struct Impl;
  explicit TlsStream(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace vacuum
