// A firmware that does one thing which it should not: MISDEED.
#include <net/if.h>
#include <netinet/in.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <thread>

#include "hil/hal/dp_hal.h"

namespace {

void spin() {
  std::thread other([] {
    for (volatile bool on = true; on;) {
    }
  });
  other.join();
}

void crash() {
  volatile int* nothing = nullptr;
  *nothing = 1;
}

void throw_it() { throw std::runtime_error("the map is upside down"); }

void leave() { std::exit(3); }

void wait_outside() {
  int fds[2];
  char byte;
  if (pipe(fds) == 0 && read(fds[0], &byte, 1) == 1) std::abort();
}

void open_socket() {
  if (socket(AF_PACKET, SOCK_RAW, 0) >= 0 || errno != EACCES) std::abort();
  if (socket(AF_INET6, SOCK_STREAM, 0) >= 0 || errno != EAFNOSUPPORT) std::abort();
}

long Raw(long number, long a = 0, long b = 0, long c = 0) {
  long result = number;
  __asm__ volatile("syscall" : "+a"(result) : "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
  return result;
}

void raw_socket() {
  if (Raw(SYS_socket, AF_UNIX, SOCK_STREAM) != -EACCES) std::abort();
}

void raw_fork() {
  if (Raw(SYS_clone, SIGCHLD) != -EACCES || Raw(SYS_vfork) != -EACCES) std::abort();
}

// The number of socket() is another one there.
void call_of_32_bits() {
  long result = 359;
  __asm__ volatile("int $0x80" : "+a"(result) : "b"(AF_INET), "c"(SOCK_STREAM), "d"(0) : "memory");
  if (result >= 0) std::abort();
}

// The C library asks the kernel, by a socket of AF_NETLINK.
void list_interfaces() {
  if (if_nameindex() != nullptr) std::abort();
}

// As at a breakpoint.
void stand_still() { std::raise(SIGSTOP); }

void block_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  sigprocmask(SIG_BLOCK, &all, nullptr);
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGSYS, &ignore, nullptr);
  std::thread(raw_socket).join();
  raw_socket();
}

void say_an_address() {
  char text[40];
  std::snprintf(text, sizeof text, "a buffer at %p", std::malloc(100));
  static_cast<const dp_log_v1*>(dp_hal_query(DP_LOG, 1))->write(DP_LOG_INFO, text);
}

// Other calls go on as ever, also between threads.
void work_on() {
  std::thread thread([] { Raw(SYS_getpid); });
  thread.join();
  if (std::FILE* file = std::fopen("/proc/self/stat", "r")) std::fclose(file);
  pid_t child;
  char* const words[] = {const_cast<char*>("true"), nullptr};
  if (posix_spawn(&child, "/bin/true", nullptr, nullptr, words, nullptr) != EACCES) std::abort();
  raw_socket();
}

void Main() {
  static_cast<const dp_clock_v1*>(dp_hal_query(DP_CLOCK, 1))->sleep_us(1'500'000);
  MISDEED();
  static_cast<const dp_clock_v1*>(dp_hal_query(DP_CLOCK, 1))->sleep_us(DP_FOREVER);
}

}  // namespace

extern "C" const dp_firmware_t dp_firmware = {DP_HAL_VERSION, "misdeed", "1", Main};
