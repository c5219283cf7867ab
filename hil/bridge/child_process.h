#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/core/result.h"

namespace dustproof {

/// A program that runs beside us, alone in an empty network namespace: no interface, not even
/// loopback. What it prints comes to us by a pipe; it dies with us.
class ChildProcess {
 public:
  /// Starts `path` with `environment`, and with nothing else of ours.
  [[nodiscard]] static Result<std::unique_ptr<ChildProcess>> Start(
      const std::string& path, const std::vector<std::string>& environment);
  /// Ends it (SIGKILL) and waits for it.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }
  /// Readable once it has ended.
  int end_fd() const { return pidfd_; }
  /// Whether the kernel gave it a namespace of its own.
  bool isolated() const { return isolated_; }
  /// CPU time of all its threads so far, seconds.
  double CpuSeconds() const;
  void Signal(int signal) const;
  /// Waits for its end and says it: "was ended by signal Killed", "ended with exit code 3".
  std::string WaitForEnd();
  /// What it has printed since the last call, a line at a time.
  void DrainOutput(const std::function<void(bool error, std::string_view line)>& on_line);

 private:
  struct Pipe {
    int fd = -1;
    std::string pending;
  };
  ChildProcess() = default;

  pid_t pid_ = -1;
  int pidfd_ = -1;
  bool isolated_ = false;
  int status_ = 0;
  Pipe output_, errors_;
};

}  // namespace dustproof
