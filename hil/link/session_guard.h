#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "hil/wire/wire.h"
#include "sim/core/time.h"

namespace dustproof {

/// Who a message came from, as the link knows it.
struct LinkSender {
  std::string route;  ///< The connection.
  std::string key;    ///< The public key that it proved to hold; "" where the link asks for none.
};

/// Decides which of the messages that come over a link are the board's next word. No sockets, no
/// clock: it is told what came from whom, and what was sent.
///
/// A session has one board: the one whose Hello was taken. Its messages come in order, each once. One
/// that comes twice, since its answer was lost, is answered with the same bytes again. All else is
/// refused, with a reason for people.
class SessionGuard {
 public:
  enum class Verdict {
    kTaken,     ///< `message()` is the board's next word.
    kRepeated,  ///< Taken before: send `Again()`.
    kHeartbeat,
    kRefused,  ///< `reason()` says why.
  };

  /// Judges what came. `message()` is valid after kTaken.
  Verdict Judge(const LinkSender& sender, std::span<const std::byte> bytes);
  wire::Message& message() { return message_; }
  const std::string& reason() const { return reason_; }
  /// Whether it was refused since others before it never came: the link's fault, not the board's.
  bool has_gap() const { return has_gap_; }
  /// Whether what was refused is a board that begins.
  bool was_hello() const { return message_.has_hello(); }
  /// Whether that is the session's board.
  bool is_own(const LinkSender& sender) const;

  /// The session's board is gone: another one may say Hello.
  void ForgetBoard() { board_ = {}; }
  /// A session begins: numbers start anew.
  void Begin(uint64_t session);
  /// Numbers a message and returns its bytes. They are kept for a repeated question.
  const std::string& Seal(wire::Message& message, SimTime now);
  /// What answered the board's last message, in order; nothing while the answer is still to come.
  std::vector<std::string> Again() const;
  /// The session's board; its route is "" before its Hello.
  const LinkSender& board() const { return board_; }
  bool has_board() const { return !board_.route.empty(); }

 private:
  Verdict JudgeHello(const LinkSender& sender);
  Verdict JudgeStep();
  Verdict Refuse(std::string reason);

  wire::Message message_;
  std::string reason_;
  bool has_gap_ = false;
  LinkSender board_;
  uint64_t session_ = 0;
  uint64_t heard_step_ = 0;  // Of the board's last message that was taken; 0 after its Hello.
  uint64_t sent_step_ = 0;
  uint64_t sent_time_ns_ = 0;
  bool in_lockstep_ = true;  // As the welcome said: a board in real time has a clock of its own.
  std::string welcome_, last_sent_;  // Bytes; the first also answers a Hello.
};

}  // namespace dustproof
