#pragma once

#include <memory>
#include <string>

#include "hil/link/session_guard.h"
#include "sim/core/result.h"

namespace dustproof {

/// The run's end of a link to one board over ZeroMQ: a ROUTER at an ipc or loopback endpoint. Used on
/// one thread, which never waits in it.
class ZmqHost {
 public:
  /// At `endpoint`: ipc://path, or tcp://127.0.0.1:port, where the port * picks a free one; "" is an ipc
  /// socket in a folder of its own. Any other address is refused: a link that others can reach needs
  /// keys.
  [[nodiscard]] static Result<std::unique_ptr<ZmqHost>> Listen(const std::string& endpoint = "");
  ~ZmqHost();
  ZmqHost(const ZmqHost&) = delete;
  ZmqHost& operator=(const ZmqHost&) = delete;

  /// Where the board connects to.
  const std::string& address() const { return address_; }
  /// Readable when a message may have come: ask `Receive` before waiting on it.
  int fd();

  enum class Heard { kNothing, kMessage, kRefused };
  /// The board's next word, into `message`. Answers repeated questions by itself. What is refused is
  /// told its reason, unless it is from the board of this session: that is the caller's to judge.
  Heard Receive(wire::Message& message);
  /// Of the last kRefused: why, and whether it came from this session's board, or before there was one.
  const std::string& refusal() const { return guard_.reason(); }
  bool refused_own() const { return refused_own_; }

  /// Numbers and sends.
  void Send(wire::Message& message, SimTime now);
  /// A new session: whoever speaks in the old one is not heard.
  void Begin(uint64_t session) { guard_.Begin(session); }

 private:
  struct Socket;
  ZmqHost();
  Result<void> Bind(const std::string& endpoint);
  void SendTo(const std::string& route, const std::string& bytes);
  void TellRefusal(const std::string& route);

  std::string folder_, address_;
  std::unique_ptr<Socket> socket_;
  SessionGuard guard_;
  bool refused_own_ = false;
};

}  // namespace dustproof
