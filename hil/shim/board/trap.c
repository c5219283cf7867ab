/* System calls that firmware makes by hand, or a library for it: past the functions that the shim
 * stands before. A filter of the kernel (seccomp) turns those that matter into a signal; it is for the
 * firmware's threads, so the link's own thread is older than it. */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "hil/shim/board/real.h"

#if defined(__x86_64__)

/* Descriptors in a range that no program comes to by itself. */
enum { kOtherAbi = 0x40000000, kChanceFileFirst = 960 };

/* board_raw_call(number, a, b, c, d, e, f): a call that the filter lets through, by its place. */
long board_raw_call(long number, long a, long b, long c, long d, long e, long f);
extern const char board_raw_call_end[];
__asm__(
    ".text\n"
    ".hidden board_raw_call, board_raw_call_end\n"
    ".globl board_raw_call, board_raw_call_end\n"
    ".type board_raw_call, @function\n"
    "board_raw_call:\n"
    "  mov %rdi, %rax\n"
    "  mov %rsi, %rdi\n"
    "  mov %rdx, %rsi\n"
    "  mov %rcx, %rdx\n"
    "  mov %r8, %r10\n"
    "  mov %r9, %r8\n"
    "  mov 8(%rsp), %r9\n"
    "  syscall\n"
    "board_raw_call_end:\n"
    "  ret\n"
    ".size board_raw_call, . - board_raw_call\n");

/* Refused and told, by name. */
static const struct {
  int number;
  const char* name;
} ways_out[] = {
    {SYS_socket, "socket"},         {SYS_fork, "fork"},
    {SYS_vfork, "vfork"},           {SYS_clone, "fork (clone)"},
    {SYS_execve, "execve"},         {SYS_execveat, "execveat"},
    {SYS_io_uring_setup, "io_uring_setup"}, {SYS_setns, "setns"},
    {SYS_unshare, "unshare"},       {SYS_ptrace, "ptrace"},
    {SYS_process_vm_readv, "process_vm_readv"}, {SYS_process_vm_writev, "process_vm_writev"},
    {SYS_pidfd_getfd, "pidfd_getfd"},
};

/* Answered as the function of that name is. In lockstep only. */
static const int virtual_calls[] = {SYS_clock_gettime, SYS_gettimeofday, SYS_time,   SYS_nanosleep,
                                    SYS_clock_nanosleep, SYS_getrandom,  SYS_openat, SYS_open};
/* The same, of a file of chance. */
static const int virtual_reads[] = {SYS_read, SYS_readv};

static const char* name_of(int number) {
  for (size_t i = 0; i < sizeof ways_out / sizeof ways_out[0]; ++i)
    if (ways_out[i].number == number) return ways_out[i].name;
  return "a call of another kind";
}

static long refuse(int number) {
  char what[64];
  snprintf(what, sizeof what, "system call %s", name_of(number));
  board_refuse(what);
  return -EACCES;
}

static long negative_errno(long result) { return result < 0 ? -errno : result; }

/* A file of the run's random bytes: nothing, under a number by which the filter knows reads of it. */
static long open_chance(bool close_on_exec) {
  const int nothing = (int)board_raw_call(SYS_openat, AT_FDCWD, (long)"/dev/null", O_RDONLY | O_CLOEXEC, 0, 0, 0);
  if (nothing < 0) return nothing;
  const int file = fcntl(nothing, close_on_exec ? F_DUPFD_CLOEXEC : F_DUPFD, kChanceFileFirst);
  close(nothing);
  return file < 0 ? -EMFILE : file;
}

static bool is_chance_file(int file) {
  struct stat status;
  return fstat(file, &status) == 0 && S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3);
}

static long read_chance(const long a[6]) {
  if (!is_chance_file((int)a[0])) return board_raw_call(SYS_read, a[0], a[1], a[2], 0, 0, 0);
  return getrandom((void*)a[1], (size_t)a[2], 0);
}

static long readv_chance(const long a[6]) {
  if (!is_chance_file((int)a[0])) return board_raw_call(SYS_readv, a[0], a[1], a[2], 0, 0, 0);
  const struct iovec* parts = (const struct iovec*)a[1];
  long total = 0;
  for (long i = 0; i < a[2]; ++i) total += getrandom(parts[i].iov_base, parts[i].iov_len, 0);
  return total;
}

static bool is_chance(const char* path) {
  static const char* const names[] = {"/dev/urandom", "/dev/random", "/dev/hwrng"};
  for (size_t i = 0; path != NULL && i < sizeof names / sizeof names[0]; ++i)
    if (strcmp(path, names[i]) == 0) return true;
  return false;
}

static long answer_virtually(int number, const long a[6]) {
  switch (number) {
    case SYS_clock_gettime: return clock_gettime((clockid_t)a[0], (struct timespec*)a[1]);
    case SYS_gettimeofday: return a[0] == 0 ? 0 : gettimeofday((struct timeval*)a[0], NULL);
    case SYS_time: return time((time_t*)a[0]);
    case SYS_nanosleep: return negative_errno(nanosleep((const struct timespec*)a[0], (struct timespec*)a[1]));
    case SYS_clock_nanosleep:
      return -clock_nanosleep((clockid_t)a[0], (int)a[1], (const struct timespec*)a[2], (struct timespec*)a[3]);
    case SYS_getrandom: return getrandom((void*)a[0], (size_t)a[1], 0);
    case SYS_read: return read_chance(a);
    case SYS_readv: return readv_chance(a);
    case SYS_open:
      if (is_chance((const char*)a[0])) return open_chance((a[1] & O_CLOEXEC) != 0);
      break;
    case SYS_openat:
      if (is_chance((const char*)a[1])) return open_chance((a[2] & O_CLOEXEC) != 0);
      break;
    default: break;
  }
  return board_raw_call(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static bool is_virtual(int number) {
  for (size_t i = 0; i < sizeof virtual_calls / sizeof virtual_calls[0]; ++i)
    if (virtual_calls[i] == number) return true;
  return number == SYS_read || number == SYS_readv;
}

/* What the call shall return: it has not been made. */
static long answer(const siginfo_t* trap, const long a[6]) {
  const int number = trap->si_syscall;
  const bool other_abi = trap->si_arch != AUDIT_ARCH_X86_64 || (number & kOtherAbi) != 0;
  if (other_abi) return is_watched() ? refuse(-1) : -ENOSYS;
  if (!is_watched()) return board_raw_call(number, a[0], a[1], a[2], a[3], a[4], a[5]);
  return is_virtual(number) ? answer_virtually(number, a) : refuse(number);
}

/* Calls trap where they stand, so that the handler may do whatever the thread itself may, even wait. */
static void on_trap(int signal, siginfo_t* info, void* context) {
  (void)signal;
  greg_t* registers = ((ucontext_t*)context)->uc_mcontext.gregs;
  const int kept_errno = errno;
  const long arguments[6] = {registers[REG_RDI], registers[REG_RSI], registers[REG_RDX],
                             registers[REG_R10], registers[REG_R8],  registers[REG_R9]};
  registers[REG_RAX] = answer(info, arguments);
  errno = kept_errno;
}

/* A trap whose signal is blocked, or somebody else's, would end the process. */
static const sigset_t* without_trap(const sigset_t* set, sigset_t* room) {
  if (set == NULL || !is_watched()) return set;
  *room = *set;
  sigdelset(room, SIGSYS);
  return room;
}

int pthread_sigmask(int how, const sigset_t* restrict set, sigset_t* restrict before) {
  sigset_t room;
  return REAL(pthread_sigmask)(how, without_trap(set, &room), before);
}

int sigprocmask(int how, const sigset_t* restrict set, sigset_t* restrict before) {
  sigset_t room;
  return REAL(sigprocmask)(how, without_trap(set, &room), before);
}

int sigaction(int signal, const struct sigaction* restrict action, struct sigaction* restrict before) {
  return REAL(sigaction)(signal, signal == SIGSYS && is_watched() ? NULL : action, before);
}

static struct sock_filter program[96];
static unsigned short length;

static void add(unsigned short code, uint32_t k, uint8_t if_true, uint8_t if_false) {
  program[length++] = (struct sock_filter)BPF_JUMP(code, k, if_true, if_false);
}

static void load(size_t field) { add(BPF_LD | BPF_W | BPF_ABS, (uint32_t)field, 0, 0); }
static void give(uint32_t verdict) { add(BPF_RET | BPF_K, verdict, 0, 0); }

static void give_if_equal(uint32_t value, uint32_t verdict) {
  add(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
  give(verdict);
}

static void write_filter(void) {
  enum { kLow = 0, kHigh = 4 };
  const uint64_t own = (uintptr_t)board_raw_call_end;
  const size_t from = offsetof(struct seccomp_data, instruction_pointer);
  load(from + kLow);
  add(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)own, 0, 3);
  load(from + kHigh);
  give_if_equal((uint32_t)(own >> 32), SECCOMP_RET_ALLOW);
  load(offsetof(struct seccomp_data, arch));
  add(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0);
  give(SECCOMP_RET_TRAP);
  load(offsetof(struct seccomp_data, nr));
  add(BPF_JMP | BPF_JGE | BPF_K, kOtherAbi, 0, 1);
  give(SECCOMP_RET_TRAP);
  /* Its arguments are in memory, which no filter sees: the C library goes on with clone. */
  give_if_equal(SYS_clone3, SECCOMP_RET_ERRNO | ENOSYS);
  for (size_t i = 0; i < sizeof ways_out / sizeof ways_out[0]; ++i)
    if (ways_out[i].number != SYS_clone) give_if_equal((uint32_t)ways_out[i].number, SECCOMP_RET_TRAP);
  for (size_t i = 0; !board.real_time && i < sizeof virtual_calls / sizeof virtual_calls[0]; ++i)
    give_if_equal((uint32_t)virtual_calls[i], SECCOMP_RET_TRAP);
  for (size_t i = 0; !board.real_time && i < sizeof virtual_reads / sizeof virtual_reads[0]; ++i) {
    add(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)virtual_reads[i], 0, 4);
    load(offsetof(struct seccomp_data, args[0]));
    add(BPF_JMP | BPF_JGE | BPF_K, kChanceFileFirst, 0, 1);
    give(SECCOMP_RET_TRAP);
    give(SECCOMP_RET_ALLOW);
  }
  add(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 1, 0);
  give(SECCOMP_RET_ALLOW);
  load(offsetof(struct seccomp_data, args[0]));
  add(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 0, 1);
  give(SECCOMP_RET_ALLOW);
  give(SECCOMP_RET_TRAP);
}

void board_trap_calls(void) {
  if (board.own_network) return;
  struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO | SA_NODEFER | SA_RESTART};
  if (REAL(sigaction)(SIGSYS, &action, NULL) != 0) return;
  write_filter();
  const struct sock_fprog filter = {.len = length, .filter = program};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
    fprintf(stderr, "dustproof: system calls made by hand are not seen: %s\n", strerror(errno));
}

#else

/* An emulator gives its program no such filter; a board of another kind has none yet. */
void board_trap_calls(void) {}

#endif
