#pragma once

#include <memory>
#include <optional>
#include <string>

#include "hil/link/link_keys.h"
#include "hil/wire/wire.h"
#include "sim/core/result.h"
#include "sim/core/time.h"

namespace dustproof {

/// The run's end of a link to one board. Used on one thread, which never waits in it.
class BoardLink {
 public:
  virtual ~BoardLink() = default;

  /// Where the board connects to, or hangs on.
  virtual const std::string& address() const = 0;
  /// Readable when a message may have come: ask `Receive` before waiting on it.
  virtual int fd() const = 0;
  /// The same for a board that shows its key; -1 where no key is asked for.
  virtual int key_fd() const { return -1; }
  /// Whether there is something to receive that `fd` no longer shows.
  virtual bool has_message() const = 0;

  enum class Heard {
    kNothing,
    kMessage,
    kHeartbeat,
    kRefused,  ///< `refusal` says why.
    kGone,     ///< The line is: nothing more can come.
  };
  /// The board's next word, into `message`. Answers repeated questions by itself.
  virtual Heard Receive(wire::Message& message) = 0;

  struct Refusal {
    std::string why;
    bool of_board = false;  ///< Of this session's board, or before there was one.
    bool for_gap = false;   ///< Messages before it were lost: the link's fault.
    bool of_hello = false;  ///< A board that begins, beside the one that we have.
  };
  /// Of the last kRefused.
  const Refusal& refusal() const { return refusal_; }

  /// Numbers and sends. Fails where the line is gone, or takes nothing.
  virtual Result<void> Send(wire::Message& message, SimTime now) = 0;
  /// A new session: whoever speaks in the old one is not heard.
  virtual void Begin(uint64_t session) = 0;
  /// The board is gone, or about to: the next one that says Hello is taken.
  virtual void ForgetBoard() = 0;
  /// Sends a last word and closes the link, once that is on its way.
  virtual void End(wire::Message& message, SimTime now) = 0;

 protected:
  Refusal refusal_;
};

/// At `endpoint`: "ipc://PATH", "tcp://ADDRESS:PORT" (`ZmqHost::Listen`), or "serial:DEVICE" and "serial:DEVICE@BAUD"
/// (`ParseSerialLine`, `FindSerialDevice`).
[[nodiscard]] Result<std::unique_ptr<BoardLink>> OpenBoardLink(const std::string& endpoint = "", std::optional<LinkKeys> keys = {});

}  // namespace dustproof
