#include "sim/scenario/robot_config.h"

#include <gtest/gtest.h>

namespace dustproof {
namespace {

constexpr char kHeader[] = "kind: robot\nformat_version: 1\n";

std::string Problems(const std::string& body) {
  const Result<RobotConfig> robot = ParseRobotConfig(kHeader + body, "r.yaml");
  return robot ? "" : ToString(robot.error());
}

TEST(RobotConfigTest, ReadsTheVacuumThatShips) {
  const Result<RobotConfig> robot =
      LoadRobotConfig(std::string(DUSTPROOF_SOURCE_DIR) + "/robots/vacuum/robot.yaml");
  ASSERT_TRUE(robot.ok()) << ToString(robot.error());
  EXPECT_EQ(robot->drive.ticks_per_m, 4464);
  EXPECT_EQ(robot->drive.track_width_m, 0.233);
  EXPECT_EQ(robot->lidar.beams_per_turn, 360);
  EXPECT_EQ(robot->drive.command_timeout, SimDuration::Milliseconds(200));
}

TEST(RobotConfigTest, HasDefaultsThatPassItsOwnRules) { EXPECT_EQ(Problems(""), ""); }

TEST(RobotConfigTest, RefusesZeroTrackWidth) {
  const std::string text = Problems("drive: {track_width_m: 0}\n");
  EXPECT_NE(text.find("r.yaml:3:24: drive.track_width_m"), std::string::npos) << text;
}

TEST(RobotConfigTest, SaysEverythingThatIsWrongAtOnce) {
  const std::string text = Problems(
      "body: {mass: 3}\n"
      "lidar: {range_m_min: 2, range_m_max: 1}\n"
      "battery: {charge_at_start: 1.5}\n");
  EXPECT_NE(text.find("mass: unknown key"), std::string::npos) << text;
  EXPECT_NE(text.find("lidar.range_m_max: must exceed range_m_min (2), got 1"), std::string::npos)
      << text;
  EXPECT_NE(text.find("battery.charge_at_start"), std::string::npos) << text;
}

// 30 kg on springs that carry at most 18.5 N each.
TEST(RobotConfigTest, RefusesARobotThatItsSpringsCannotCarry) {
  EXPECT_NE(Problems("body: {mass_kg: 30}\n").find("suspension must carry"), std::string::npos);
}

}  // namespace
}  // namespace dustproof
