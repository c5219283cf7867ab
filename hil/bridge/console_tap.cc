#include "hil/bridge/console_tap.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace dustproof {

Result<std::unique_ptr<ConsoleTap>> ConsoleTap::Open(const std::string& command) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return Error::Environment(std::string("cannot make a pipe: ") + std::strerror(errno));
  const pid_t child = fork();
  if (child < 0) return Error::Environment(std::string("cannot start the console's command: ") + std::strerror(errno));
  if (child == 0) {
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int nothing = open("/dev/null", O_RDWR);
    dup2(nothing, STDIN_FILENO);
    dup2(ends[1], STDOUT_FILENO);
    dup2(nothing, STDERR_FILENO);
    syscall(SYS_close_range, 3, ~0U, 0);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
    _exit(127);
  }
  setpgid(child, child);
  close(ends[1]);
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return std::unique_ptr<ConsoleTap>(new ConsoleTap(child, ends[0]));
}

ConsoleTap::~ConsoleTap() {
  kill(-pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  close(fd_);
}

bool ConsoleTap::Drain(const std::function<void(std::span<const std::byte>)>& on_bytes) {
  std::byte buffer[4096];
  ssize_t count;
  while ((count = read(fd_, buffer, sizeof buffer)) > 0) on_bytes({buffer, static_cast<size_t>(count)});
  return count < 0 && (errno == EAGAIN || errno == EINTR);
}

}  // namespace dustproof
