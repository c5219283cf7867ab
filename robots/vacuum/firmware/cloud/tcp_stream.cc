#include "robots/vacuum/firmware/cloud/tcp_stream.h"

namespace vacuum {
namespace {

// No peer of ours leaves its window shut for longer.
constexpr uint64_t kSendTimeoutUs = Seconds(15);

}  // namespace

bool TcpStream::Write(const void* data, size_t bytes) {
  return sockets_.send(socket_, data, bytes, kSendTimeoutUs) == static_cast<int32_t>(bytes);
}

int TcpStream::Read(void* out, size_t capacity, uint64_t timeout_us) {
  return sockets_.receive(socket_, out, capacity, timeout_us);
}

}  // namespace vacuum
