#pragma once

#include "robots/vacuum/firmware/cloud/byte_stream.h"
#include "robots/vacuum/firmware/platform.h"

namespace vacuum {

/// A connected TCP socket; closed at the end.
class TcpStream : public ByteStream {
 public:
  /// Takes over `socket`, connected or accepted.
  TcpStream(const dp_socket_v1& sockets, int32_t socket) : sockets_(sockets), socket_(socket) {}
  ~TcpStream() override { sockets_.close(socket_); }
  TcpStream(const TcpStream&) = delete;
  TcpStream& operator=(const TcpStream&) = delete;

  using ByteStream::Write;
  bool Write(const void* data, size_t bytes) override;
  int Read(void* out, size_t capacity, uint64_t timeout_us) override;

 private:
  const dp_socket_v1& sockets_;
  const int32_t socket_;
};

}  // namespace vacuum
