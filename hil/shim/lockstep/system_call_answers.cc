// What a trapped system call gets: a virtual value, the kernel's answer, or the end of the run.
//
// Runs inside a signal handler: nothing here allocates.

#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/uio.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "hil/shim/lockstep/internal/advice.h"
#include "hil/shim/lockstep/internal/firmware_files.h"
#include "hil/shim/lockstep/internal/system_call.h"
#include "hil/shim/lockstep/internal/virtual_state.h"

namespace dustproof::internal {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr uint64_t kRamBytes = 512u << 20;  // Of every robot, to libraries that size their buffers.

template <typename T>
T* PointerOf(long argument) {
  return reinterpret_cast<T*>(argument);
}
int FileOf(const SystemCall& call) { return static_cast<int>(call.arguments[0]); }
bool IsConsole(int fd) { return fd == 1 || fd == 2; }

CallVerdict Value(long value) { return {CallVerdict::Kind::kAnswered, value, nullptr, nullptr}; }
CallVerdict Refusal(const SystemCall& call, const char* detail = nullptr,
                    const char* advice = nullptr) {
  return {CallVerdict::Kind::kRefused, 0, detail,
          advice != nullptr ? advice : AdviceFor(call.number)};
}

template <typename T>
CallVerdict Fill(long argument, const T& value) {
  if (argument != 0) std::memcpy(PointerOf<void>(argument), &value, sizeof value);
  return Value(0);
}

// ---- Clocks and chance.

timespec SpecOf(int64_t ns) { return {.tv_sec = ns / kSecond, .tv_nsec = ns % kSecond}; }
timeval ValOf(int64_t ns) { return {.tv_sec = ns / kSecond, .tv_usec = ns % kSecond / 1000}; }

CallVerdict JudgeTimes(const SystemCall& call) {
  const long ticks = VirtualMonotonicNanoseconds() / (kSecond / 100);
  Fill(call.arguments[0], tms{ticks, 0, 0, 0});
  return Value(ticks);
}

CallVerdict JudgeUsage(const SystemCall& call) {
  rusage usage{};
  usage.ru_utime = ValOf(VirtualMonotonicNanoseconds());
  return Fill(call.arguments[1], usage);
}

CallVerdict JudgeClock(const SystemCall& call) {
  const auto& a = call.arguments;
  if (!VirtualTimeIsOn()) return Value(Reissue(call));
  switch (call.number) {
    case SYS_clock_gettime:
      return Fill(a[1], SpecOf(VirtualClock(static_cast<clockid_t>(a[0])).value_or(0)));
    case SYS_clock_getres:
      return Fill(a[1], timespec{.tv_sec = 0, .tv_nsec = 1});
    case SYS_gettimeofday:
      if (a[1] != 0) std::memset(PointerOf<void>(a[1]), 0, sizeof(struct timezone));
      return Fill(a[0], ValOf(VirtualUnixNanoseconds()));
    case SYS_time: {
      const time_t now = VirtualUnixNanoseconds() / kSecond;
      Fill(a[0], now);
      return Value(now);
    }
    case SYS_times:
      return JudgeTimes(call);
    default:
      return JudgeUsage(call);
  }
}

CallVerdict JudgeChance(const SystemCall& call) {
  if (!VirtualTimeIsOn()) return Value(Reissue(call));
  const auto bytes = static_cast<size_t>(call.arguments[1]);
  FillVirtualRandom({PointerOf<std::byte>(call.arguments[0]), bytes});
  return Value(static_cast<long>(bytes));
}

// ---- Memory: its own, private, and no code.

CallVerdict JudgeMemory(const SystemCall& call) {
  const long protection = call.arguments[2], flags = call.arguments[3];
  switch (call.number) {
    case SYS_mmap:
      if ((flags & MAP_ANONYMOUS) == 0 || (flags & MAP_TYPE) != MAP_PRIVATE ||
          (flags & MAP_FIXED) != 0 || (protection & PROT_EXEC) != 0)
        return Refusal(call);
      break;
    case SYS_mprotect:
      if ((protection & PROT_EXEC) != 0) return Refusal(call);
      break;
    case SYS_madvise: {
      constexpr long kHarmless[] = {MADV_DONTNEED,   MADV_FREE,     MADV_HUGEPAGE,
                                    MADV_NOHUGEPAGE, MADV_DONTDUMP, MADV_DODUMP};
      if (std::find(std::begin(kHarmless), std::end(kHarmless), protection) == std::end(kHarmless))
        return Value(-EINVAL);
      break;
    }
    default:  // brk, munmap, mremap.
      break;
  }
  return Value(Reissue(call));
}

/// In a program of one thread nobody can be woken, and nobody comes to wake.
CallVerdict JudgeFutex(const SystemCall& call) {
  const long operation = call.arguments[1] & FUTEX_CMD_MASK;
  if (operation == FUTEX_WAKE || operation == FUTEX_WAKE_BITSET) return Value(0);
  if (operation == FUTEX_WAIT || operation == FUTEX_WAIT_BITSET) {
    int now;
    std::memcpy(&now, PointerOf<void>(call.arguments[0]), sizeof now);
    if (now != static_cast<int>(call.arguments[2])) return Value(-EAGAIN);
    if (call.arguments[3] != 0) return Refusal(call, nullptr, advice::kWait);  // With a time-out.
  }
  return Refusal(call);
}

// ---- Files: random ones, the console, and none.

CallVerdict JudgeOpen(const SystemCall& call, const char* path, bool libraries_own) {
  switch (MeaningOf(path)) {
    case FileMeaning::kRandom:
      return Value(OpenVirtualRandomFile());
    case FileMeaning::kAbsent:
      return Value(-ENOENT);
    case FileMeaning::kForbidden:
      break;
  }
  if (libraries_own) return Value(-ENOENT);
  return Refusal(call, path, AdviceForFile(path));
}

CallVerdict JudgeRead(const SystemCall& call) {
  if (!OwnsDescriptor(FileOf(call)))
    return Refusal(call, nullptr, FileOf(call) == 0 ? advice::kConsole : advice::kFile);
  if (!VirtualTimeIsOn()) return Value(Reissue(call));
  if (call.number == SYS_read) {
    const auto bytes = static_cast<size_t>(call.arguments[2]);
    FillVirtualRandom({PointerOf<std::byte>(call.arguments[1]), bytes});
    return Value(static_cast<long>(bytes));
  }
  long total = 0;
  const auto* parts = PointerOf<const iovec>(call.arguments[1]);
  for (long i = 0; i < call.arguments[2]; ++i) {
    FillVirtualRandom({static_cast<std::byte*>(parts[i].iov_base), parts[i].iov_len});
    total += static_cast<long>(parts[i].iov_len);
  }
  return Value(total);
}

CallVerdict JudgeWrite(const SystemCall& call) {
  const int fd = FileOf(call);
  if (!IsConsole(fd) && !OwnsDescriptor(fd)) return Refusal(call);
  const iovec whole{PointerOf<void>(call.arguments[1]), static_cast<size_t>(call.arguments[2])};
  const bool single = call.number == SYS_write;
  const iovec* parts = single ? &whole : PointerOf<const iovec>(call.arguments[1]);
  long total = 0;
  for (long i = 0; i < (single ? 1 : call.arguments[2]); ++i) {
    if (IsConsole(fd))
      PrintToConsole(fd, static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
    total += static_cast<long>(parts[i].iov_len);
  }
  return Value(total);
}

/// Standard streams look like a terminal, so that what is printed comes line by line.
CallVerdict FillTerminalStat(long argument) {
  struct stat terminal {};
  terminal.st_mode = S_IFCHR | 0620;
  terminal.st_rdev = makedev(136, 0);
  terminal.st_blksize = 1024;
  return Fill(argument, terminal);
}

CallVerdict JudgeStat(const SystemCall& call, bool libraries_own) {
  const bool by_descriptor =
      call.number == SYS_fstat ||
      (call.number == SYS_newfstatat && (call.arguments[3] & AT_EMPTY_PATH) != 0 &&
       *PointerOf<const char>(call.arguments[1]) == '\0');
  if (by_descriptor) {
    const int fd = FileOf(call);
    if (OwnsDescriptor(fd)) return Value(Reissue(call));
    if (fd >= 0 && fd <= 2)
      return FillTerminalStat(call.arguments[call.number == SYS_fstat ? 1 : 2]);
    return Value(-EBADF);
  }
  const bool path_first = call.number == SYS_stat || call.number == SYS_lstat ||
                          call.number == SYS_access || call.number == SYS_readlink ||
                          call.number == SYS_statfs;
  return JudgeOpen(call, PointerOf<const char>(call.arguments[path_first ? 0 : 1]), libraries_own);
}

/// Calls on a descriptor: those of the firmware's own go through, harmless questions about the
/// console are answered.
CallVerdict JudgeDescriptor(const SystemCall& call) {
  const int fd = FileOf(call);
  if (OwnsDescriptor(fd)) {
    if (call.number == SYS_close) DropDescriptor(fd);
    return Value(Reissue(call));
  }
  if (call.number == SYS_close && !IsConsole(fd)) return Value(-EBADF);
  if (fd < 0 || fd > 2) return Refusal(call);
  if (call.number == SYS_lseek) return Value(-ESPIPE);
  if (call.number == SYS_ioctl) return Value(-ENOTTY);
  if (call.number == SYS_fcntl && call.arguments[1] == F_GETFL) return Value(O_RDWR);
  return Refusal(call);
}

// ---- Signals.

CallVerdict JudgeSignalAction(const SystemCall& call, bool libraries_own) {
  if (call.arguments[2] != 0) std::memset(PointerOf<void>(call.arguments[2]), 0, 4 * sizeof(long));
  if (call.arguments[1] == 0 || libraries_own) return Value(0);
  // Ignoring what can't come is common in firmware that is also built for Linux.
  const bool ignores =
      *PointerOf<void* const>(call.arguments[1]) == reinterpret_cast<void*>(SIG_IGN);
  if (call.arguments[0] == SIGPIPE && ignores) return Value(0);
  return Refusal(call);
}

CallVerdict JudgeKill(const SystemCall& call) {
  const long signal = call.arguments[call.number == SYS_tgkill ? 2 : 1];
  if (signal != SIGABRT) return Refusal(call);
  return {CallVerdict::Kind::kAborted, 0, nullptr, nullptr};
}

// ---- The machine: the same for every firmware.

CallVerdict JudgeMachine(const SystemCall& call) {
  const auto& a = call.arguments;
  switch (call.number) {
    case SYS_uname: {
      utsname name{};
      std::strcpy(name.sysname, "Linux");
      std::strcpy(name.nodename, "robot");
      std::strcpy(name.release, "6.1.0");
      std::strcpy(name.version, "#1");
      std::strcpy(name.machine, "x86_64");
      return Fill(a[0], name);
    }
    case SYS_sysinfo: {
      struct sysinfo info {};
      if (VirtualTimeIsOn()) info.uptime = VirtualMonotonicNanoseconds() / kSecond;
      info.totalram = info.freeram = kRamBytes;
      info.procs = 1;
      info.mem_unit = 1;
      return Fill(a[0], info);
    }
    case SYS_getcpu:
      Fill(a[1], 0u);
      return Fill(a[0], 0u);
    case SYS_sched_getaffinity: {
      const unsigned long first_only = 1;
      if (a[1] < static_cast<long>(sizeof first_only)) return Value(-EINVAL);
      Fill(a[2], first_only);
      return Value(sizeof first_only);
    }
    case SYS_getcwd:
      if (a[1] < 2) return Value(-ERANGE);
      std::memcpy(PointerOf<char>(a[0]), "/", 2);
      return Value(2);
    case SYS_prlimit64:
    case SYS_getrlimit: {
      const bool both = call.number == SYS_prlimit64;
      if (both && a[2] != 0) return Value(-EPERM);
      const long resource = a[both ? 1 : 0];
      const rlim_t limit = resource == RLIMIT_NOFILE  ? 1024
                           : resource == RLIMIT_STACK ? 8u << 20
                                                      : RLIM_INFINITY;
      return Fill(a[both ? 3 : 1], rlimit{limit, limit});
    }
    default:  // Names of threads.
      if (a[0] == PR_SET_NAME) return Value(0);
      if (a[0] != PR_GET_NAME) return Refusal(call);
      std::memcpy(PointerOf<char>(a[1]), "firmware", 9);
      return Value(0);
  }
}

}  // namespace

CallVerdict Judge(const SystemCall& call, bool libraries_own) {
  switch (call.number) {
    case SYS_clock_gettime:
    case SYS_clock_getres:
    case SYS_gettimeofday:
    case SYS_time:
    case SYS_times:
    case SYS_getrusage:
      return JudgeClock(call);
    case SYS_getrandom:
      return JudgeChance(call);
    case SYS_brk:
    case SYS_mmap:
    case SYS_munmap:
    case SYS_mremap:
    case SYS_mprotect:
    case SYS_madvise:
      return JudgeMemory(call);
    case SYS_mlock:
    case SYS_munlock:
    case SYS_mlock2:
    case SYS_mlockall:
    case SYS_munlockall:
      return Value(0);
    case SYS_futex:
      return JudgeFutex(call);
    case SYS_open:
      return JudgeOpen(call, PointerOf<const char>(call.arguments[0]), libraries_own);
    case SYS_openat:
      return JudgeOpen(call, PointerOf<const char>(call.arguments[1]), libraries_own);
    case SYS_read:
    case SYS_readv:
      return JudgeRead(call);
    case SYS_write:
    case SYS_writev:
      return JudgeWrite(call);
    case SYS_fstat:
    case SYS_newfstatat:
    case SYS_stat:
    case SYS_lstat:
    case SYS_statx:
    case SYS_statfs:
    case SYS_access:
    case SYS_faccessat:
    case SYS_faccessat2:
    case SYS_readlink:
    case SYS_readlinkat:
      return JudgeStat(call, libraries_own);
    case SYS_close:
    case SYS_lseek:
    case SYS_ioctl:
    case SYS_fcntl:
      return JudgeDescriptor(call);
    case SYS_rt_sigprocmask:
      if (call.arguments[2] != 0) std::memset(PointerOf<void>(call.arguments[2]), 0, 8);
      return Value(0);
    case SYS_rt_sigaction:
      return JudgeSignalAction(call, libraries_own);
    case SYS_sigaltstack:
      if (call.arguments[0] != 0) return Refusal(call);
      return Fill(call.arguments[1],
                  stack_t{.ss_sp = nullptr, .ss_flags = SS_DISABLE, .ss_size = 0});
    case SYS_kill:
    case SYS_tkill:
    case SYS_tgkill:
      return JudgeKill(call);
    case SYS_exit:
    case SYS_exit_group:
      return {CallVerdict::Kind::kExited, 0, nullptr, nullptr};
    case SYS_getpid:
    case SYS_gettid:
      return Value(1);
    case SYS_getppid:
    case SYS_getuid:
    case SYS_geteuid:
    case SYS_getgid:
    case SYS_getegid:
      return Value(0);
    case SYS_uname:
    case SYS_sysinfo:
    case SYS_getcpu:
    case SYS_sched_getaffinity:
    case SYS_getcwd:
    case SYS_prlimit64:
    case SYS_getrlimit:
    case SYS_prctl:
      return JudgeMachine(call);
    case SYS_membarrier:
    case SYS_get_mempolicy:
    case SYS_set_mempolicy:
    case SYS_mbind:
      return Value(-ENOSYS);
    default:
      return Refusal(call);
  }
}

}  // namespace dustproof::internal
