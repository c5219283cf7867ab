// Firmware of the shim's tests that tries to get past the HAL, one way for each model name. A way
// that is answered logs what it was told; a way that ends the run doesn't come back.
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <linux/io_uring.h>
#include <locale.h>
#include <mqueue.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <future>
#include <iostream>
#include <mutex>
#include <random>
#include <string>
#include <thread>

#include "hil/hal/dp_hal.h"

extern char** environ;

namespace {

template <typename T>
const T* Hal(const char* name) {
  return static_cast<const T*>(dp_hal_query(name, 1));
}

template <typename... Parts>
void Say(const Parts&... parts) {
  std::string text;
  const auto add = [&text](const auto& part) {
    if constexpr (std::is_arithmetic_v<std::decay_t<decltype(part)>>) {
      text += std::to_string(part);
    } else {
      text += part;
    }
    text += ' ';
  };
  (add(parts), ...);
  text.pop_back();
  Hal<dp_log_v1>(DP_LOG)->write(DP_LOG_INFO, text.c_str());
}

int64_t Nanoseconds(const timespec& t) { return int64_t{t.tv_sec} * 1000000000 + t.tv_nsec; }

/// The kernel's own door, without the C library.
long Raw(long number, long a = 0, long b = 0, long c = 0, long d = 0) {
  long result = number;
  register long r10 __asm__("r10") = d;
  __asm__ volatile("syscall"
                   : "+a"(result)
                   : "D"(a), "S"(b), "d"(c), "r"(r10)
                   : "rcx", "r11", "memory");
  return result;
}
template <typename T>
long Raw(long number, long a, T* b) {
  return Raw(number, a, reinterpret_cast<long>(b));
}

/// A function of the vDSO, found as the C library finds it.
void* VdsoFunction(const char* wanted) {
  auto* image = reinterpret_cast<char*>(getauxval(AT_SYSINFO_EHDR));
  const auto* header = reinterpret_cast<const ElfW(Ehdr)*>(image);
  const ElfW(Sym)* symbols = nullptr;
  const char* names = nullptr;
  for (int i = 0; i < header->e_phnum; ++i) {
    const auto& segment = reinterpret_cast<const ElfW(Phdr)*>(image + header->e_phoff)[i];
    if (segment.p_type != PT_DYNAMIC) continue;
    for (auto* d = reinterpret_cast<const ElfW(Dyn)*>(image + segment.p_vaddr); d->d_tag != 0;
         ++d) {
      if (d->d_tag == DT_SYMTAB)
        symbols = reinterpret_cast<const ElfW(Sym)*>(image + d->d_un.d_ptr);
      if (d->d_tag == DT_STRTAB) names = image + d->d_un.d_ptr;
    }
  }
  for (const auto* s = symbols; reinterpret_cast<const char*>(s) < names; ++s) {
    if (strcmp(names + s->st_name, wanted) == 0) return image + s->st_value;
  }
  return nullptr;
}

struct Way {
  const char* name;
  void (*go)();
};

// ---- Clocks.

const Way kClocks[] = {
    {"time", [] { Say(time(nullptr)); }},
    {"gettimeofday",
     [] {
       timeval now{};
       gettimeofday(&now, nullptr);
       Say(now.tv_sec, now.tv_usec);
     }},
    {"chrono",
     [] {
       Say(std::chrono::system_clock::now().time_since_epoch().count(),
           std::chrono::steady_clock::now().time_since_epoch().count());
     }},
    {"clock_gettime_cpu",
     [] {
       timespec now{};
       clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
       Say(Nanoseconds(now));
     }},
    {"raw_clock_gettime",
     [] {
       timespec now{};
       Raw(SYS_clock_gettime, CLOCK_REALTIME, &now);
       Say(Nanoseconds(now));
     }},
    {"syscall_clock_gettime",
     [] {
       timespec now{};
       syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now);
       Say(Nanoseconds(now));
     }},
    {"raw_time", [] { Say(Raw(SYS_time)); }},
    {"vdso_clock_gettime",
     [] {
       timespec now{};
       reinterpret_cast<int (*)(clockid_t, timespec*)>(VdsoFunction("__vdso_clock_gettime"))(
           CLOCK_REALTIME, &now);
       Say(Nanoseconds(now));
     }},
    {"vdso_time",
     [] { Say(reinterpret_cast<time_t (*)(time_t*)>(VdsoFunction("__vdso_time"))(nullptr)); }},
    {"rdtsc",
     [] {
       uint32_t low = 0, high = 0;
       __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
       Say(uint64_t{high} << 32 | low);
     }},
    {"rdtscp",
     [] {
       uint32_t low = 0, high = 0, processor = 7;
       __asm__ volatile("rdtscp" : "=a"(low), "=d"(high), "=c"(processor));
       Say(uint64_t{high} << 32 | low, processor);
     }},
    {"rdpid",
     [] {
       uint64_t processor = 7;
       __asm__ volatile("rdpid %0" : "=r"(processor));
       Say(processor);
     }},
    {"getrusage",
     [] {
       rusage usage{};
       getrusage(RUSAGE_SELF, &usage);
       Say(usage.ru_utime.tv_sec, usage.ru_utime.tv_usec, usage.ru_maxrss);
     }},
    {"localtime",
     [] {
       const time_t then = 1772442000;
       char text[64];
       tm parts{};
       strftime(text, sizeof text, "%F %T %Z", localtime_r(&then, &parts));
       Say(text);
     }},
};

// ---- Chance.

std::string Hex(const void* data, size_t bytes) {
  std::string text;
  for (size_t i = 0; i < bytes; ++i) {
    char two[3];
    snprintf(two, sizeof two, "%02x", static_cast<const unsigned char*>(data)[i]);
    text += two;
  }
  return text;
}

const Way kChance[] = {
    {"getrandom",
     [] {
       char bytes[8];
       if (getrandom(bytes, sizeof bytes, 0) == 8) Say(Hex(bytes, 8));
     }},
    {"raw_getrandom",
     [] {
       char bytes[8];
       if (Raw(SYS_getrandom, reinterpret_cast<long>(bytes), 8) == 8) Say(Hex(bytes, 8));
     }},
    {"urandom_open",
     [] {
       char bytes[8];
       const int fd = open("/dev/urandom", O_RDONLY);
       if (read(fd, bytes, sizeof bytes) == 8 && close(fd) == 0) Say(Hex(bytes, 8));
     }},
    {"urandom_raw",
     [] {
       char bytes[8];
       const long fd = Raw(SYS_openat, AT_FDCWD, "/dev/urandom");
       if (Raw(SYS_read, fd, reinterpret_cast<long>(bytes), 8) == 8) Say(Hex(bytes, 8));
     }},
    {"urandom_stream",
     [] {
       char bytes[8];
       std::ifstream("/dev/random", std::ios::binary).read(bytes, sizeof bytes);
       Say(Hex(bytes, 8));
     }},
    {"random_device", [] { Say(std::random_device()()); }},
    {"rand_seeded_by_time",
     [] {
       srand(static_cast<unsigned>(time(nullptr)));
       Say(rand());
     }},
    {"rdrand",
     [] {
       uint64_t wide = 0;
       unsigned char good = 0;
       __asm__ volatile("rdrand %0; setc %1" : "=r"(wide), "=q"(good) : : "cc");
       if (good == 1) Say(wide);
     }},
    {"rdseed",
     [] {
       uint64_t number = ~uint64_t{0};
       unsigned char good = 0;
       // To a register above the eighth, and its upper half cleared.
       __asm__ volatile("movq $-1, %%r9; rdseed %%r9d; setc %1; movq %%r9, %0"
                        : "=r"(number), "=q"(good)
                        :
                        : "cc", "r9");
       if (good == 1 && number >> 32 == 0) Say(number);
     }},
    {"at_random", [] { Say(Hex(reinterpret_cast<void*>(getauxval(AT_RANDOM)), 16)); }},
    {"addresses_of_names", [] { Say(getpid(), getppid(), static_cast<int>(Raw(SYS_gettid))); }},
};

// ---- The machine.

const Way kMachine[] = {
    {"uname",
     [] {
       utsname name{};
       uname(&name);
       char host[64] = "";
       gethostname(host, sizeof host);
       Say(name.sysname, name.nodename, name.release, name.machine, host);
     }},
    {"environment",
     [] {
       std::string all;
       for (char** entry = environ; *entry != nullptr; ++entry) all += std::string(*entry) + ";";
       Say(all, getenv("HOME") == nullptr ? "homeless" : "home",
           getenv("USER") == nullptr ? "nobody" : "user");
     }},
    {"locale",
     [] {
       Say(setlocale(LC_ALL, ""),
           setlocale(LC_ALL, "de_DE.UTF-8") == nullptr ? "no german" : "german");
     }},
    {"processors",
     [] {
       Say(std::thread::hardware_concurrency(), sysconf(_SC_NPROCESSORS_ONLN), sched_getcpu());
     }},
    {"memory_size",
     [] {
       struct sysinfo info {};
       sysinfo(&info);
       Say(info.totalram, info.uptime, sysconf(_SC_PHYS_PAGES));
     }},
    {"working_folder",
     [] {
       char folder[64];
       Say(getcwd(folder, sizeof folder));
     }},
    {"allocate",
     [] {  // What every program may do: memory of its own, large and small, and coroutines.
       for (size_t bytes = 16; bytes < size_t{1} << 26; bytes *= 2) {
         auto* block = static_cast<char*>(malloc(bytes));
         block[bytes - 1] = 1;
         block = static_cast<char*>(realloc(block, 2 * bytes));
         free(block);
       }
       sigjmp_buf place;
       const int times = sigsetjmp(place, 1);
       if (times == 0) siglongjmp(place, 7);
       std::mutex mutex;
       const std::lock_guard<std::mutex> lock(mutex);
       signal(SIGPIPE, SIG_IGN);
       pthread_setname_np(pthread_self(), "robot");
       Say("allocated", times);
     }},
    {"print",
     [] {
       printf("to stdout %d\n", 1);
       fprintf(stderr, "to stderr %d\n", 2);
       std::cout << "by a stream" << std::endl;
       Say("after");
     }},
};

// ---- Waiting.

std::mutex shared_mutex;

const Way kWaits[] = {
    {"nanosleep",
     [] {
       const timespec one{0, 1};
       nanosleep(&one, nullptr);
     }},
    {"raw_nanosleep",
     [] {
       const timespec one{0, 1};
       Raw(SYS_nanosleep, reinterpret_cast<long>(&one));
     }},
    {"usleep", [] { usleep(1); }},
    {"sleep_until",
     [] {
       std::this_thread::sleep_until(std::chrono::steady_clock::now() +
                                     std::chrono::milliseconds(5));
     }},
    {"select",
     [] {
       timeval one{0, 1000};
       select(0, nullptr, nullptr, nullptr, &one);
     }},
    {"poll", [] { poll(nullptr, 0, 1); }},
    {"epoll", [] { epoll_create1(0); }},
    {"timerfd", [] { timerfd_create(CLOCK_MONOTONIC, 0); }},
    {"pause", [] { pause(); }},
    {"condition_wait_for",
     [] {
       std::mutex mutex;
       std::condition_variable never;
       std::unique_lock<std::mutex> lock(mutex);
       never.wait_for(lock, std::chrono::milliseconds(1));
     }},
    {"sem_timedwait",
     [] {
       sem_t semaphore;
       sem_init(&semaphore, 0, 0);
       timespec limit{};
       clock_gettime(CLOCK_REALTIME, &limit);
       limit.tv_sec += 1;
       sem_timedwait(&semaphore, &limit);
     }},
    {"raw_futex",
     [] {
       int word = 5;
       const timespec one{0, 1000};
       Raw(SYS_futex, reinterpret_cast<long>(&word), 0 /* FUTEX_WAIT */, 5,
           reinterpret_cast<long>(&one));
     }},
    {"lock_of_another_task",
     [] {
       Hal<dp_task_v1>(DP_TASK)->create(
           "holder",
           [](void*) {
             const std::lock_guard<std::mutex> lock(shared_mutex);
             Hal<dp_clock_v1>(DP_CLOCK)->sleep_us(1000000);
           },
           nullptr, 65536);
       Hal<dp_task_v1>(DP_TASK)->yield();
       const std::lock_guard<std::mutex> lock(shared_mutex);
     }},
    {"thread_yield", [] { std::this_thread::yield(); }},
};

// ---- Threads, processes, other programs.

const Way kPrograms[] = {
    {"pthread_create",
     [] {
       pthread_t t;
       pthread_create(
           &t, nullptr, [](void*) -> void* { return nullptr; }, nullptr);
     }},
    {"std_thread", [] { std::thread([] {}).join(); }},
    {"std_async", [] { std::async(std::launch::async, [] { return 1; }).get(); }},
    {"raw_clone", [] { Raw(SYS_clone, 0x11); }},
    {"clone",
     [] {
       static char stack[4096];
       clone([](void*) { return 0; }, stack + sizeof stack, CLONE_VM | CLONE_THREAD | CLONE_SIGHAND,
             nullptr);
     }},
    {"fork", [] { fork(); }},
    {"raw_fork", [] { Raw(SYS_fork); }},
    {"vfork",
     [] {
       if (vfork() == 0) _exit(0);
     }},
    {"posix_spawn",
     [] {
       char word[] = "true";
       char* words[] = {word, nullptr};
       pid_t pid;
       posix_spawn(&pid, "/bin/true", nullptr, nullptr, words, environ);
     }},
    {"posix_spawnp",
     [] {
       char word[] = "true";
       char* words[] = {word, nullptr};
       pid_t pid;
       posix_spawnp(&pid, "true", nullptr, nullptr, words, environ);
     }},
    {"system", [] { (void)!system("true"); }},
    {"popen", [] { popen("true", "r"); }},
    {"execve", [] { execl("/bin/true", "true", nullptr); }},
    {"raw_execve", [] { Raw(SYS_execve, reinterpret_cast<long>("/bin/true")); }},
    {"timer_thread",
     [] {
       sigevent event{};
       event.sigev_notify = SIGEV_THREAD;
       event.sigev_notify_function = [](sigval) {};
       timer_t timer;
       timer_create(CLOCK_MONOTONIC, &event, &timer);
     }},
    {"dlopen",
     [] {
       dlopen("libm.so.6", RTLD_NOW | RTLD_NOLOAD);
       dlopen("/tmp/plugin.so", RTLD_NOW);
     }},
    {"exit", [] { exit(0); }},
    {"raw_exit", [] { Raw(SYS_exit_group); }},
};

// ---- The network.

const Way kNetwork[] = {
    {"connect",
     [] {
       const sockaddr to{};
       connect(3, &to, sizeof to);
     }},
    {"socket", [] { socket(AF_INET, SOCK_STREAM, 0); }},
    {"raw_socket", [] { Raw(SYS_socket, AF_INET, SOCK_DGRAM); }},
    {"socketpair",
     [] {
       int two[2];
       socketpair(AF_UNIX, SOCK_STREAM, 0, two);
     }},
    {"getaddrinfo",
     [] {
       addrinfo* found = nullptr;
       getaddrinfo("example.org", "443", nullptr, &found);
     }},
    {"gethostbyname", [] { gethostbyname("example.org"); }},
    {"sendto", [] { Raw(SYS_sendto, 4); }},
};

// ---- Files.

const Way kFiles[] = {
    {"open_passwd", [] { open("/etc/passwd", O_RDONLY); }},
    {"raw_open", [] { Raw(SYS_openat, AT_FDCWD, "/etc/hostname"); }},
    {"fopen_new", [] { fopen("/tmp/left_behind", "w"); }},
    {"stream_new", [] { std::ofstream("/tmp/left_behind") << "x"; }},
    {"stat", [] { (void)std::filesystem::exists("/etc/shadow"); }},
    {"opendir", [] { opendir("/"); }},
    {"unlink", [] { unlink("/tmp/left_behind"); }},
    {"mkdir", [] { mkdir("/tmp/left_behind", 0700); }},
    {"tmpfile", [] { (void)!tmpfile(); }},
    {"maps", [] { std::ifstream("/proc/self/maps").get(); }},
    {"raw_mem", [] { Raw(SYS_openat, AT_FDCWD, "/proc/self/mem"); }},
    {"write_elsewhere", [] { Raw(SYS_write, 5, reinterpret_cast<long>("x"), 1); }},
    {"read_stdin",
     [] {
       char c;
       (void)!read(0, &c, 1);
     }},
    {"pipe",
     [] {
       int two[2];
       (void)!pipe(two);
     }},
    {"io_uring",
     [] {
       io_uring_params parameters{};
       Raw(SYS_io_uring_setup, 4, &parameters);
     }},
};

// ---- Memory and the harness.

const Way kMemory[] = {
    {"mmap_file", [] { mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE, 5, 0); }},
    {"mmap_shared",
     [] { mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0); }},
    {"mmap_code",
     [] { mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); }},
    {"memfd", [] { memfd_create("x", 0); }},
    {"shm_open", [] { shm_open("/x", O_RDWR | O_CREAT, 0600); }},
    {"shmget", [] { shmget(IPC_PRIVATE, 4096, 0600); }},
    {"mq_open", [] { mq_open("/x", O_RDWR | O_CREAT, 0600, nullptr); }},
    {"ptrace", [] { ptrace(PTRACE_TRACEME); }},
    {"process_vm_readv",
     [] {
       char byte;
       iovec here{&byte, 1}, there{&shared_mutex, 1};
       process_vm_readv(1, &here, 1, &there, 1, 0);
     }},
    {"dispatch_off", [] { prctl(59, 0, 0, 0, 0); }},
    {"perf", [] { Raw(SYS_perf_event_open); }},
    {"unknown_call", [] { Raw(999); }},
    {"int80", [] { __asm__ volatile("int $0x80"
                                    :
                                    : "a"(20)
                                    : "memory"); }},
};

// ---- Signals.

const Way kSignals[] = {
    {"sigaction", [] { signal(SIGUSR1, [](int) {}); }},
    {"crash_handler", [] { signal(SIGSEGV, [](int) {}); }},
    {"raise", [] { raise(SIGTERM); }},
    {"kill_parent", [] { kill(getppid(), SIGTERM); }},
    {"alarm", [] { alarm(1); }},
    {"timer_signal",
     [] {
       timer_t timer;
       timer_create(CLOCK_MONOTONIC, nullptr, &timer);
     }},
    {"setitimer",
     [] {
       const itimerval one{};
       setitimer(ITIMER_REAL, &one, nullptr);
     }},
};

template <size_t count>
void TryOne(const Way (&ways)[count], const std::string& wanted) {
  for (const Way& way : ways) {
    if (wanted == way.name) way.go();
  }
}

void Main() {
  Hal<dp_clock_v1>(DP_CLOCK)->sleep_us(1500000);
  const std::string wanted = Hal<dp_identity_v1>(DP_IDENTITY)->model();
  TryOne(kClocks, wanted);
  TryOne(kChance, wanted);
  TryOne(kMachine, wanted);
  TryOne(kWaits, wanted);
  TryOne(kPrograms, wanted);
  TryOne(kNetwork, wanted);
  TryOne(kFiles, wanted);
  TryOne(kMemory, wanted);
  TryOne(kSignals, wanted);
  Say("still here");
}

}  // namespace

extern "C" const dp_firmware_t dp_firmware = {DP_HAL_VERSION, "hostile", "1.0", Main};
