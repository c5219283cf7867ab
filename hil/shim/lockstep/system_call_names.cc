// Which system calls lead out of the simulation, and what a firmware's author should use instead.

#include <sys/syscall.h>

#include <algorithm>
#include <iterator>

#include "hil/shim/lockstep/internal/advice.h"
#include "hil/shim/lockstep/internal/system_call.h"

// Known to kernels newer than the headers of Debian 12, or older than some headers.
#ifndef SYS_futex_wait
#define SYS_futex_wait 455
#endif

namespace dustproof::internal {
namespace {

struct KnownCall {
  long number;
  const char* name;
  const char* instead;
};

#define DP_CALL(name, instead) \
  { SYS_##name, #name, advice::instead }

constexpr KnownCall kKnown[] = {
    // Waiting.
    DP_CALL(nanosleep, kSleep),
    DP_CALL(clock_nanosleep, kSleep),
    DP_CALL(pause, kSleep),
    DP_CALL(sched_yield, kYield),
    DP_CALL(poll, kWait),
    DP_CALL(ppoll, kWait),
    DP_CALL(select, kWait),
    DP_CALL(pselect6, kWait),
    DP_CALL(epoll_create, kWait),
    DP_CALL(epoll_create1, kWait),
    DP_CALL(epoll_ctl, kWait),
    DP_CALL(epoll_wait, kWait),
    DP_CALL(epoll_pwait, kWait),
    DP_CALL(epoll_pwait2, kWait),
    DP_CALL(futex, kLock),
    DP_CALL(futex_wait, kLock),
    DP_CALL(futex_waitv, kLock),
    DP_CALL(eventfd, kWait),
    DP_CALL(eventfd2, kWait),
    DP_CALL(timerfd_create, kSleep),
    DP_CALL(timerfd_settime, kSleep),
    DP_CALL(wait4, kProcess),
    DP_CALL(waitid, kProcess),
    DP_CALL(semop, kLock),
    DP_CALL(semtimedop, kLock),
    DP_CALL(semget, kLock),
    // Setting clocks.
    DP_CALL(clock_settime, kMachine),
    DP_CALL(settimeofday, kMachine),
    DP_CALL(clock_adjtime, kMachine),
    DP_CALL(adjtimex, kMachine),
    // Signals and timers that send them.
    DP_CALL(rt_sigaction, kSignal),
    DP_CALL(sigaltstack, kSignal),
    DP_CALL(rt_sigsuspend, kSignal),
    DP_CALL(rt_sigtimedwait, kSignal),
    DP_CALL(rt_sigqueueinfo, kSignal),
    DP_CALL(rt_tgsigqueueinfo, kSignal),
    DP_CALL(rt_sigpending, kSignal),
    DP_CALL(kill, kSignal),
    DP_CALL(tkill, kSignal),
    DP_CALL(tgkill, kSignal),
    DP_CALL(pidfd_send_signal, kSignal),
    DP_CALL(alarm, kSignal),
    DP_CALL(setitimer, kSignal),
    DP_CALL(getitimer, kSignal),
    DP_CALL(timer_create, kSignal),
    DP_CALL(timer_settime, kSignal),
    DP_CALL(signalfd, kSignal),
    DP_CALL(signalfd4, kSignal),
    // Threads, processes, other programs.
    DP_CALL(clone, kTask),
    DP_CALL(clone3, kTask),
    DP_CALL(set_tid_address, kTask),
    DP_CALL(set_robust_list, kTask),
    DP_CALL(rseq, kTask),
    DP_CALL(sched_setaffinity, kTask),
    DP_CALL(sched_setscheduler, kTask),
    DP_CALL(sched_setparam, kTask),
    DP_CALL(setpriority, kTask),
    DP_CALL(fork, kProcess),
    DP_CALL(vfork, kProcess),
    DP_CALL(execve, kProcess),
    DP_CALL(execveat, kProcess),
    DP_CALL(setsid, kProcess),
    DP_CALL(unshare, kProcess),
    DP_CALL(setns, kProcess),
    DP_CALL(pidfd_open, kProcess),
    DP_CALL(exit, kReboot),
    DP_CALL(exit_group, kReboot),
    DP_CALL(reboot, kReboot),
    // The network.
    DP_CALL(socket, kSocket),
    DP_CALL(socketpair, kSocket),
    DP_CALL(connect, kSocket),
    DP_CALL(bind, kSocket),
    DP_CALL(listen, kSocket),
    DP_CALL(accept, kSocket),
    DP_CALL(accept4, kSocket),
    DP_CALL(sendto, kSocket),
    DP_CALL(sendmsg, kSocket),
    DP_CALL(sendmmsg, kSocket),
    DP_CALL(recvfrom, kSocket),
    DP_CALL(recvmsg, kSocket),
    DP_CALL(recvmmsg, kSocket),
    DP_CALL(setsockopt, kSocket),
    DP_CALL(getsockopt, kSocket),
    DP_CALL(getsockname, kSocket),
    DP_CALL(getpeername, kSocket),
    DP_CALL(shutdown, kSocket),
    DP_CALL(sendfile, kSocket),
    DP_CALL(sethostname, kMachine),
    DP_CALL(setdomainname, kMachine),
    // Files.
    DP_CALL(open, kFile),
    DP_CALL(openat, kFile),
    DP_CALL(openat2, kFile),
    DP_CALL(open_by_handle_at, kFile),
    DP_CALL(creat, kFile),
    DP_CALL(read, kFile),
    DP_CALL(readv, kFile),
    DP_CALL(pread64, kFile),
    DP_CALL(preadv, kFile),
    DP_CALL(preadv2, kFile),
    DP_CALL(write, kFile),
    DP_CALL(writev, kFile),
    DP_CALL(pwrite64, kFile),
    DP_CALL(pwritev, kFile),
    DP_CALL(pwritev2, kFile),
    DP_CALL(close, kFile),
    DP_CALL(close_range, kFile),
    DP_CALL(lseek, kFile),
    DP_CALL(stat, kFile),
    DP_CALL(lstat, kFile),
    DP_CALL(fstat, kFile),
    DP_CALL(newfstatat, kFile),
    DP_CALL(statx, kFile),
    DP_CALL(statfs, kFile),
    DP_CALL(fstatfs, kFile),
    DP_CALL(access, kFile),
    DP_CALL(faccessat, kFile),
    DP_CALL(faccessat2, kFile),
    DP_CALL(readlink, kFile),
    DP_CALL(readlinkat, kFile),
    DP_CALL(getdents, kFile),
    DP_CALL(getdents64, kFile),
    DP_CALL(chdir, kFile),
    DP_CALL(fchdir, kFile),
    DP_CALL(mkdir, kFile),
    DP_CALL(mkdirat, kFile),
    DP_CALL(rmdir, kFile),
    DP_CALL(unlink, kFile),
    DP_CALL(unlinkat, kFile),
    DP_CALL(rename, kFile),
    DP_CALL(renameat, kFile),
    DP_CALL(renameat2, kFile),
    DP_CALL(link, kFile),
    DP_CALL(linkat, kFile),
    DP_CALL(symlink, kFile),
    DP_CALL(symlinkat, kFile),
    DP_CALL(mknod, kFile),
    DP_CALL(mknodat, kFile),
    DP_CALL(chmod, kFile),
    DP_CALL(fchmod, kFile),
    DP_CALL(fchmodat, kFile),
    DP_CALL(chown, kFile),
    DP_CALL(fchown, kFile),
    DP_CALL(truncate, kFile),
    DP_CALL(ftruncate, kFile),
    DP_CALL(fallocate, kFile),
    DP_CALL(fsync, kFile),
    DP_CALL(fdatasync, kFile),
    DP_CALL(sync, kFile),
    DP_CALL(flock, kFile),
    DP_CALL(fcntl, kFile),
    DP_CALL(ioctl, kFile),
    DP_CALL(dup, kFile),
    DP_CALL(dup2, kFile),
    DP_CALL(dup3, kFile),
    DP_CALL(pipe, kFile),
    DP_CALL(pipe2, kFile),
    DP_CALL(splice, kFile),
    DP_CALL(tee, kFile),
    DP_CALL(copy_file_range, kFile),
    DP_CALL(utimensat, kFile),
    DP_CALL(umask, kFile),
    DP_CALL(chroot, kFile),
    DP_CALL(mount, kFile),
    DP_CALL(umount2, kFile),
    DP_CALL(inotify_init, kFile),
    DP_CALL(inotify_init1, kFile),
    DP_CALL(fanotify_init, kFile),
    DP_CALL(io_setup, kFile),
    DP_CALL(io_submit, kFile),
    DP_CALL(io_uring_setup, kFile),
    DP_CALL(io_uring_enter, kFile),
    DP_CALL(io_uring_register, kFile),
    // Memory that others see, code that was not loaded.
    DP_CALL(mmap, kMemory),
    DP_CALL(mprotect, kMemory),
    DP_CALL(pkey_mprotect, kMemory),
    DP_CALL(remap_file_pages, kMemory),
    DP_CALL(msync, kMemory),
    DP_CALL(memfd_create, kMemory),
    DP_CALL(memfd_secret, kMemory),
    DP_CALL(shmget, kMemory),
    DP_CALL(shmat, kMemory),
    DP_CALL(shmctl, kMemory),
    DP_CALL(mq_open, kMemory),
    DP_CALL(msgget, kMemory),
    DP_CALL(userfaultfd, kMemory),
    // The program around the firmware, and the machine.
    DP_CALL(ptrace, kHarness),
    DP_CALL(process_vm_readv, kHarness),
    DP_CALL(process_vm_writev, kHarness),
    DP_CALL(process_madvise, kHarness),
    DP_CALL(kcmp, kHarness),
    DP_CALL(prctl, kHarness),
    DP_CALL(arch_prctl, kHarness),
    DP_CALL(modify_ldt, kHarness),
    DP_CALL(seccomp, kHarness),
    DP_CALL(bpf, kHarness),
    DP_CALL(perf_event_open, kHarness),
    DP_CALL(setrlimit, kHarness),
    DP_CALL(setuid, kMachine),
    DP_CALL(setgid, kMachine),
    DP_CALL(capget, kMachine),
    DP_CALL(capset, kMachine),
    DP_CALL(keyctl, kMachine),
    DP_CALL(add_key, kMachine),
    DP_CALL(syslog, kMachine),
    DP_CALL(init_module, kMachine),
    DP_CALL(finit_module, kMachine),
    DP_CALL(iopl, kMachine),
    DP_CALL(ioperm, kMachine),
};

#undef DP_CALL

const KnownCall* Find(long number) {
  const auto* found = std::find_if(std::begin(kKnown), std::end(kKnown),
                                   [number](const KnownCall& c) { return c.number == number; });
  return found == std::end(kKnown) ? nullptr : found;
}

}  // namespace

const char* NameOf(long number) {
  const KnownCall* known = Find(number);
  return known == nullptr ? nullptr : known->name;
}

const char* AdviceFor(long number) {
  const KnownCall* known = Find(number);
  return known == nullptr ? advice::kMachine : known->instead;
}

}  // namespace dustproof::internal
