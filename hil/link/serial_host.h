#pragma once

#include <memory>
#include <string>
#include <vector>

#include "hil/link/board_link.h"
#include "hil/link/session_guard.h"
#include "hil/wire/framing.h"
#include "sim/core/result.h"

namespace dustproof {

/// The run's end of a link to one board over a serial line (a terminal device, or a pty). Used on one
/// thread, which never waits in it, except to write.
class SerialHost final : public BoardLink {
 public:
  /// Opens the device, raw, at `baud` bits a second.
  [[nodiscard]] static Result<std::unique_ptr<SerialHost>> Open(const std::string& device, unsigned baud);
  ~SerialHost() override;
  SerialHost(const SerialHost&) = delete;
  SerialHost& operator=(const SerialHost&) = delete;

  const std::string& address() const override { return address_; }
  int fd() const override { return fd_; }
  bool has_message() const override { return next_ < read_.size(); }
  Heard Receive(wire::Message& message) override;
  /// Frames that did not arrive whole so far.
  uint32_t damaged_frames() const { return decoder_.damaged; }
  /// Fails where the line is gone, or takes nothing for a second.
  Result<void> Send(wire::Message& message, SimTime now) override;
  void Begin(uint64_t session) override { guard_.Begin(session); }
  void ForgetBoard() override { guard_.ForgetBoard(); }
  void End(wire::Message& message, SimTime now) override;

 private:
  SerialHost(std::string device, int fd);
  Result<void> Write(const std::string& bytes);
  void TellRefusal();

  const std::string device_, address_;
  const int fd_;
  std::vector<uint8_t> frame_;  // The decoder's.
  dp_frame_decoder decoder_;
  std::vector<uint8_t> read_;  // Bytes that came behind the last whole frame.
  size_t next_ = 0;
  SessionGuard guard_;
};

}  // namespace dustproof
