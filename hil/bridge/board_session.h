#pragma once

#include <memory>
#include <string>
#include <zmq.hpp>

#include "hil/wire/wire.h"
#include "sim/core/result.h"
#include "sim/core/time.h"

namespace dustproof {

/// Messages between the run and one firmware's process, over a socket in a folder of its own.
class BoardSession {
 public:
  [[nodiscard]] static Result<std::unique_ptr<BoardSession>> Listen();
  ~BoardSession();
  BoardSession(const BoardSession&) = delete;
  BoardSession& operator=(const BoardSession&) = delete;

  /// Where the board connects to.
  const std::string& address() const { return address_; }
  /// Readable when a message may have come: ask `Receive` before waiting on it.
  int fd();
  /// The next message, or nothing where none is there. A message that is not one of ours is given
  /// without a body.
  bool Receive(wire::Message& message);
  /// Numbers and sends. To the board that spoke last.
  void Send(wire::Message& message, SimTime now);
  /// A new session: whoever speaks in the old one is not heard.
  void Begin(uint64_t session);

 private:
  BoardSession() = default;

  std::string folder_, address_;
  zmq::context_t context_{1};
  zmq::socket_t socket_{context_, zmq::socket_type::router};
  std::string peer_;
  uint64_t session_ = 0;
  uint64_t step_ = 0;
};

}  // namespace dustproof
