#include "hil/bench/run_command.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "sim/config/number.h"

namespace dustproof {
namespace {

constexpr size_t kOutputBytesMax = 64 << 10;

std::string LastLine(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  const size_t begin = text.rfind('\n');
  return begin == std::string::npos ? text : text.substr(begin + 1);
}

std::string ReadBack(int fd) {
  std::string text(kOutputBytesMax, '\0');
  const ssize_t count = pread(fd, text.data(), text.size(), 0);
  text.resize(count < 0 ? 0 : static_cast<size_t>(count));
  return text;
}

[[noreturn]] void BecomeCommand(const BenchCommand& command, const std::string& folder, const std::map<std::string, std::string>& variables,
                                int output) {
  setpgid(0, 0);
  const int nothing = open("/dev/null", O_RDONLY);
  dup2(nothing, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  syscall(SYS_close_range, 3, ~0U, 0);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const auto& [name, value] : variables) setenv(name.c_str(), value.c_str(), 1);
  if (chdir(folder.c_str()) == 0) execl("/bin/sh", "sh", "-c", command.run.c_str(), nullptr);
  _exit(127);
}

}  // namespace

Result<std::string> RunBenchCommand(const std::string& what, const BenchCommand& command, const std::string& folder,
                                    const std::map<std::string, std::string>& variables) {
  // A file rather than a pipe: what a command leaves running may keep it open for ever.
  const int output = memfd_create("command", MFD_CLOEXEC);
  if (output < 0) return Error::Environment(what + ": no memory for its output");
  const pid_t child = fork();
  if (child == 0) BecomeCommand(command, folder, variables, output);
  if (child < 0) return Error::Environment(what + ": " + std::strerror(errno));
  setpgid(child, child);
  const int ended = static_cast<int>(syscall(SYS_pidfd_open, child, 0));
  pollfd wait{ended, POLLIN, 0};
  int ready;
  while ((ready = poll(&wait, 1, static_cast<int>(command.timeout.seconds() * 1000))) < 0 && errno == EINTR) {
  }
  if (ready == 0) kill(-child, SIGKILL);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  close(ended);
  const std::string text = ReadBack(output);
  close(output);
  const std::string said = LastLine(text).empty() ? "" : ", its last words: " + LastLine(text);
  if (ready == 0) return Error::Environment(what + " (`" + command.run + "`) was not done within " + FormatDuration(command.timeout) + said);
  if (WIFSIGNALED(status)) return Error::Environment(what + " (`" + command.run + "`) was ended by signal " + strsignal(WTERMSIG(status)) + said);
  if (WEXITSTATUS(status) != 0)
    return Error::Environment(what + " (`" + command.run + "`) ended with exit code " + std::to_string(WEXITSTATUS(status)) + said);
  return text;
}

}  // namespace dustproof
