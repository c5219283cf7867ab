// Firmware may call the HAL with any arguments: each wrong call gets an error code and a line in
// the log, and does no harm to us.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/hil/shim/bench.h"

namespace dustproof {
namespace {

std::vector<std::string> LinesOf(const std::string& behaviour) {
  Bench bench("wild_calls", behaviour);
  bench.RunUntil(1000);
  EXPECT_EQ(bench.host->state(), Lockstep::State::kEnded);
  EXPECT_FALSE(bench.log.lines.empty());
  EXPECT_EQ(bench.log.lines.back(), "done");
  return bench.log.lines;
}

// "socket.send -1" is the firmware's own line on what it was answered; the shim's stands before it.
TEST(WildCallsTest, AnswersEachWrongCallWithACodeAndALine) {
  std::set<std::string> refused;
  for (int seed = 1; seed <= 40; ++seed) {
    const std::vector<std::string> lines = LinesOf("wild " + std::to_string(seed));
    for (size_t i = 0; i < lines.size(); ++i) {
      const size_t space = lines[i].rfind(' ');
      if (space == std::string::npos || !lines[i].ends_with(" -1")) continue;
      const std::string call = lines[i].substr(0, space);
      ASSERT_GT(i, 0u);
      EXPECT_TRUE(lines[i - 1].starts_with("HAL " + call) &&
                  lines[i - 1].find(" refused: ") != std::string::npos)
          << "seed " << seed << ": " << lines[i] << " after " << lines[i - 1];
      refused.insert(call);
    }
  }
  // All that can be asked wrongly was.
  for (const char* call : {"task.create",
                           "task.mailbox_create",
                           "task.mailbox_send",
                           "task.mailbox_receive",
                           "lidar.read",
                           "odometry.read",
                           "odometry.latest",
                           "imu.read",
                           "imu.latest",
                           "hazard.latest",
                           "hazard.wait_change",
                           "buttons.read",
                           "dock.latest",
                           "battery.latest",
                           "drive.set_velocity",
                           "drive.set_pwm",
                           "cleaning.set",
                           "indicators.set_led",
                           "flash.read",
                           "flash.program",
                           "flash.erase",
                           "wifi.scan",
                           "wifi.join",
                           "wifi.start_hotspot",
                           "socket.resolve",
                           "socket.open",
                           "socket.connect",
                           "socket.bind",
                           "socket.accept",
                           "socket.send",
                           "socket.receive",
                           "socket.send_to",
                           "socket.receive_from",
                           "socket.join_group",
                           "socket.close",
                           "uart.write",
                           "uart.read"}) {
    EXPECT_TRUE(refused.contains(call)) << call;
  }
}

TEST(WildCallsTest, AnswersNothingButWhatTheHalDefines) {
  for (int seed = 100; seed < 110; ++seed) {
    for (const std::string& line : LinesOf("wild " + std::to_string(seed))) {
      const size_t space = line.rfind(' ');
      if (line.starts_with("HAL ") || space == std::string::npos) continue;
      if (line[space + 1] != '-') continue;
      EXPECT_GE(std::stoi(line.substr(space)), DP_ERR_STATE) << line;
    }
  }
}

// Tasks that close each other's sockets while the others wait on them, and a reset in the middle.
TEST(WildCallsTest, SurvivesTasksThatDisturbEachOther) {
  for (int seed = 1; seed <= 20; ++seed) {
    Bench bench("wild_calls", "many " + std::to_string(seed));
    bench.RunUntil(1000);
    EXPECT_EQ(bench.log.boots, 2) << seed;
    EXPECT_EQ(bench.host->state(), Lockstep::State::kEnded) << seed;
  }
}

TEST(WildCallsTest, SaysAHundredTimesAndNoMoreThatACallIsWrong) {
  Bench bench("tasks", "bad_call_forever");
  bench.RunUntil(1);
  const auto said =
      std::count_if(bench.log.lines.begin(), bench.log.lines.end(), [](const auto& l) {
        return l.starts_with("HAL socket.close refused: no open socket has this handle");
      });
  EXPECT_EQ(said, 100);
  EXPECT_TRUE(bench.log.lines.back().ends_with("(more refusals of this call are not logged)"))
      << bench.log.lines.back();
}

}  // namespace
}  // namespace dustproof
