#pragma once

#include <memory>
#include <optional>
#include <string>

#include "hil/link/board_link.h"
#include "hil/link/link_keys.h"
#include "hil/link/session_guard.h"
#include "sim/core/result.h"

namespace dustproof {

/// The run's end of a link to one board over ZeroMQ: a ROUTER. Used on one thread, which never waits
/// in it, and which also decides whose keys are let in.
class ZmqHost final : public BoardLink {
 public:
  /// At `endpoint`: ipc://path, or tcp://127.0.0.1:port, where the port * picks a free one; "" and ipc://* are an ipc
  /// socket in a folder of its own. With `keys` only boards whose key is allowed are heard, and others can
  /// listen in on nothing (CURVE); any other address is refused without.
  [[nodiscard]] static Result<std::unique_ptr<ZmqHost>> Listen(const std::string& endpoint = "",
                                                               std::optional<LinkKeys> keys = {});
  ~ZmqHost() override;
  ZmqHost(const ZmqHost&) = delete;
  ZmqHost& operator=(const ZmqHost&) = delete;

  const std::string& address() const override { return address_; }
  int fd() const override { return fd_; }
  int key_fd() const override { return key_fd_; }
  /// What was sent may have used up the sign of `fd`.
  bool has_message() const override;
  /// What is refused is told its reason, unless it is from the board of this session: that is the caller's to judge.
  Heard Receive(wire::Message& message) override;
  Result<void> Send(wire::Message& message, SimTime now) override;
  void Begin(uint64_t session) override { guard_.Begin(session); }
  void ForgetBoard() override;
  void End(wire::Message& message, SimTime now) override;

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
  bool had_board_ = false;  // What the last one had under way is not the next one's.
};

/// Whether only this machine can reach what listens there.
bool IsLoopback(const std::string& endpoint);

}  // namespace dustproof
