#include "hil/shim/lockstep/virtual_time.h"

#include <gtest/gtest.h>
#include <sys/random.h>
#include <sys/time.h>

#include <chrono>
#include <ctime>
#include <fstream>
#include <random>
#include <thread>

#include "tests/hil/shim/bench.h"

namespace dustproof {
namespace {

TEST(VirtualTimeTest, ShowsSimulatedTimeToEveryLibrary) {
  EventQueue queue;
  {
    auto installed = VirtualTime::Install(queue, WallTime::FromUnixSeconds(1'000'000'000), Seed(1));
    ASSERT_TRUE(installed.ok()) << ToString(installed.error());
    queue.RunUntil(SimTime::Zero() + SimDuration::Milliseconds(2500));
    EXPECT_EQ(time(nullptr), 1'000'000'002);
    timeval now{};
    gettimeofday(&now, nullptr);
    EXPECT_EQ(now.tv_usec, 500'000);
    EXPECT_EQ(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()),
              1'000'000'002);
    EXPECT_EQ(std::chrono::steady_clock::now().time_since_epoch(), std::chrono::milliseconds(3500));
  }
  EXPECT_GT(time(nullptr), 1'700'000'000);  // Real again.
}

TEST(VirtualTimeTest, LeavesOtherThreadsInRealTime) {
  EventQueue queue;
  const auto installed = VirtualTime::Install(queue, WallTime::FromUnixSeconds(1000), Seed(1));
  ASSERT_TRUE(installed.ok());
  time_t seen = 0;
  std::thread([&seen] { seen = time(nullptr); }).join();
  EXPECT_GT(seen, 1'700'000'000);
  EXPECT_EQ(time(nullptr), 1000);
}

TEST(VirtualTimeTest, PretendsADateToEveryLibraryWhileTimeIsReal) {
  PretendDate(2'840'140'800);  // 2060-01-01
  EXPECT_NEAR(static_cast<double>(time(nullptr)), 2'840'140'800, 60);
  timeval now{};
  gettimeofday(&now, nullptr);
  EXPECT_NEAR(static_cast<double>(now.tv_sec), 2'840'140'800, 60);
  const auto seen = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  EXPECT_NEAR(static_cast<double>(seen), 2'840'140'800, 60);
  {
    EventQueue queue;
    const auto installed = VirtualTime::Install(queue, WallTime::FromUnixSeconds(1000), Seed(1));
    ASSERT_TRUE(installed.ok());
    EXPECT_EQ(time(nullptr), 1000);  // A run does not see it.
  }
  PretendDate(0);
  EXPECT_LT(time(nullptr), 2'840'000'000);
}

std::vector<unsigned> Draw(uint64_t seed) {
  EventQueue queue;
  const auto installed = VirtualTime::Install(queue, {}, Seed(seed));
  EXPECT_TRUE(installed.ok());
  unsigned bytes = 0;
  EXPECT_EQ(getrandom(&bytes, sizeof bytes, 0), 4);
  std::random_device device;
  unsigned from_file = 0;
  std::ifstream("/dev/urandom", std::ios::binary)
      .read(reinterpret_cast<char*>(&from_file), sizeof from_file);
  return {bytes, device(), static_cast<unsigned>(rand()), from_file};
}

TEST(VirtualTimeTest, DrawsEveryChanceFromTheSeed) {
  EXPECT_EQ(Draw(5), Draw(5));
  const auto a = Draw(5), b = Draw(6);
  for (size_t i = 0; i < a.size(); ++i) EXPECT_NE(a[i], b[i]) << i;
}

TEST(VirtualTimeTest, HoldsForFirmware) {
  Bench bench("tasks", "clocks");
  bench.RunUntil(10);
  EXPECT_EQ(bench.log.lines, std::vector<std::string>{
                                 "time 1772442002, monotonic went 2500 ms, rtc 1772442002500000"});
}

TEST(VirtualTimeTest, GivesFirmwareTheSameChanceForTheSameSeed) {
  const auto run = [](uint64_t seed) {
    Bench bench("faults", "chance", seed);
    bench.RunUntil(5);
    return bench.log.lines.at(0);
  };
  EXPECT_EQ(run(3), run(3));
  EXPECT_NE(run(3), run(4));
}

TEST(VirtualTimeTest, StillMeasuresRealTime) {
  EventQueue queue;
  const auto installed = VirtualTime::Install(queue, {}, Seed(1));
  ASSERT_TRUE(installed.ok());
  const int64_t begin = RealThreadCpuNanoseconds();
  volatile int work = 0;
  while (RealThreadCpuNanoseconds() == begin) work = work + 1;
  EXPECT_GT(RealMonotonicNanoseconds(), 0);
}

}  // namespace
}  // namespace dustproof
