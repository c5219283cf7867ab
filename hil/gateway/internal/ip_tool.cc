#include "hil/gateway/internal/ip_tool.h"

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace dustproof::internal {
namespace {

std::string ReadAll(int fd) {
  std::string text;
  std::array<char, 4096> buffer;
  ssize_t count;
  while ((count = read(fd, buffer.data(), buffer.size())) > 0 || (count < 0 && errno == EINTR)) {
    if (count > 0) text.append(buffer.data(), static_cast<size_t>(count));
  }
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

}  // namespace

Result<std::string> RunIp(const std::vector<std::string>& words) {
  std::string command = "ip";
  std::vector<char*> arguments = {command.data()};
  for (const std::string& word : words) command += " " + word, arguments.push_back(const_cast<char*>(word.c_str()));
  std::string name = "ip";
  arguments[0] = name.data();
  arguments.push_back(nullptr);
  std::array<int, 2> output{};
  if (pipe(output.data()) != 0) return Error::Environment(std::string("cannot make a pipe: ") + std::strerror(errno));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output[1], STDERR_FILENO);
  posix_spawn_file_actions_addclose(&actions, output[0]);
  pid_t child = -1;
  char path[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";
  char* const environment[] = {path, nullptr};
  // In a group of its own: a Ctrl-C at the terminal is not for it, which may be giving the interface back.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  const int failed = posix_spawnp(&child, "ip", &actions, &attributes, arguments.data(), environment);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  close(output[1]);
  const std::string said = failed == 0 ? ReadAll(output[0]) : "";
  close(output[0]);
  if (failed != 0) return Error::Environment("cannot run `ip`: " + std::string(std::strerror(failed)) + (failed == ENOENT ? "; install the package iproute2" : ""));
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return said;
  return Error::Environment("`" + command + "` failed: " + (said.empty() ? "without a word" : said));
}

}  // namespace dustproof::internal
