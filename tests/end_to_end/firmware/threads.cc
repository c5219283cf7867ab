// A firmware with threads of its own, which checks what it sees: whoever runs it twice must see it do the same twice.
#include <sys/syscall.h>
#include <time.h>

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <semaphore>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

#include "hil/hal/dp_hal.h"

namespace {

using namespace std::chrono_literals;

const dp_log_v1* hal_log;
const dp_clock_v1* hal_clock;

void Check(bool kept, const char* what) {
  if (kept) return;
  std::fprintf(stderr, "not so: %s\n", what);
  std::abort();
}

void Log(const std::string& text) { hal_log->write(DP_LOG_INFO, text.c_str()); }

void PingPong() {
  std::mutex mutex;
  std::condition_variable turned;
  int turn = 0;
  const auto play = [&](int side) {
    for (int i = 0; i < 200; ++i) {
      std::unique_lock lock(mutex);
      turned.wait(lock, [&] { return turn % 2 == side; });
      ++turn;
      turned.notify_all();
    }
  };
  std::thread ping(play, 0), pong(play, 1);
  ping.join();
  pong.join();
  Check(turn == 400, "ping-pong came to its end");
}

class Pool {
 public:
  explicit Pool(int size) {
    for (int i = 0; i < size; ++i) workers_.emplace_back([this] { Work(); });
  }
  ~Pool() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    filled_.notify_all();
    for (std::thread& worker : workers_) worker.join();
  }
  void Add(std::function<void()> job) {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
    filled_.notify_one();
  }

 private:
  void Work() {
    while (true) {
      std::unique_lock lock(mutex_);
      filled_.wait(lock, [this] { return closed_ || !jobs_.empty(); });
      if (jobs_.empty()) return;
      const auto job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      job();
    }
  }
  std::mutex mutex_;
  std::condition_variable filled_;
  std::deque<std::function<void()>> jobs_;
  bool closed_ = false;
  std::vector<std::thread> workers_;
};

void PoolOfFour() {
  std::string order;
  {
    Pool pool(4);
    for (int i = 0; i < 12; ++i) {
      pool.Add([i, &order] {
        std::this_thread::sleep_for(std::chrono::milliseconds(10 + i % 3));
        order += static_cast<char>('a' + i);
      });
    }
  }
  Check(order.size() == 12, "the pool did each job once");
  Log("pool: " + order);
}

void EightAtWork() {
  std::atomic<uint64_t> sum = 0;
  std::vector<std::thread> threads;
  for (uint64_t t = 0; t < 8; ++t) {
    threads.emplace_back([t, &sum] {
      uint64_t x = t + 1;
      for (int i = 0; i < 200'000; ++i) x = x * 6364136223846793005u + 1442695040888963407u;
      sum += x;
      Log("worker " + std::to_string(t));
    });
  }
  for (std::thread& thread : threads) thread.join();
  Log("sum " + std::to_string(sum));
}

// In real time two readings of the clock differ by what lies between them.
bool TimeStandsMeanwhile() {
  const uint64_t begin_us = hal_clock->now_us();
  volatile int spin = 0;
  for (int i = 0; i < 100'000; ++i) spin = i;
  return hal_clock->now_us() == begin_us;
}

void TimedWaits() {
  const uint64_t begin_us = hal_clock->now_us();
  std::mutex mutex;
  std::condition_variable never;
  std::unique_lock lock(mutex);
  Check(never.wait_for(lock, 250ms) == std::cv_status::timeout, "a wait ends by its time-out");
  const uint64_t waited_us = hal_clock->now_us() - begin_us;
  Check(waited_us >= 250'000, "time has passed meanwhile");
  if (TimeStandsMeanwhile()) Check(waited_us < 252'000, "and no more of it");
  const auto before = std::chrono::steady_clock::now();
  std::this_thread::sleep_for(2h);
  Check(std::chrono::steady_clock::now() - before >= 2h, "the clock agrees with the sleep");
}

void OtherWaits() {
  std::counting_semaphore<4> semaphore(0);
  std::shared_mutex shared;
  std::atomic<int> word = 0;
  std::thread releaser([&] {
    std::this_thread::sleep_for(5ms);
    semaphore.release();
    word = 1;
    word.notify_all();
  });
  semaphore.acquire();
  word.wait(0);
  releaser.join();
  shared.lock();
  std::thread reader([&] { const std::shared_lock lock(shared); });
  std::this_thread::sleep_for(1ms);
  shared.unlock();
  reader.join();
  Check(std::async(std::launch::async, [] { return 42; }).get() == 42, "std::async answers");
}

void SleepByHand() {
  const uint64_t begin_us = hal_clock->now_us();
  const timespec quarter{.tv_sec = 0, .tv_nsec = 250'000'000};
  long result = SYS_nanosleep;
  __asm__ volatile("syscall" : "+a"(result) : "D"(&quarter), "S"(0) : "rcx", "r11", "memory");
  const uint64_t slept_us = hal_clock->now_us() - begin_us;
  Check(result == 0 && slept_us >= 250'000, "a sleep that the kernel is asked for takes its time");
  if (TimeStandsMeanwhile()) Check(slept_us == 250'000, "and no more of it");
}

void Main() {
  hal_log = static_cast<const dp_log_v1*>(dp_hal_query(DP_LOG, 1));
  hal_clock = static_cast<const dp_clock_v1*>(dp_hal_query(DP_CLOCK, 1));
  PingPong();
  PoolOfFour();
  EightAtWork();
  OtherWaits();
  SleepByHand();
  Log("threads: all seen");
  TimedWaits();
}

}  // namespace

extern "C" const dp_firmware_t dp_firmware = {DP_HAL_VERSION, "threads", "1", Main};
