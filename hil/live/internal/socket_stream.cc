#include "hil/live/internal/socket_stream.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <chrono>
#include <utility>

namespace dustproof::internal {
namespace {

using boost::asio::ip::tcp;
using boost::system::error_code;

constexpr size_t kReceivedBytesMax = 64 * 1024;
/// A closed connection hears the client out for so long: closing the socket before that would reset
/// the connection, and with it our last words.
constexpr std::chrono::seconds kLinger(5);

bool MustWait(const error_code& error) {
  return error == boost::asio::error::would_block || error == boost::asio::error::try_again;
}

}  // namespace

SocketStream::SocketStream(tcp::socket socket, Turn turn, std::shared_ptr<uint64_t> heard)
    : socket_(std::move(socket)), linger_(socket_.get_executor()), turn_(std::move(turn)), heard_(std::move(heard)) {
  error_code ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(tcp::no_delay(true), ignored);
  // Urgent bytes are bytes: out of line they would pass unseen.
  const int in_line = 1;
  setsockopt(socket_.native_handle(), SOL_SOCKET, SO_OOBINLINE, &in_line, sizeof in_line);
}

bool SocketStream::HasRoom() const { return discards_ || received_.size() < kReceivedBytesMax; }

void SocketStream::WaitToRead() {
  if (awaits_reading_ || peer_finished_ || !socket_.is_open() || !HasRoom()) return;
  awaits_reading_ = true;
  socket_.async_wait(tcp::socket::wait_read, [self = shared_from_this()](const error_code& error) {
    self->awaits_reading_ = false;
    if (error) return;
    self->turn_([&self] { self->ReadSocket(); });
  });
}

void SocketStream::ReadSocket() {
  if (!socket_.is_open()) return;
  std::array<std::byte, 16 * 1024> buffer;
  error_code error;
  const size_t count = socket_.read_some(boost::asio::buffer(buffer), error);
  if (count > 0) {
    const auto bytes = std::span(buffer).first(count);
    *heard_ += count;
    if (tap_) tap_(Side::kClient, bytes);
    if (!discards_) received_.insert(received_.end(), bytes.begin(), bytes.end());
  } else if (error == boost::asio::error::eof) {
    peer_finished_ = true;
    if (discards_) return Shut();
  } else if (error && !MustWait(error)) {
    return Break();
  }
  Notify();
  WaitToRead();
}

size_t SocketStream::Read(Side side, std::span<std::byte> out) {
  const std::span<const std::byte> unread = Peek(side);
  const size_t count = std::min(out.size(), unread.size());
  std::copy_n(unread.begin(), count, out.begin());
  read_position_ += count;
  if (read_position_ == received_.size()) {
    received_.clear();
    read_position_ = 0;
    WaitToRead();
  }
  return count;
}

size_t SocketStream::Write(Side, std::span<const std::byte> bytes) {
  if (status_ != NetStatus::kOk || discards_ || awaits_writing_ || bytes.empty()) return 0;
  error_code error;
  const size_t count =
      socket_.write_some(boost::asio::buffer(bytes.data(), bytes.size()), error);
  if (count > 0 && tap_) tap_(Side::kServer, bytes.first(count));
  if (error && !MustWait(error)) status_ = NetStatus::kClosed;
  // A broken connection can be written to at once: so its user hears of it.
  if (count < bytes.size()) WaitToWrite();
  return count;
}

void SocketStream::WaitToWrite() {
  awaits_writing_ = true;
  socket_.async_wait(tcp::socket::wait_write,
                     [self = shared_from_this()](const error_code& error) {
                       self->awaits_writing_ = false;
                       if (!error) self->turn_([&self] { self->Notify(); });
                     });
}

void SocketStream::Close(Side) {
  if (std::exchange(discards_, true) || !socket_.is_open()) return;
  on_event_ = nullptr;
  received_.clear();
  read_position_ = 0;
  error_code ignored;
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
  if (peer_finished_) return Shut();
  linger_.expires_after(kLinger);
  linger_.async_wait([self = shared_from_this()](const error_code& error) {
    if (!error) self->Shut();
  });
  WaitToRead();
}

void SocketStream::Abort(Side) {
  if (!socket_.is_open()) return;
  on_event_ = nullptr;
  error_code ignored;
  socket_.set_option(tcp::socket::linger(true, 0), ignored);
  Break();
}

void SocketStream::Break() {
  if (status_ == NetStatus::kOk) status_ = NetStatus::kClosed;
  Shut();
  Notify();
}

void SocketStream::Shut() {
  error_code ignored;
  linger_.cancel();
  socket_.close(ignored);
}

void SocketStream::Notify() {
  const std::function<void()> on_event = on_event_;  // It may be replaced while it is called.
  if (on_event) on_event();
}

}  // namespace dustproof::internal
