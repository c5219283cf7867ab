#pragma once

#include <cstddef>
#include <functional>
#include <span>

#include "hil/net/net_types.h"

namespace dustproof {

/// The two ends of a stream.
enum class Side : size_t { kClient = 0, kServer = 1 };
constexpr Side Other(Side side) { return side == Side::kClient ? Side::kServer : Side::kClient; }

/// A reliable byte stream between two hosts as its users see it, whatever carries it: a simulated
/// connection, which has both ends here, or a socket, which has the server's alone. Never waits.
class ByteStream {
 public:
  virtual ~ByteStream() = default;

  /// Hears bytes as they cross the boundary.
  using Tap = std::function<void(Side from, std::span<const std::byte> bytes)>;
  virtual void set_tap(Tap tap) = 0;
  /// Called when `side` may read, write, or has changed its status.
  virtual void set_on_event(Side side, std::function<void()> on_event) = 0;

  /// kNotYet while connecting, kOk while open, else why it is over.
  virtual NetStatus status(Side side) const = 0;
  /// What has arrived and was not read.
  virtual std::span<const std::byte> Peek(Side side) const = 0;
  /// Copies what has arrived; returns the count.
  virtual size_t Read(Side side, std::span<std::byte> out) = 0;
  /// Everything was read and the peer has said that no more comes.
  virtual bool at_end(Side side) const = 0;
  /// Takes as much as there is room for; returns the count.
  virtual size_t Write(Side side, std::span<const std::byte> bytes) = 0;
  /// Sends what was taken, then says that no more comes; nobody will read any more.
  virtual void Close(Side side) = 0;
  /// Tells the peer at once that it is over (RST).
  virtual void Abort(Side side) = 0;
  /// This end is gone without a word: power lost, or its radio left the network.
  virtual void Vanish(Side side) = 0;
};

}  // namespace dustproof
