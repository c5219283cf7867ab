#include "hil/bridge/firmware_process.h"

#include <elf.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>

namespace dustproof {
namespace {

constexpr size_t kLineBytesMax = 1023;

Error LastError(const std::string& what) { return Error::Environment(what + ": " + std::strerror(errno)); }

std::vector<char*> Pointers(const std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

struct Emulator {
  uint16_t machine;
  const char* name;
};
constexpr Emulator kEmulators[] = {
    {EM_ARM, "qemu-arm"}, {EM_AARCH64, "qemu-aarch64"}, {EM_MIPS, "qemu-mipsel"}, {EM_RISCV, "qemu-riscv64"}};

// The words that run a program: itself, or behind the emulator of the processor that it is for.
Result<std::vector<std::string>> CommandFor(const std::string& path) {
  Elf32_Ehdr header{};  // As in 64 bits, up to what it is for.
  std::ifstream(path, std::ios::binary).read(reinterpret_cast<char*>(&header), sizeof header);
  for (const Emulator& emulator : kEmulators) {
    if (header.e_machine != emulator.machine) continue;
    for (const char* folder : {"/usr/bin/", "/usr/local/bin/"}) {
      if (access((std::string(folder) + emulator.name).c_str(), X_OK) == 0)
        return std::vector<std::string>{std::string(folder) + emulator.name, path};
    }
    return Error::Environment("the firmware " + path + " is for another processor, and there is no " + emulator.name +
                              ": install the package qemu-user");
  }
  return std::vector<std::string>{path};
}

bool IsInOurNamespace(pid_t pid) {
  std::error_code failed;
  const auto its = std::filesystem::read_symlink("/proc/" + std::to_string(pid) + "/ns/net", failed);
  return failed || its == std::filesystem::read_symlink("/proc/self/ns/net", failed);
}

// Whether a process has no network interface but loopback.
bool HasLoopbackOnly(pid_t pid) {
  std::ifstream interfaces("/proc/" + std::to_string(pid) + "/net/dev");
  bool only_loopback = interfaces.good();
  for (std::string line; std::getline(interfaces, line);) {
    const size_t colon = line.find(':'), begin = line.find_first_not_of(' ');
    if (colon != std::string::npos) only_loopback = only_loopback && line.substr(begin, colon - begin) == "lo";
  }
  return only_loopback;
}

// In the child, before its program: nothing here may allocate.
struct ChildSetup {
  char* const* argv;
  char* const* envp;
  int output, errors, isolation_report;
  pid_t parent;
};

[[noreturn]] void BecomeProgram(const ChildSetup& setup) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != setup.parent) _exit(127);  // The parent died before that.
  // Root needs no user namespace; others get a network namespace only with one.
  const char isolated = unshare(CLONE_NEWNET) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0 ? 'y' : 'n';
  [[maybe_unused]] const ssize_t told = write(setup.isolation_report, &isolated, 1);
  const int nothing = open("/dev/null", O_RDONLY);
  dup2(nothing, STDIN_FILENO);
  dup2(setup.output, STDOUT_FILENO);
  dup2(setup.errors, STDERR_FILENO);
  syscall(SYS_close_range, 3, ~0U, 0);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execve(setup.argv[0], setup.argv, setup.envp);
  _exit(127);
}

}  // namespace

Result<std::unique_ptr<FirmwareProcess>> FirmwareProcess::Start(const std::string& path,
                                                                const std::vector<std::string>& arguments,
                                                                const std::vector<std::string>& environment) {
  if (access(path.c_str(), X_OK) != 0) return LastError("cannot run the firmware " + path);
  Result<std::vector<std::string>> words = CommandFor(path);
  if (!words) return words.error();
  words->insert(words->end(), arguments.begin(), arguments.end());
  std::array<int, 2> output{}, errors{}, isolation{};
  if (pipe2(output.data(), O_CLOEXEC) != 0 || pipe2(errors.data(), O_CLOEXEC) != 0 ||
      pipe2(isolation.data(), O_CLOEXEC) != 0)
    return LastError("cannot make a pipe");
  const std::vector<char*> argv = Pointers(*words), envp = Pointers(environment);
  std::unique_ptr<FirmwareProcess> child(new FirmwareProcess());
  const pid_t self = getpid();
  child->pid_ = fork();
  child->is_ours_ = true;
  if (child->pid_ < 0) return LastError("cannot start the firmware's process");
  if (child->pid_ == 0)
    BecomeProgram({argv.data(), envp.data(), output[1], errors[1], isolation[1], self});
  for (const int fd : {output[1], errors[1], isolation[1]}) close(fd);
  char isolated = 'n';
  child->isolated_ = read(isolation[0], &isolated, 1) == 1 && isolated == 'y';
  close(isolation[0]);
  for (const int fd : {output[0], errors[0]}) fcntl(fd, F_SETFL, O_NONBLOCK);
  child->output_.fd = output[0];
  child->errors_.fd = errors[0];
  child->pidfd_ = static_cast<int>(syscall(SYS_pidfd_open, child->pid_, 0));
  if (child->pidfd_ < 0) return LastError("cannot watch the firmware's process");
  return child;
}

std::unique_ptr<FirmwareProcess> FirmwareProcess::Watch(pid_t pid) {
  std::unique_ptr<FirmwareProcess> process(new FirmwareProcess());
  process->pid_ = pid;
  if (pid <= 0) return process;
  process->pidfd_ = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  process->shares_our_network_ = IsInOurNamespace(pid);
  process->isolated_ = !process->shares_our_network_ && HasLoopbackOnly(pid);
  return process;
}

FirmwareProcess::~FirmwareProcess() {
  if (is_ours_ && pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  for (const int fd : {pidfd_, output_.fd, errors_.fd})
    if (fd >= 0) close(fd);
}

double FirmwareProcess::CpuSeconds() const {
  clockid_t clock{};
  timespec spent{};
  if (pid_ <= 0 || clock_getcpuclockid(pid_, &clock) != 0) return 0;
  syscall(SYS_clock_gettime, clock, &spent);  // The C library's is virtual in a run.
  return static_cast<double>(spent.tv_sec) + static_cast<double>(spent.tv_nsec) * 1e-9;
}

void FirmwareProcess::Signal(int signal) const {
  if (is_ours_ && pid_ > 0) kill(pid_, signal);
}

std::string FirmwareProcess::WaitForEnd() {
  if (!is_ours_) return "has ended";
  if (pid_ > 0) {
    while (waitpid(pid_, &status_, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
  }
  if (WIFSIGNALED(status_)) return std::string("was ended by signal ") + strsignal(WTERMSIG(status_));
  if (WEXITSTATUS(status_) == 127) return "could not be started";
  return "ended with exit code " + std::to_string(WEXITSTATUS(status_));
}

void FirmwareProcess::DrainOutput(const std::function<void(bool, std::string_view)>& on_line) {
  for (Pipe* pipe : {&output_, &errors_}) {
    char buffer[4096];
    ssize_t count;
    while ((count = read(pipe->fd, buffer, sizeof buffer)) > 0)
      pipe->pending.append(buffer, static_cast<size_t>(count));
    for (size_t end; (end = pipe->pending.find('\n')) != std::string::npos; pipe->pending.erase(0, end + 1))
      on_line(pipe == &errors_, std::string_view(pipe->pending).substr(0, std::min(end, kLineBytesMax)));
  }
}

}  // namespace dustproof
