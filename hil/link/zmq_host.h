#pragma once

#include <memory>
#include <optional>
#include <string>

#include "hil/link/link_keys.h"
#include "hil/link/session_guard.h"
#include "sim/core/result.h"

namespace dustproof {

/// The run's end of a link to one board over ZeroMQ: a ROUTER. Used on one thread, which never waits
/// in it, and which also decides whose keys are let in.
class ZmqHost {
 public:
  /// At `endpoint`: ipc://path, or tcp://127.0.0.1:port, where the port * picks a free one; "" and ipc://* are an ipc
  /// socket in a folder of its own. With `keys` only boards whose key is allowed are heard, and others can
  /// listen in on nothing (CURVE); any other address is refused without.
  [[nodiscard]] static Result<std::unique_ptr<ZmqHost>> Listen(const std::string& endpoint = "",
                                                               std::optional<LinkKeys> keys = {});
  ~ZmqHost();
  ZmqHost(const ZmqHost&) = delete;
  ZmqHost& operator=(const ZmqHost&) = delete;

  /// Where the board connects to.
  const std::string& address() const { return address_; }
  /// Readable when a message may have come: ask `Receive` before waiting on it.
  int fd() const { return fd_; }
  /// Whether there is something to receive. What was sent may have used up the sign of `fd`.
  bool has_message() const;
  /// The same for a board that shows its key; -1 where no key is asked for.
  int key_fd() const { return key_fd_; }

  enum class Heard { kNothing, kMessage, kHeartbeat, kRefused };
  /// The board's next word, into `message`. Answers repeated questions by itself. What is refused is
  /// told its reason, unless it is from the board of this session: that is the caller's to judge.
  Heard Receive(wire::Message& message);
  /// Of the last kRefused: why, and whether it came from this session's board, or before there was one.
  const std::string& refusal() const { return refusal_; }
  bool refused_own() const { return refused_own_; }
  /// And whether messages before it were lost: the link's fault.
  bool refused_for_gap() const { return guard_.has_gap(); }
  /// And whether it was a board that begins, beside the one that we have.
  bool refused_hello() const { return refused_hello_; }

  /// Numbers and sends.
  void Send(wire::Message& message, SimTime now);
  /// The board is gone, or about to: the next one that says Hello is taken.
  void ForgetBoard();
  /// Sends a last word and closes the link, once that is on its way.
  void End(wire::Message& message, SimTime now);
  /// A new session: whoever speaks in the old one is not heard.
  void Begin(uint64_t session) { guard_.Begin(session); }

 private:
  struct Socket;
  explicit ZmqHost(std::optional<LinkKeys> keys);
  Result<void> AskForKeys();
  /// Lets the next board in that shows a key, or refuses it; what became of it.
  Heard JudgeKey();
  Heard JudgeKeys();
  Result<void> Bind(const std::string& endpoint);
  void SendTo(const std::string& route, const std::string& bytes);
  void TellRefusal(const std::string& route);

  std::string folder_, address_;
  std::unique_ptr<Socket> socket_;
  int fd_ = -1, key_fd_ = -1;
  const std::optional<LinkKeys> keys_;
  SessionGuard guard_;
  std::string refusal_;
  bool refused_own_ = false, refused_hello_ = false;
  bool had_board_ = false;  // What the last one had under way is not the next one's.
};

/// Whether only this machine can reach what listens there.
bool IsLoopback(const std::string& endpoint);

}  // namespace dustproof
