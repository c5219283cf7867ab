#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hil/link/session_guard.h"
#include "hil/wire/framing.h"
#include "sim/core/result.h"

namespace dustproof {

/// The run's end of a link to one board over a serial line (a terminal device, or a pty). Used on one
/// thread, which never waits in it, except to write.
class SerialHost {
 public:
  /// Opens the device, raw, at `baud` bits a second.
  [[nodiscard]] static Result<std::unique_ptr<SerialHost>> Open(const std::string& device, unsigned baud);
  ~SerialHost();
  SerialHost(const SerialHost&) = delete;
  SerialHost& operator=(const SerialHost&) = delete;

  /// Readable when a message may have come: ask `Receive` before waiting on it.
  int fd() const { return fd_; }

  enum class Heard { kNothing, kMessage, kRefused, kGone };
  /// The board's next word, into `message`. Answers repeated questions by itself.
  Heard Receive(wire::Message& message);
  /// Why the last kRefused was.
  const std::string& refusal() const { return guard_.reason(); }
  /// Frames that did not arrive whole so far.
  uint32_t damaged_frames() const { return decoder_.damaged; }

  /// Numbers and sends. Fails where the line is gone, or takes nothing for a second.
  [[nodiscard]] Result<void> Send(wire::Message& message, SimTime now);
  /// A new session: whoever speaks in the old one is not heard.
  void Begin(uint64_t session) { guard_.Begin(session); }

 private:
  SerialHost(std::string device, int fd);
  Result<void> Write(const std::string& bytes);

  const std::string device_;
  const int fd_;
  std::vector<uint8_t> frame_;  // The decoder's.
  dp_frame_decoder decoder_;
  std::vector<uint8_t> read_;  // Bytes that came behind the last whole frame.
  size_t next_ = 0;
  SessionGuard guard_;
};

}  // namespace dustproof
