#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sim/core/time.h"

namespace dustproof {

using Bytes = std::vector<std::byte>;

/// One end of a byte stream as a sans-IO state machine: bytes and `now` in, bytes and a timer out.
/// A driver (hil/net in virtual time, real sockets for boards) calls it, drains `TakeOutput()`
/// after every call, and closes when `wants_close()`.
class StreamCore {
 public:
  virtual ~StreamCore() = default;
  virtual void OnOpen(SimTime now) { (void)now; }
  virtual void OnBytes(SimTime now, std::span<const std::byte> bytes) = 0;
  /// The peer closed or the link broke. Nothing is sent after it.
  virtual void OnClose(SimTime now) { (void)now; }
  virtual void OnTimer(SimTime now) { (void)now; }
  /// When `OnTimer` wants to be called next, if ever.
  virtual std::optional<SimTime> next_timer() const { return std::nullopt; }

  Bytes TakeOutput() { return std::exchange(output_, {}); }
  bool has_output() const { return !output_.empty(); }
  /// Output that is not on its way yet, here and with the driver.
  size_t unsent_bytes() const { return output_.size() + held_bytes_; }
  bool wants_close() const { return wants_close_; }
  /// How much of the output the driver holds because the peer does not take it.
  void set_held_bytes(size_t bytes) { held_bytes_ = bytes; }
  /// Called by the core when output appears outside of a driver's call (e.g. a broker publishes to
  /// another client's connection): the driver sets it and drains soon.
  void set_wake(std::function<void()> wake) { wake_ = std::move(wake); }

 protected:
  void Send(std::span<const std::byte> bytes) {
    output_.insert(output_.end(), bytes.begin(), bytes.end());
    if (wake_) wake_();
  }
  void Close() {
    wants_close_ = true;
    if (wake_) wake_();
  }

 private:
  Bytes output_;
  size_t held_bytes_ = 0;
  bool wants_close_ = false;
  std::function<void()> wake_;
};

/// What a server's application knows of a new connection.
struct StreamPeer {
  uint32_t address = 0;  ///< IPv4 of the client as the server sees it, host byte order.
  uint16_t port = 0;
  std::string server_name;  ///< TLS SNI, or the host name that the client resolved to this address.
  std::string client_certificate_subject;  ///< Common name of a verified client certificate, or "".
  bool encrypted = false;
};

/// Makes the application's end for each connection a server accepts; it sees plaintext, TLS is
/// peeled off by the driver.
class StreamService {
 public:
  virtual ~StreamService() = default;
  virtual std::unique_ptr<StreamCore> Accept(SimTime now, const StreamPeer& peer) = 0;
};

}  // namespace dustproof
