#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "hil/net/byte_stream.h"

namespace dustproof::internal {

/// The server's end of a TCP connection. The client's end is on the other side of the socket: only
/// `Side::kServer` is asked for here. The kernel buffers what is sent; what arrives is held here up
/// to a limit, beyond which the client has to wait.
class SocketStream final : public ByteStream, public std::enable_shared_from_this<SocketStream> {
 public:
  /// Does something with the queue's time at the clock's.
  using Turn = std::function<void(const std::function<void()>&)>;

  /// `heard` counts the client's bytes.
  SocketStream(boost::asio::ip::tcp::socket socket, Turn turn, std::shared_ptr<uint64_t> heard);

  /// Begins to hear the client.
  void Start() { WaitToRead(); }

  void set_tap(Tap tap) override { tap_ = std::move(tap); }
  void set_on_event(Side, std::function<void()> on_event) override {
    on_event_ = std::move(on_event);
  }
  NetStatus status(Side) const override { return status_; }
  std::span<const std::byte> Peek(Side) const override {
    return std::span(received_).subspan(read_position_);
  }
  size_t Read(Side side, std::span<std::byte> out) override;
  bool at_end(Side side) const override { return peer_finished_ && Peek(side).empty(); }
  size_t Write(Side, std::span<const std::byte> bytes) override;
  void Close(Side) override;
  void Abort(Side) override;
  void Vanish(Side side) override { Abort(side); }

 private:
  bool HasRoom() const;
  void WaitToRead();
  void WaitToWrite();
  void ReadSocket();
  void Break();
  void Shut();
  void Notify();

  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer linger_;
  const Turn turn_;
  const std::shared_ptr<uint64_t> heard_;
  Tap tap_;
  std::function<void()> on_event_;
  NetStatus status_ = NetStatus::kOk;
  std::vector<std::byte> received_;
  size_t read_position_ = 0;
  bool peer_finished_ = false;
  bool discards_ = false;  // Closed: nobody reads.
  bool awaits_reading_ = false, awaits_writing_ = false;
};

}  // namespace dustproof::internal
