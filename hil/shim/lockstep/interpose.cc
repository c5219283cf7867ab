// C library functions that this executable puts before the C library's own, for every object in the
// process, and the HAL's one exported function. Compiled into executables by dustproof_link_host,
// never into a library: the definitions count only in the executable, with default visibility
// (host_symbols.list exports them).

#include <dlfcn.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <spawn.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/times.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <optional>

#include "hil/hal/dp_types.h"
#include "hil/shim/lockstep/crash_reporter.h"
#include "hil/shim/lockstep/internal/advice.h"
#include "hil/shim/lockstep/internal/firmware_files.h"
#include "hil/shim/lockstep/internal/firmware_image.h"
#include "hil/shim/lockstep/internal/hal_state.h"
#include "hil/shim/lockstep/internal/load_object.h"
#include "hil/shim/lockstep/internal/virtual_state.h"

namespace {

using namespace dustproof;            // NOLINT: everything else here is extern "C".
using namespace dustproof::internal;  // NOLINT

constexpr int64_t kSecond = 1'000'000'000;
/// The definition that ours hides.
template <typename Function>
Function* Next(Function*& known, const char* name) {
  if (known == nullptr) known = reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
  return known;
}

#define DP_NEXT(name)                         \
  ([]() {                                     \
    static decltype(&::name) known = nullptr; \
    return Next(known, #name);                \
  }())

timespec ToTimespec(int64_t ns) { return {.tv_sec = ns / kSecond, .tv_nsec = ns % kSecond}; }

bool IsRandomFile(const char* path) {
  return path != nullptr && VirtualTimeIsOn() &&
         (std::strcmp(path, "/dev/urandom") == 0 || std::strcmp(path, "/dev/random") == 0);
}

bool NeedsMode(int flags) { return (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE; }

mode_t ModeOf(int flags, va_list arguments) {
  return NeedsMode(flags) ? va_arg(arguments, mode_t) : 0;
}

/// What firmware gets for a file, or nothing where the system call is made: by the harness, or by a
/// library that looks about at its start, which the trap knows how to treat.
std::optional<int> OpenForFirmware(const char* call, const char* path) {
  if (!InFirmware()) return std::nullopt;
  switch (MeaningOf(path)) {
    case FileMeaning::kRandom:
      return OpenVirtualRandomFile();
    case FileMeaning::kAbsent:
      errno = ENOENT;
      return -1;
    case FileMeaning::kForbidden:
      break;
  }
  if (!FirmwareIsLoading()) RefuseToFirmware(call, AdviceForFile(path), path);
  return std::nullopt;
}

int OpenAt(int folder, const char* path, int flags, mode_t mode) {
  if (const auto answer = OpenForFirmware("open", path)) return *answer;
  if (IsRandomFile(path)) return OpenVirtualRandomFile();
  return static_cast<int>(syscall(SYS_openat, folder, path, flags, mode));
}

template <typename Next>
FILE* OpenStream(const char* path, const char* mode, Next next) {
  if (const auto fd = OpenForFirmware("fopen", path)) return *fd < 0 ? nullptr : fdopen(*fd, mode);
  if (!IsRandomFile(path)) return next(path, mode);
  const int fd = OpenVirtualRandomFile();
  return fd < 0 ? nullptr : fdopen(fd, mode);
}

uint64_t Random64() {
  uint64_t value = 0;
  if (VirtualTimeIsOn()) return NextVirtualRandom();
  syscall(SYS_getrandom, &value, sizeof value, 0);
  return value;
}

}  // namespace

#pragma GCC visibility push(default)
#pragma GCC diagnostic ignored \
    "-Wnonnull-compare"  // The headers promise what callers do not always keep.
extern "C" {

// ---- The HAL's door.

const void* dp_hal_query(const char* name, uint32_t version) {
  return FindInterface(name, version);
}

// ---- Clocks.

time_t time(time_t* out) noexcept {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (out != nullptr) *out = now.tv_sec;
  return now.tv_sec;
}

int clock_gettime(clockid_t clock, timespec* out) noexcept {
  const auto ns = VirtualClock(clock);
  if (!ns) return DP_NEXT(clock_gettime)(clock, out);
  *out = ToTimespec(*ns);
  return 0;
}

int gettimeofday(timeval* __restrict out, void* __restrict zone) noexcept {
  const auto ns = VirtualClock(CLOCK_REALTIME);
  if (!ns) return DP_NEXT(gettimeofday)(out, zone);
  const timespec now = ToTimespec(*ns);
  if (out != nullptr) *out = {.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
  return 0;
}

int timespec_get(timespec* out, int base) noexcept {
  const auto ns = VirtualClock(CLOCK_REALTIME);
  if (!ns || base != TIME_UTC) return DP_NEXT(timespec_get)(out, base);
  *out = ToTimespec(*ns);
  return base;
}

clock_t clock() noexcept {
  if (!VirtualTimeIsOn() || !InFirmware()) return DP_NEXT(clock)();
  return VirtualMonotonicNanoseconds() / (kSecond / CLOCKS_PER_SEC);
}

clock_t times(tms* out) noexcept {
  if (!VirtualTimeIsOn()) return DP_NEXT(times)(out);
  const clock_t ticks = VirtualMonotonicNanoseconds() / (kSecond / sysconf(_SC_CLK_TCK));
  if (out != nullptr) *out = {ticks, 0, 0, 0};
  return ticks;
}

// ---- Sleeps.

int nanosleep(const timespec* wanted, timespec* left) {
  RefuseToFirmware("nanosleep", advice::kSleep);
  return DP_NEXT(nanosleep)(wanted, left);
}

int clock_nanosleep(clockid_t clock, int flags, const timespec* wanted, timespec* left) {
  RefuseToFirmware("clock_nanosleep", advice::kSleep);
  return DP_NEXT(clock_nanosleep)(clock, flags, wanted, left);
}

int usleep(useconds_t us) {
  RefuseToFirmware("usleep", advice::kSleep);
  return DP_NEXT(usleep)(us);
}

unsigned int sleep(unsigned int s) {
  RefuseToFirmware("sleep", advice::kSleep);
  return DP_NEXT(sleep)(s);
}

// ---- Chance.

ssize_t getrandom(void* out, size_t bytes, unsigned int flags) {
  if (!VirtualTimeIsOn()) return syscall(SYS_getrandom, out, bytes, flags);
  FillVirtualRandom({static_cast<std::byte*>(out), bytes});
  return static_cast<ssize_t>(bytes);
}

int getentropy(void* out, size_t bytes) {
  if (bytes > 256) {
    errno = EIO;
    return -1;
  }
  return getrandom(out, bytes, 0) == static_cast<ssize_t>(bytes) ? 0 : -1;
}

uint32_t arc4random() noexcept { return static_cast<uint32_t>(Random64() >> 32); }

void arc4random_buf(void* out, size_t bytes) noexcept {
  auto* to = static_cast<unsigned char*>(out);
  for (size_t i = 0; i < bytes; i += 8) {
    const uint64_t value = Random64();
    std::memcpy(to + i, &value, bytes - i < 8 ? bytes - i : 8);
  }
}

uint32_t arc4random_uniform(uint32_t bound) noexcept {
  return static_cast<uint32_t>((static_cast<unsigned __int128>(Random64()) * bound) >> 64);
}

int rand() noexcept {
  return VirtualTimeIsOn() ? static_cast<int>(NextVirtualRand()) : DP_NEXT(rand)();
}
long random() noexcept {
  return VirtualTimeIsOn() ? static_cast<long>(NextVirtualRand()) : DP_NEXT(random)();
}

void srand(unsigned int seed) noexcept {
  if (VirtualTimeIsOn()) return SeedVirtualRand(seed);
  DP_NEXT(srand)(seed);
}

void srandom(unsigned int seed) noexcept {
  if (VirtualTimeIsOn()) return SeedVirtualRand(seed);
  DP_NEXT(srandom)(seed);
}

/// `std::random_device::operator()`: libstdc++ would ask the processor.
unsigned int DpRandomDevice(void*) __asm__("_ZNSt13random_device9_M_getvalEv");
unsigned int DpRandomDevice(void*) { return static_cast<unsigned int>(Random64() >> 32); }

/// Differs from run to run, hence the same for every firmware.
pid_t getpid() noexcept { return InFirmware() ? 1 : static_cast<pid_t>(syscall(SYS_getpid)); }

int open(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = ModeOf(flags, arguments);
  va_end(arguments);
  return OpenAt(AT_FDCWD, path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = ModeOf(flags, arguments);
  va_end(arguments);
  return OpenAt(AT_FDCWD, path, flags, mode);
}

int openat(int folder, const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = ModeOf(flags, arguments);
  va_end(arguments);
  return OpenAt(folder, path, flags, mode);
}

int openat64(int folder, const char* path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = ModeOf(flags, arguments);
  va_end(arguments);
  return OpenAt(folder, path, flags, mode);
}

int __open_2(const char* path, int flags) { return OpenAt(AT_FDCWD, path, flags, 0); }
int __open64_2(const char* path, int flags) { return OpenAt(AT_FDCWD, path, flags, 0); }

FILE* fopen(const char* __restrict path, const char* __restrict mode) {
  return OpenStream(path, mode, DP_NEXT(fopen));
}

FILE* fopen64(const char* __restrict path, const char* __restrict mode) {
  return OpenStream(path, mode, DP_NEXT(fopen64));
}

// ---- Ways out of the simulation.

int pthread_create(pthread_t* __restrict thread, const pthread_attr_t* __restrict attributes,
                   void* (*body)(void*), void* __restrict argument) noexcept {
  RefuseToFirmware("pthread_create", advice::kTask);
  return DP_NEXT(pthread_create)(thread, attributes, body, argument);
}

int socket(int domain, int type, int protocol) noexcept {
  RefuseToFirmware("socket", advice::kSocket);
  return static_cast<int>(syscall(SYS_socket, domain, type, protocol));
}

int connect(int fd, const sockaddr* to, socklen_t bytes) {
  RefuseToFirmware("connect", advice::kSocket);
  return static_cast<int>(syscall(SYS_connect, fd, to, bytes));
}

int getaddrinfo(const char* __restrict node, const char* __restrict service,
                const addrinfo* __restrict hints, addrinfo** __restrict out) {
  RefuseToFirmware("getaddrinfo", advice::kResolve);
  return DP_NEXT(getaddrinfo)(node, service, hints, out);
}

pid_t fork() noexcept {
  RefuseToFirmware("fork", advice::kProcess);
  return DP_NEXT(fork)();
}

/// The harness's own calls get a fork, which is the same but for its cost.
pid_t vfork() noexcept {
  RefuseToFirmware("vfork", advice::kProcess);
  return fork();
}

int execve(const char* path, char* const arguments[], char* const environment[]) noexcept {
  RefuseToFirmware("execve", advice::kProcess);
  return static_cast<int>(syscall(SYS_execve, path, arguments, environment));
}

int posix_spawn(pid_t* __restrict pid, const char* __restrict path,
                const posix_spawn_file_actions_t* __restrict actions,
                const posix_spawnattr_t* __restrict attributes, char* const arguments[],
                char* const environment[]) noexcept {
  RefuseToFirmware("posix_spawn", advice::kProcess);
  return DP_NEXT(posix_spawn)(pid, path, actions, attributes, arguments, environment);
}

int system(const char* command) {
  RefuseToFirmware("system", advice::kProcess);
  return DP_NEXT(system)(command);
}

FILE* popen(const char* command, const char* mode) {
  RefuseToFirmware("popen", advice::kProcess);
  return DP_NEXT(popen)(command, mode);
}

void exit(int code) noexcept {
  RefuseToFirmware("exit", advice::kReboot);
  DP_NEXT(exit)(code);
  __builtin_unreachable();
}

void _exit(int code) {
  RefuseToFirmware("_exit", advice::kReboot);
  while (true) syscall(SYS_exit_group, code);
}

void _Exit(int code) noexcept {
  RefuseToFirmware("_Exit", advice::kReboot);
  while (true) syscall(SYS_exit_group, code);
}

void quick_exit(int code) noexcept {
  RefuseToFirmware("quick_exit", advice::kReboot);
  DP_NEXT(quick_exit)(code);
  __builtin_unreachable();
}

void __assert_fail(const char* condition, const char* file, unsigned int line,
                   const char* function) noexcept {
  if (InFirmware()) {
    char message[512];
    snprintf(message, sizeof message, "assertion failed: %s (%s:%u, in %s)", condition, file, line,
             function);
    ReportFirmwareFault("assertion", message);
  }
  fprintf(stderr, "%s:%u: %s: assertion failed: %s\n", file, line, function, condition);
  abort();
}

// ---- A robot has no end of the process at which statics are destroyed; and since constructors run
// again after a reset, the runtime's list would name the same object twice.

int __cxa_atexit(void (*function)(void*), void* argument, void* dso_handle) {
  if (IsFirmwareObject(dso_handle)) return 0;
  static int (*known)(void (*)(void*), void*, void*) = nullptr;
  return Next(known, "__cxa_atexit")(function, argument, dso_handle);
}

int __cxa_thread_atexit(void (*function)(void*), void* argument, void* dso_handle) {
  if (IsFirmwareObject(dso_handle)) return 0;
  static int (*known)(void (*)(void*), void*, void*) = nullptr;
  return Next(known, "__cxa_thread_atexit")(function, argument, dso_handle);
}

}  // extern "C"
#pragma GCC visibility pop
