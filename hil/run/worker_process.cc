#include "hil/run/worker_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "hil/run/supervisor.h"

namespace dustproof {
namespace {

volatile sig_atomic_t g_stop = 0;
volatile sig_atomic_t g_child = 0;  // That this worker waits for; 0 where there is none.

void OnStop(int) {
  g_stop = 1;
  if (g_child > 0) kill(static_cast<pid_t>(g_child), SIGTERM);
}

std::vector<char*> Pointers(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

// From the next program on. A container may forbid it: then firmware that depends on addresses differs
// from run to run, and `determinism` says so.
void FixAddresses() {
  const int now = personality(0xffffffff);
  if (now >= 0) personality(static_cast<unsigned long>(now) | ADDR_NO_RANDOMIZE);
}

// In the child: puts the report's pipe and what is handed over where the worker looks for them. First out of the way: one
// may lie at another one's place.
bool PlaceDescriptors(int report, const std::vector<int>& handed_over) {
  constexpr int kOutOfTheWay = 64;
  std::vector<int> all = {report};
  all.insert(all.end(), handed_over.begin(), handed_over.end());
  for (int& fd : all) {
    if ((fd = fcntl(fd, F_DUPFD_CLOEXEC, kOutOfTheWay)) < 0) return false;
  }
  for (size_t i = 0; i < all.size(); ++i) {
    if (dup2(all[i], kReportFd + static_cast<int>(i)) < 0) return false;
  }
  return true;
}

}  // namespace

std::vector<std::string> WorkerEnvironment(const WorkerSurroundings& surroundings) {
  std::string math = PortableMathSetting();
  if (!surroundings.cpu_features.empty()) math += "," + surroundings.cpu_features;
  if (!surroundings.tunables.empty()) math += ":" + surroundings.tunables;
  // Nothing of the user's but where libraries lie.
  std::vector<std::string> environment = {math, "LC_ALL=C", "TZ=UTC", "HOME=/nonexistent"};
  for (const char* name : {"LD_LIBRARY_PATH", "QEMU_LD_PREFIX", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"}) {
    if (const char* value = std::getenv(name))
      environment.push_back(std::string(name) + "=" + value);
  }
  environment.insert(environment.end(), surroundings.environment.begin(),
                     surroundings.environment.end());
  return environment;
}

Result<WorkerProcess> StartWorkerProcess(const char* word, const std::string& request,
                                         const WorkerSurroundings& surroundings) {
  int fds[2];
  if (pipe2(fds, O_CLOEXEC) != 0)
    return Error::Environment(std::string("cannot make a pipe: ") + std::strerror(errno));
  std::vector<std::string> words = surroundings.starter;
  if (words.empty()) words.push_back("dustproof");
  words.push_back(word);
  words.push_back(request);
  std::vector<std::string> environment = WorkerEnvironment(surroundings);
  const std::vector<char*> argv = Pointers(words), envp = Pointers(environment);
  const pid_t pid = fork();
  if (pid < 0)
    return Error::Environment(std::string("cannot start the run's process: ") +
                              std::strerror(errno));
  if (pid == 0) {
    // Should whoever waits for it be killed, it ends as well, sealed.
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (!PlaceDescriptors(fds[1], surroundings.handed_over)) _exit(127);
    if (surroundings.starter.empty()) {
      if (!surroundings.random_addresses) FixAddresses();
      dup2(STDERR_FILENO, STDOUT_FILENO);  // What firmware prints is no part of our results.
      execve(surroundings.executable.empty() ? "/proc/self/exe" : surroundings.executable.c_str(), argv.data(), envp.data());
    } else {
      const sigset_t held = StopSignalSet();
      sigprocmask(SIG_UNBLOCK, &held, nullptr);
      execv(argv[0], argv.data());
    }
    _exit(127);
  }
  close(fds[1]);
  if (surroundings.on_start) surroundings.on_start(pid);
  return WorkerProcess{pid, fds[0]};
}

int FollowWorker(const WorkerProcess& worker,
                 const std::function<void(const std::string& line)>& on_line) {
  std::string pending;
  char buffer[4096];
  for (;;) {
    const ssize_t count = read(worker.report, buffer, sizeof buffer);
    if (count == 0 || (count < 0 && errno != EINTR)) break;
    if (count < 0) continue;
    pending.append(buffer, static_cast<size_t>(count));
    for (size_t end; (end = pending.find('\n')) != std::string::npos; pending.erase(0, end + 1))
      on_line(pending.substr(0, end));
  }
  close(worker.report);
  return WaitFor(worker.pid);
}

int WaitFor(pid_t child) {
  g_child = child;
  if (WorkerStopRequested())
    kill(child, SIGTERM);  // It came before there was one to pass it on to.
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  g_child = 0;
  return status;
}

std::string EndOf(int status) {
  return WIFSIGNALED(status) ? std::string("was ended by signal ") + strsignal(WTERMSIG(status))
                             : "ended with exit code " + std::to_string(WEXITSTATUS(status));
}

void ReportLine(const std::string& line) {
  const std::string text = line + "\n";
  size_t done = 0;
  while (done < text.size()) {
    const ssize_t count = write(kReportFd, text.data() + done, text.size() - done);
    if (count <= 0) return;  // The supervisor is gone; the work still gets its end.
    done += static_cast<size_t>(count);
  }
}

void CatchWorkerStop() {
  struct sigaction action {};
  action.sa_handler = OnStop;
  action.sa_flags = SA_RESTART | SA_ONSTACK;  // Tasks of the firmware have small stacks.
  for (const int signal : kStopSignals) HandleUnlessIgnored(signal, action);
  signal(SIGPIPE, SIG_IGN);
  const sigset_t held_by_supervisor = StopSignalSet();
  sigprocmask(SIG_UNBLOCK, &held_by_supervisor, nullptr);
}

bool WorkerStopRequested() { return g_stop != 0; }

}  // namespace dustproof
