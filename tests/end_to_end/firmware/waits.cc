// Threads that wait for one another in every manner that the C library has: whoever runs it twice must see it do the same twice.
#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/select.h>
#include <threads.h>
#include <unistd.h>

#include <atomic>
#include <barrier>
#include <cstdio>
#include <cstdlib>
#include <latch>
#include <mutex>
#include <shared_mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "hil/hal/dp_hal.h"

namespace {

using namespace std::chrono_literals;

const dp_log_v1* hal_log;
const dp_clock_v1* hal_clock;
std::string order;  // Of what threads did.

void Check(bool kept, const char* what) {
  if (kept) return;
  std::fprintf(stderr, "not so: %s\n", what);
  std::abort();
}

template <typename Act>
void InFour(Act act) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back(act, i);
  for (std::thread& thread : threads) thread.join();
}

void Barriers() {
  pthread_barrier_t barrier;
  pthread_barrier_init(&barrier, nullptr, 4);
  int last = 0, reached[2] = {};
  InFour([&](int i) {
    for (int& round : reached) {
      std::this_thread::sleep_for(std::chrono::milliseconds(4 - i));
      ++round;
      last += pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD;
      Check(round == 4, "all four came before one went on");
      order += static_cast<char>('a' + i);
    }
  });
  Check(last == 2, "one of each round is the last");
  Check(pthread_barrier_destroy(&barrier) == 0, "nobody is left in it");
  std::barrier together(4);
  std::latch began(4);
  InFour([&](int) {
    began.arrive_and_wait();
    together.arrive_and_wait();
  });
}

void FirstTimes() {
  static int made = 0;
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  InFour([](int) {
    pthread_once(&once, [] {
      std::this_thread::sleep_for(5ms);
      ++made;
    });
    Check(made == 1, "it is made once, before any goes on");
  });
  std::once_flag flag;
  int tries = 0, caught = 0;
  InFour([&](int) {
    try {
      std::call_once(flag, [&] {
        std::this_thread::sleep_for(5ms);
        if (++tries < 3) throw std::runtime_error("not yet");
      });
    } catch (const std::runtime_error&) {
      ++caught;
    }
  });
  Check(tries == 3 && caught == 2, "one that fails is tried again by the next");
  InFour([](int) {
    static const int slow = [] {
      std::this_thread::sleep_for(5ms);
      return 7;
    }();
    Check(slow == 7, "a static variable is ready");
  });
}

void Locks() {
  pthread_spinlock_t spin;
  pthread_spin_init(&spin, PTHREAD_PROCESS_PRIVATE);
  InFour([&](int i) {
    pthread_spin_lock(&spin);
    std::this_thread::sleep_for(2ms);
    order += static_cast<char>('e' + i);
    pthread_spin_unlock(&spin);
  });
  std::shared_timed_mutex shared;
  shared.lock();
  std::thread late([&] {
    const uint64_t begin_us = hal_clock->now_us();
    Check(!shared.try_lock_shared_for(20ms), "a lock that is taken is not got");
    Check(!shared.try_lock_for(20ms), "nor to write");
    Check(hal_clock->now_us() - begin_us >= 40'000, "after the time it takes");
  });
  late.join();
  shared.unlock();
}

int Count(void* argument) {
  auto* word = static_cast<std::atomic<int>*>(argument);
  thrd_sleep((const timespec[1]){{0, 5'000'000}}, nullptr);
  return word->fetch_add(1) + 40;
}

void InC() {
  std::atomic<int> word = 1;
  thrd_t thread;
  int result = 0;
  const uint64_t begin_us = hal_clock->now_us();
  Check(thrd_create(&thread, Count, &word) == thrd_success && thrd_join(thread, &result) == thrd_success && result == 41,
        "a thread of C11 answers");
  Check(hal_clock->now_us() - begin_us >= 5000, "after its sleep");
  static mtx_t mutex;
  static cnd_t condition;
  static bool open;
  mtx_init(&mutex, mtx_timed);
  cnd_init(&condition);
  InFour([](int i) {
    mtx_lock(&mutex);
    if (i == 3) open = true, cnd_broadcast(&condition);
    while (!open) cnd_wait(&condition, &mutex);
    mtx_unlock(&mutex);
  });
  mtx_lock(&mutex);
  timespec soon{};
  timespec_get(&soon, TIME_UTC);
  soon.tv_sec += 2;
  const uint64_t called_us = hal_clock->now_us();
  Check(cnd_timedwait(&condition, &mutex, &soon) == thrd_timedout, "nobody calls");
  Check(hal_clock->now_us() - called_us >= 2'000'000, "for two seconds");
  mtx_unlock(&mutex);
}

void Descriptors() {
  const int event = eventfd(0, EFD_NONBLOCK);
  const timespec quarter{0, 250'000'000};
  const uint64_t begin_us = hal_clock->now_us();
  pollfd one{event, POLLIN, 0};
  Check(ppoll(&one, 1, &quarter, nullptr) == 0, "ppoll ends by its time-out");
  fd_set set;
  FD_ZERO(&set);
  FD_SET(event, &set);
  Check(pselect(event + 1, &set, nullptr, nullptr, &quarter, nullptr) == 0, "and pselect");
  const int many = epoll_create1(0);
  epoll_event watched{};
  watched.events = EPOLLIN;
  epoll_ctl(many, EPOLL_CTL_ADD, event, &watched);
  Check(epoll_pwait(many, &watched, 1, 250, nullptr) == 0, "and epoll_pwait");
  Check(hal_clock->now_us() - begin_us >= 750'000, "each after its time");
  std::thread writer([&] {
    std::this_thread::sleep_for(3ms);
    eventfd_write(event, 1);
  });
  Check(ppoll(&one, 1, nullptr, nullptr) == 1, "ppoll ends by what comes");
  writer.join();
  close(many);
  close(event);
}

void Main() {
  hal_log = static_cast<const dp_log_v1*>(dp_hal_query(DP_LOG, 1));
  hal_clock = static_cast<const dp_clock_v1*>(dp_hal_query(DP_CLOCK, 1));
  Barriers();
  FirstTimes();
  Locks();
  InC();
  Descriptors();
  hal_log->write(DP_LOG_INFO, ("waits: all seen, " + order).c_str());
}

}  // namespace

extern "C" const dp_firmware_t dp_firmware = {DP_HAL_VERSION, "waits", "1", Main};
