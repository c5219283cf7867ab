#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/core/result.h"

namespace dustproof {

/// The process that a firmware runs in.
///
/// One that we start is alone in an empty network namespace: no interface, not even loopback. What it
/// prints comes to us by a pipe; it dies with us. Of one that somebody else starts only its end and
/// its CPU time are known, and whether it is as alone; on another machine nothing.
class FirmwareProcess {
 public:
  /// Starts `path` with `arguments` and `environment`, and with nothing else of ours. A program for another processor
  /// is run by qemu's emulator of it, which takes libraries from the folder that QEMU_LD_PREFIX names.
  [[nodiscard]] static Result<std::unique_ptr<FirmwareProcess>> Start(
      const std::string& path, const std::vector<std::string>& arguments, const std::vector<std::string>& environment);
  /// One that somebody else started; 0 where it is on another machine.
  [[nodiscard]] static std::unique_ptr<FirmwareProcess> Watch(pid_t pid);
  /// Ends it (SIGKILL) and waits for it, where it is ours.
  ~FirmwareProcess();
  FirmwareProcess(const FirmwareProcess&) = delete;
  FirmwareProcess& operator=(const FirmwareProcess&) = delete;

  /// Readable once it has ended; -1 where nobody can tell.
  int end_fd() const { return pidfd_; }
  /// Whether it is alone in a namespace of its own.
  bool isolated() const { return isolated_; }
  /// It is in our own network namespace: what stands at another one's way out does not see it.
  bool shares_our_network() const { return shares_our_network_; }
  /// CPU time of all its threads so far, seconds.
  double CpuSeconds() const;
  /// Nothing where it is not ours.
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
  FirmwareProcess() = default;

  pid_t pid_ = -1;
  bool is_ours_ = false;
  int pidfd_ = -1;
  bool isolated_ = false, shares_our_network_ = false;
  int status_ = 0;
  Pipe output_, errors_;
};

}  // namespace dustproof
