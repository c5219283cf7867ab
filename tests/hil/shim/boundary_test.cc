#include "hil/shim/lockstep/boundary.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>

#include "tests/hil/shim/child_run.h"

// Every way out that hil/shim/README.md lists, tried by tests/hil/shim/firmware/hostile.cc, 1.5 s
// into a run that begins at Bench::kStart, 2026-03-02T09:00:00Z.
namespace dustproof {
namespace {

using Lines = std::vector<std::string>;

ChildOutcome Try(const std::string& way, uint64_t seed = 1) {
  return RunInChild({.firmware = "hostile", .behaviour = way, .seed = seed});
}

void ExpectAnswer(const std::string& way, const std::string& answer) {
  SCOPED_TRACE(way);
  const ChildOutcome outcome = Try(way);
  EXPECT_EQ(outcome.exit_code, kRanToTheEnd) << ToString(outcome.diagnosis);
  EXPECT_EQ(outcome.log, (Lines{answer, "still here"}));
}

/// The run ends where the firmware stands, and says what was called and what to use.
void ExpectEnd(const std::string& way, const std::string& called, const std::string& instead) {
  SCOPED_TRACE(way);
  const ChildOutcome outcome = Try(way);
  const Diagnosis& d = outcome.diagnosis;
  EXPECT_EQ(outcome.exit_code, kFirmwareFaultExit);
  EXPECT_EQ(d.kind, "forbidden_call");
  EXPECT_NE(d.message.find("firmware called " + called), std::string::npos) << d.message;
  EXPECT_NE(d.message.find("; use " + instead), std::string::npos) << d.message;
  EXPECT_EQ(d.task, "main");
  EXPECT_EQ(d.sim_time_ns, 1'500'000'000);
  EXPECT_TRUE(HasFrame(d, "Main")) << ToString(d);
  EXPECT_TRUE(outcome.log.empty());
}

TEST(BoundaryTest, AnswersEveryClockWithSimulatedTime) {
  ExpectAnswer("time", "1772442001");
  ExpectAnswer("gettimeofday", "1772442001 500000");
  ExpectAnswer("chrono", "1772442001500000000 2500000000");
  ExpectAnswer("clock_gettime_cpu", "2500000000");
  ExpectAnswer("raw_clock_gettime", "1772442001500000000");
  ExpectAnswer("syscall_clock_gettime", "2500000000");
  ExpectAnswer("raw_time", "1772442001");
  ExpectAnswer("vdso_clock_gettime", "1772442001500000000");
  ExpectAnswer("vdso_time", "1772442001");
  ExpectAnswer("rdtsc", "2500000000");
  ExpectAnswer("rdtscp", "2500000000 0");
  ExpectAnswer("rdpid", "0");
  ExpectAnswer("getrusage", "2 500000 0");
  ExpectAnswer("localtime", "2026-03-02 09:00:00 UTC");
}

TEST(BoundaryTest, DrawsEveryChanceFromTheSeed) {
  std::set<std::string> seen;
  for (const char* way :
       {"getrandom", "raw_getrandom", "urandom_open", "urandom_raw", "urandom_stream",
        "random_device", "rand_seeded_by_time", "rdrand", "rdseed"}) {
    SCOPED_TRACE(way);
    const ChildOutcome one = Try(way, 1), again = Try(way, 1), other = Try(way, 2);
    ASSERT_EQ(one.exit_code, kRanToTheEnd) << ToString(one.diagnosis);
    ASSERT_EQ(one.log.size(), 2u);
    EXPECT_EQ(one.log, again.log);
    EXPECT_NE(one.log[0], other.log[0]);
    EXPECT_NE(one.log[0], "0000000000000000");
    seen.insert(one.log[0]);
  }
  EXPECT_GE(seen.size(), 4u);
  ExpectAnswer("at_random", "00000000000000000000000000000000");
  ExpectAnswer("addresses_of_names", "1 0 1");
}

TEST(BoundaryTest, ShowsTheSameMachineEverywhere) {
  setenv("USER", "somebody", 1);
  ExpectAnswer("uname", "Linux robot 6.1.0 x86_64 robot");
  ExpectAnswer("environment",
               "LC_ALL=C;TZ=UTC0;OPENSSL_ia32cap=~0x4000000000000010:~0x40000; homeless nobody");
  ExpectAnswer("locale", "C no german");
  ExpectAnswer("processors", "1 1 0");
  ExpectAnswer("memory_size", "536870912 2 131072");
  ExpectAnswer("working_folder", "/");
  ExpectAnswer("allocate", "allocated 7");
}

TEST(BoundaryTest, PutsWhatIsPrintedIntoTheLog) {
  EXPECT_EQ(Try("print").log,
            (Lines{"to stdout 1", "to stderr 2", "by a stream", "after", "still here"}));
}

TEST(BoundaryTest, EndsTheRunWhereFirmwareWaitsOutsideTheHal) {
  ExpectEnd("nanosleep", "nanosleep", "dp_clock sleep_us");
  ExpectEnd("raw_nanosleep", "nanosleep (system call 35)", "dp_clock sleep_us");
  ExpectEnd("usleep", "usleep", "dp_clock sleep_us");
  ExpectEnd("sleep_until", "nanosleep", "dp_clock sleep_us");
  ExpectEnd("select", "pselect6", "the time-out of a HAL call");
  ExpectEnd("poll", "poll", "the time-out of a HAL call");
  ExpectEnd("epoll", "epoll_create1", "the time-out of a HAL call");
  ExpectEnd("timerfd", "timerfd_create", "dp_clock sleep_us");
  ExpectEnd("pause", "pause", "dp_clock sleep_us");
  ExpectEnd("condition_wait_for", "futex", "the time-out of a HAL call");
  ExpectEnd("sem_timedwait", "futex", "the time-out of a HAL call");
  ExpectEnd("raw_futex", "futex", "the time-out of a HAL call");
  ExpectEnd("lock_of_another_task", "futex", "dp_task mailbox_receive");
  ExpectEnd("thread_yield", "sched_yield", "dp_task yield");
}

TEST(BoundaryTest, EndsTheRunWhereFirmwareStartsThreadsOrPrograms) {
  ExpectEnd("pthread_create", "pthread_create", "dp_task create");
  ExpectEnd("std_thread", "pthread_create", "dp_task create");
  ExpectEnd("std_async", "pthread_create", "dp_task create");
  ExpectEnd("raw_clone", "clone", "dp_task create");
  ExpectEnd("clone", "clone", "dp_task create");
  ExpectEnd("fork", "fork", "dp_task create");
  ExpectEnd("raw_fork", "fork (system call 57)", "dp_task create");
  ExpectEnd("vfork", "vfork", "dp_task create");
  ExpectEnd("posix_spawn", "posix_spawn", "dp_task create");
  ExpectEnd("posix_spawnp", "clone", "dp_task create");
  ExpectEnd("system", "system", "dp_task create");
  ExpectEnd("popen", "popen", "dp_task create");
  ExpectEnd("execve", "execve", "dp_task create");
  ExpectEnd("raw_execve", "execve (system call 59)", "dp_task create");
  ExpectEnd("timer_thread", "", "dp_");
  ExpectEnd("dlopen", "openat (system call 257) on '/tmp/plugin.so'", "the linker");
  ExpectEnd("exit", "exit", "dp_system reboot");
  ExpectEnd("raw_exit", "exit_group (system call 231)", "dp_system reboot");
}

TEST(BoundaryTest, EndsTheRunWhereFirmwareReachesForARealNetwork) {
  ExpectEnd("connect", "connect", "dp_socket");
  ExpectEnd("socket", "socket", "dp_socket");
  ExpectEnd("raw_socket", "socket (system call 41)", "dp_socket");
  ExpectEnd("socketpair", "socketpair", "dp_socket");
  ExpectEnd("getaddrinfo", "getaddrinfo", "dp_socket resolve");
  ExpectEnd("gethostbyname", "", "dp_socket resolve");
  ExpectEnd("sendto", "sendto", "dp_socket");
}

TEST(BoundaryTest, EndsTheRunWhereFirmwareOpensFiles) {
  ExpectEnd("open_passwd", "open on '/etc/passwd'", "dp_flash");
  ExpectEnd("raw_open", "openat (system call 257) on '/etc/hostname'", "dp_flash");
  ExpectEnd("fopen_new", "fopen on '/tmp/left_behind'", "dp_flash");
  ExpectEnd("stream_new", "fopen on '/tmp/left_behind'", "dp_flash");
  ExpectEnd("stat", "", "dp_flash");
  ExpectEnd("opendir", "openat (system call 257) on '/'", "dp_flash");
  ExpectEnd("unlink", "unlink", "dp_flash");
  ExpectEnd("mkdir", "mkdir", "dp_flash");
  ExpectEnd("tmpfile", "openat", "dp_flash");
  ExpectEnd("maps", "fopen on '/proc/self/maps'", "dp_");
  ExpectEnd("raw_mem", "openat (system call 257) on '/proc/self/mem'", "dp_");
  ExpectEnd("write_elsewhere", "write", "dp_flash");
  ExpectEnd("read_stdin", "read", "dp_uart");
  ExpectEnd("pipe", "pipe", "dp_flash");
  ExpectEnd("io_uring", "io_uring_setup", "dp_flash");
  EXPECT_FALSE(std::ifstream("/tmp/left_behind").good());
}

TEST(BoundaryTest, EndsTheRunWhereFirmwareReachesIntoTheHarness) {
  ExpectEnd("mmap_file", "mmap", "memory of your own");
  ExpectEnd("mmap_shared", "mmap", "memory of your own");
  ExpectEnd("mmap_code", "mmap", "memory of your own");
  ExpectEnd("memfd", "memfd_create", "memory of your own");
  ExpectEnd("shm_open", "openat", "");
  ExpectEnd("shmget", "shmget", "memory of your own");
  ExpectEnd("mq_open", "mq_open", "memory of your own");
  ExpectEnd("ptrace", "ptrace", "dp_diagnostics");
  ExpectEnd("process_vm_readv", "process_vm_readv", "dp_diagnostics");
  ExpectEnd("dispatch_off", "prctl", "dp_diagnostics");
  ExpectEnd("perf", "perf_event_open", "dp_diagnostics");
  ExpectEnd("unknown_call", "system call 999", "dp_");
}

TEST(BoundaryTest, EndsTheRunWhereFirmwareUsesSignals) {
  ExpectEnd("sigaction", "rt_sigaction", "dp_task create and dp_clock");
  ExpectEnd("crash_handler", "rt_sigaction", "dp_task create and dp_clock");
  ExpectEnd("raise", "tgkill", "dp_task create and dp_clock");
  ExpectEnd("kill_parent", "kill", "dp_task create and dp_clock");
  ExpectEnd("alarm", "alarm", "dp_task create and dp_clock");
  ExpectEnd("timer_signal", "timer_create", "dp_task create and dp_clock");
  ExpectEnd("setitimer", "setitimer", "dp_task create and dp_clock");
}

// Branches of a run are forks of its process; the kernel's dispatch does not pass to them by
// itself.
TEST(BoundaryTest, HoldsInABranchOfTheRun) {
  const ChildOutcome outcome =
      RunInChild({.firmware = "hostile", .behaviour = "raw_socket", .fork_at_s = 1});
  EXPECT_EQ(outcome.exit_code, kFirmwareFaultExit);
  EXPECT_NE(outcome.diagnosis.message.find("socket (system call 41)"), std::string::npos);
}

// The same names as the harness's libraries: its constructors, its calls and its pointers get its
// own.
TEST(BoundaryTest, KeepsTheFirmwaresLibrariesApartFromOurs) {
  const ChildOutcome outcome = RunInChild({.firmware = "clash"});
  EXPECT_EQ(outcome.exit_code, kRanToTheEnd) << ToString(outcome.diagnosis);
  const std::string own = "own OpenSSL 4711 own zlib 4712 4713 4714";
  EXPECT_EQ(outcome.log, (Lines{own, own, "own OpenSSL", "own until the end"}));
}

// SHA-256 of "abc" begins ba7816bf (FIPS 180-4, example 1). That the same seed draws the same holds where memory
// lies the same, which the generator mixes in: the run's process sees to that.
TEST(BoundaryTest, LetsFirmwareUseTheSystemsOpenssl) {
  const auto run = [](uint64_t seed) {
    return RunInChild({.firmware = "openssl_user", .seed = seed});
  };
  const ChildOutcome one = run(1), other = run(2);
  EXPECT_EQ(one.exit_code, kRanToTheEnd) << ToString(one.diagnosis);
  ASSERT_EQ(one.log.size(), 3u);
  EXPECT_EQ(one.log[0], "ba7816bf");
  EXPECT_EQ(one.log[1], "a context");
  EXPECT_NE(one.log, other.log);
}

TEST(BoundaryTest, KnowsCallsInAnotherProcessorsManner) {
  const ChildOutcome outcome = Try("int80");
  EXPECT_EQ(outcome.exit_code, kFirmwareFaultExit);
  EXPECT_NE(outcome.diagnosis.message.find("int 0x80"), std::string::npos)
      << outcome.diagnosis.message;
}

}  // namespace
}  // namespace dustproof
