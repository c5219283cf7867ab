#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <deque>
#include <map>
#include <vector>

#include "hil/matrix/cell_group.h"
#include "hil/matrix/group_pool.h"
#include "hil/run/supervisor.h"

namespace dustproof {
namespace {

constexpr int kBadInputExit = 2;

class LocalPool final : public GroupPool {
 public:
  explicit LocalPool(size_t workers) : workers_(workers) {}
  ~LocalPool() override {
    Stop();
    for (auto& [fd, process] : processes_) Reap(fd, process.pid);
  }

  size_t slots() const override { return workers_; }

  Result<void> Start(size_t group, const std::string& path) override {
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) != 0) return Error::Environment(std::string("cannot make a pipe: ") + std::strerror(errno));
    const pid_t pid = fork();
    if (pid < 0) {
      const std::string why = std::strerror(errno);
      close(fds[0]), close(fds[1]);
      return Error::Environment("cannot start a worker: " + why);
    }
    if (pid == 0) {
      prctl(PR_SET_PDEATHSIG, SIGTERM);  // Should we be killed, it ends as well.
      dup2(fds[1], STDOUT_FILENO);
      execl("/proc/self/exe", "dustproof", kGroupWord, path.c_str(), nullptr);
      _exit(127);
    }
    close(fds[1]);
    processes_[fds[0]] = {group, pid, {}};
    return {};
  }

  std::optional<Event> Wait() override {
    if (!heard_.empty()) return TakeHeard();
    std::vector<pollfd> polled;
    for (const auto& [fd, process] : processes_) polled.push_back({fd, POLLIN, 0});
    if (polled.empty() || poll(polled.data(), polled.size(), -1) < 0) return std::nullopt;
    for (const pollfd& p : polled) {
      if (p.revents != 0) Hear(p.fd);
    }
    if (heard_.empty()) return std::nullopt;
    return TakeHeard();
  }

  void Stop() override {
    for (const auto& [fd, process] : processes_) kill(process.pid, SIGTERM);
  }

 private:
  struct Process {
    size_t group = 0;
    pid_t pid = -1;
    std::string pending;
  };

  Event TakeHeard() {
    Event event = std::move(heard_.front());
    heard_.pop_front();
    return event;
  }

  static int Reap(int fd, pid_t pid) {
    close(fd);
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
  }

  void Hear(int fd) {
    Process& process = processes_.at(fd);
    char buffer[4096];
    const ssize_t count = read(fd, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) return;
    if (count <= 0) {
      const int status = Reap(fd, process.pid);
      heard_.push_back({.group = process.group, .ended = true, .bad_input = WIFEXITED(status) && WEXITSTATUS(status) == kBadInputExit});
      processes_.erase(fd);
      return;
    }
    process.pending.append(buffer, static_cast<size_t>(count));
    for (size_t end; (end = process.pending.find('\n')) != std::string::npos; process.pending.erase(0, end + 1))
      heard_.push_back({.group = process.group, .line = process.pending.substr(0, end)});
  }

  const size_t workers_;
  std::map<int, Process> processes_;  // By the read end of its pipe.
  std::deque<Event> heard_;
};

}  // namespace

std::unique_ptr<GroupPool> MakeLocalPool(size_t workers) { return std::make_unique<LocalPool>(workers); }

}  // namespace dustproof
