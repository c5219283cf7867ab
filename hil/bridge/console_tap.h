#pragma once

#include <sys/types.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "sim/core/result.h"

namespace dustproof {

/// Hears what a board says on its console: the output of a command of the user's, as it comes.
class ConsoleTap {
 public:
  /// Starts `command` in a shell; it dies with us.
  [[nodiscard]] static Result<std::unique_ptr<ConsoleTap>> Open(const std::string& command);
  ~ConsoleTap();
  ConsoleTap(const ConsoleTap&) = delete;
  ConsoleTap& operator=(const ConsoleTap&) = delete;

  /// What came since the last call. False once nothing more can come: the command has ended.
  bool Drain(const std::function<void(std::span<const std::byte>)>& on_bytes);

 private:
  ConsoleTap(pid_t pid, int fd) : pid_(pid), fd_(fd) {}
  const pid_t pid_;
  const int fd_;
};

}  // namespace dustproof
