#include "hil/bench/run_command.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>

#include "sim/config/number.h"

namespace dustproof {
namespace {

constexpr size_t kOutputBytesMax = 64 << 10;
constexpr int kLookMs = 100;

std::string LastLine(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  const size_t begin = text.rfind('\n');
  return begin == std::string::npos ? text : text.substr(begin + 1);
}

// The end of what was written.
std::string ReadBack(int fd) {
  struct stat status {};
  fstat(fd, &status);
  std::string text(kOutputBytesMax, '\0');
  const ssize_t count = pread(fd, text.data(), text.size(), std::max<off_t>(0, status.st_size - static_cast<off_t>(kOutputBytesMax)));
  text.resize(count < 0 ? 0 : static_cast<size_t>(count));
  return text;
}

[[noreturn]] void BecomeCommand(const BenchCommand& command, const std::string& folder, const std::map<std::string, std::string>& variables,
                                int output) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // Who holds the board has died: nobody else may meet a command of it.
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

enum class Ended { kByItself, kTooLate, kStopped };

Ended AwaitEnd(pid_t child, SimDuration timeout, const CommandHooks& hooks) {
  const int ended = static_cast<int>(syscall(SYS_pidfd_open, child, 0));
  const double limit_s = timeout.seconds();
  timespec begin{}, now{};
  clock_gettime(CLOCK_MONOTONIC, &begin);
  Ended how = Ended::kByItself;
  for (pollfd wait{ended, POLLIN, 0}; poll(&wait, 1, kLookMs) <= 0;) {
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (hooks.stop_requested && hooks.stop_requested()) how = Ended::kStopped;
    if (static_cast<double>(now.tv_sec - begin.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec - begin.tv_nsec) > limit_s) how = Ended::kTooLate;
    if (how != Ended::kByItself) break;
  }
  if (how != Ended::kByItself) kill(-child, SIGKILL);
  close(ended);
  return how;
}

}  // namespace

Result<std::string> RunBenchCommand(const std::string& what, const BenchCommand& command, const std::string& folder,
                                    const std::map<std::string, std::string>& variables, const CommandHooks& hooks) {
  // A file rather than a pipe: what a command leaves running may keep it open for ever.
  const int output = open(std::filesystem::temp_directory_path().c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (output < 0) return Error::Environment(what + ": no file for its output: " + std::strerror(errno));
  const pid_t child = fork();
  if (child == 0) BecomeCommand(command, folder, variables, output);
  if (child < 0) return Error::Environment(what + ": " + std::strerror(errno));
  setpgid(child, child);
  if (hooks.on_group) hooks.on_group(child);
  const Ended how = AwaitEnd(child, command.timeout, hooks);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (hooks.on_group) hooks.on_group(0);
  const std::string text = ReadBack(output);
  close(output);
  const std::string said = LastLine(text).empty() ? "" : ", its last words: " + LastLine(text);
  const std::string named = what + " (`" + command.run + "`) ";
  if (how == Ended::kStopped) return Error::Environment(named + "was stopped" + said);
  if (how == Ended::kTooLate) return Error::Environment(named + "was not done within " + FormatDuration(command.timeout) + said);
  if (WIFSIGNALED(status)) return Error::Environment(named + "was ended by signal " + strsignal(WTERMSIG(status)) + said);
  if (WEXITSTATUS(status) != 0) return Error::Environment(named + "ended with exit code " + std::to_string(WEXITSTATUS(status)) + said);
  return text;
}

}  // namespace dustproof
