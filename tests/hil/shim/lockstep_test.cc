#include "hil/shim/lockstep/lockstep.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <fstream>
#include <thread>

#include "tests/hil/shim/bench.h"

namespace dustproof {
namespace {

using Lines = std::vector<std::string>;

Lines RunTasks(const std::string& behaviour, double until_s = 10) {
  Bench bench("tasks", behaviour);
  bench.RunUntil(until_s);
  EXPECT_EQ(bench.host->state(), Lockstep::State::kEnded);
  return bench.log.lines;
}

/// What firmware said itself, without the HAL's lines on calls that it refused.
Lines Own(Lines lines) {
  std::erase_if(lines, [](const std::string& line) { return line.starts_with("HAL "); });
  return lines;
}

TEST(LockstepTest, HandsMailboxMessagesToAndFro) {
  EXPECT_EQ(RunTasks("ping_pong"), (Lines{"ping 0", "pong 1", "ping 2", "pong 3"}));
}

// Equal times wake in the order of the sleeps: "first" was created, hence slept, before "second".
TEST(LockstepTest, WakesTasksByTimeThenByOrderOfSleeping) {
  EXPECT_EQ(RunTasks("sleep_order"), (Lines{"first woke at 1000", "second woke at 1000",
                                            "main woke at 2000", "late woke at 3000"}));
}

TEST(LockstepTest, GivesUpWaitingAtTheTimeOut) {
  EXPECT_EQ(RunTasks("timeouts"), (Lines{"receive -2 at 0", "receive -2 at 1500", "send 0 at 1500",
                                         "send -2 at 2000", "latest -9", "read -2 at 12000"}));
}

TEST(LockstepTest, AnswersBadArgumentsWithoutHarm) {
  EXPECT_EQ(Own(RunTasks("bad_arguments")), Lines{"camera absent, clock 2 absent, null absent"});
}

// Each boot starts its clock anew and finds its RAM as loaded; what it wrote to flash stays. The
// last one returns.
TEST(LockstepTest, LosesRamAndKeepsFlashOverAReboot) {
  EXPECT_EQ(RunTasks("reboot"), (Lines{"boot cause 0, ram 7 '' 1, flash ff, at 0",
                                       "boot cause 1, ram 7 '' 1, flash fe, at 0",
                                       "boot cause 1, ram 7 '' 1, flash fc, at 0"}));
}

TEST(LockstepTest, RunsConstructorsAgainAfterAReboot) {
  Bench bench("faults", "cpp_reboot");
  bench.RunUntil(10);
  const std::string as_built = "a name that is too long for the small string buffer 3 5";
  EXPECT_EQ(bench.log.lines, (Lines{as_built, as_built}));
}

TEST(LockstepTest, CutsAFlashOperationThatAResetInterrupts) {
  Bench bench("tasks", "flash_cut");
  bench.RunUntil(10);
  EXPECT_EQ(bench.flash.cuts, 1);
  EXPECT_NEAR(bench.flash.progress, 10.0 / 45, 1e-9);  // Reset after 10 ms of 45.
  EXPECT_TRUE(bench.log.lines.empty());
}

TEST(LockstepTest, StaysOffUntilAButtonWakesIt) {
  Bench bench("tasks", "power_off");
  bench.RunUntil(5);
  EXPECT_EQ(bench.host->state(), Lockstep::State::kOff);
  EXPECT_EQ(bench.log.boots, 1);
  bench.host->sensors().Push(dp_button_event{5'000'000, DP_BUTTON_CLEAN, 100});
  bench.RunUntil(6);
  EXPECT_EQ(bench.log.boots, 2);
  EXPECT_EQ(bench.log.lines, (Lines{"boot cause 0", "boot cause 0"}));
}

TEST(LockstepTest, EndsTasksWhereThePowerIsCut) {
  Bench bench("tasks", "sleep_order");
  bench.queue.RunUntil(SimTime::Zero() + SimDuration::Microseconds(1500));
  bench.host->PowerCut();
  bench.RunUntil(1);
  EXPECT_EQ(bench.log.lines, (Lines{"first woke at 1000", "second woke at 1000"}));
  bench.host->PowerOn(DP_RESET_BROWNOUT);
  bench.RunUntil(2);
  EXPECT_EQ(bench.log.lines.size(), 6u);
}

// Samples at 10, 20 and 30 ms; a hazard sample each too, whose bumper is pressed from 50 ms on.
TEST(LockstepTest, WakesReadersAtTheInstantOfASample) {
  Bench bench("tasks", "sensors");
  for (int i = 1; i <= 6; ++i) {
    bench.queue.Schedule(
        SimTime::Zero() + SimDuration::Milliseconds(10 * i), EventSource::kSensor, [&bench, i] {
          bench.host->sensors().Push(
              dp_odometry_sample{.time_us = 10000u * static_cast<unsigned>(i),
                                 .left_ticks = static_cast<uint16_t>(i),
                                 .right_ticks = 0,
                                 .wheel_drop_left = false,
                                 .wheel_drop_right = false});
          bench.host->sensors().Push(dp_hazard_sample{.time_us = 10000u * static_cast<unsigned>(i),
                                                      .bumper_left = i >= 5,
                                                      .bumper_right = false,
                                                      .cliff = 0,
                                                      .over_current_left = false,
                                                      .over_current_right = false});
        });
  }
  bench.RunUntil(1);
  EXPECT_EQ(bench.log.lines,
            (Lines{"odometry 1 taken 10000 read 10000", "odometry 2 taken 20000 read 20000",
                   "odometry 3 taken 30000 read 30000", "hazard 0 left 1 at 50000"}));
}

TEST(LockstepTest, WaitsForTheNetworkInSimulatedTime) {
  EXPECT_EQ(Own(RunTasks("sockets")),
            (Lines{"resolve 1 0a000001 at 100000", "early send -9", "connect 0 at 200000",
                   "connect again -9", "send 5", "receive 5 'hello' at 300000",
                   "receive -2 at 500000", "close 0", "close again -1"}));
}

TEST(LockstepTest, GoesOnWithAConnectThatTimedOut) {
  EXPECT_EQ(Own(RunTasks("patient_connect")),
            (Lines{"connect -2 at 0", "connect -2 at 40000", "connect 0 at 100000", "send 5"}));
}

TEST(LockstepTest, KeepsEachTasksExceptionsApart) {
  Bench bench("faults", "rethrow");
  bench.RunUntil(10);
  EXPECT_EQ(bench.log.lines, (Lines{"one caught first", "two caught second"}));
}

// A sanitizer sees whether a queue is touched after it is gone.
TEST(LockstepTest, GoesWhileTasksWait) {
  Bench bench("tasks", "sensors");
  bench.RunUntil(1);
  EXPECT_EQ(bench.host->state(), Lockstep::State::kRunning);
  bench.host.reset();
  EXPECT_TRUE(bench.log.lines.empty());
}

// As ZeroMQ's: were it taken for firmware, it would be told another process id, and wake nobody.
TEST(LockstepTest, TakesNoOtherThreadForFirmware) {
  Bench bench("tasks", "switches");
  const pid_t own = getpid();
  std::atomic<bool> over = false;
  std::atomic<int> asked = 0, strange = 0;
  std::thread other([&] {
    for (; !over; ++asked)
      if (getpid() != own) ++strange;
  });
  while (asked == 0) std::this_thread::yield();
  bench.RunUntil(1);
  over = true;
  other.join();
  EXPECT_GT(asked, 1000);
  EXPECT_EQ(strange, 0);
}

std::string WhyNotLoaded(const std::string& path) {
  EventQueue queue;
  LogKeeper log;
  Devices devices;
  devices.listener = &log;
  auto created =
      Lockstep::Create({.firmware_path = path, .start = {}, .seed = Seed(1)}, queue, devices);
  return created.ok() ? "loaded" : ToString(created.error());
}

TEST(LockstepTest, SaysWhyAFirmwareCannotBeLoaded) {
  const auto why = [](const std::string& firmware) { return WhyNotLoaded(Bench::Path(firmware)); };
  EXPECT_NE(why("nowhere").find("nowhere.so: no such firmware file"), std::string::npos)
      << why("nowhere");
  EXPECT_NE(why("other_version").find("compiled for HAL version 2, this Dustproof has 1"),
            std::string::npos);
  EXPECT_NE(why("no_symbol").find("has no symbol dp_firmware"), std::string::npos);
  EXPECT_NE(why("unresolved").find("'forgotten_library_call'"), std::string::npos)
      << why("unresolved");
  EXPECT_NE(WhyNotLoaded("/proc/self/exe").find("shared object"), std::string::npos)
      << WhyNotLoaded("/proc/self/exe");
  EXPECT_NE(WhyNotLoaded(FIRMWARE_DIR).find("is not a file"), std::string::npos);
  const std::string text_file = testing::TempDir() + "firmware.txt";
  std::ofstream(text_file) << "not a program";
  EXPECT_NE(WhyNotLoaded(text_file).find("is not a shared object"), std::string::npos);
}

// By hand: `hil_shim_test --gtest_also_run_disabled_tests --gtest_filter=*SwitchCost*`.
TEST(LockstepTest, DISABLED_SwitchCost) {
  Bench bench("tasks", "switches");
  const int64_t begin = RealThreadCpuNanoseconds();
  bench.RunUntil(1);
  const auto spent = static_cast<double>(RealThreadCpuNanoseconds() - begin);
  const auto switches = static_cast<double>(bench.host->switch_count());
  std::printf("%.0f switches, %.1f ns each (to the task and back)\n", switches, spent / switches);
}

}  // namespace
}  // namespace dustproof
