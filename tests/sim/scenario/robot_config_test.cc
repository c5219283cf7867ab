#include "sim/scenario/robot_config.h"

#include <gtest/gtest.h>

#include "sim/config/schema.h"

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

TEST(RobotConfigTest, ReadsAWornAndFaultyFlashAndAWeakPack) {
  const Result<RobotConfig> robot = ParseRobotConfig(
      std::string(kHeader) +
          "battery: {brownout_V: 12.5}\n"
          "flash:\n  size_kib: 512\n  block_bytes: 65536\n  page_bytes: 32\n"
          "  program_time: 1ms\n  erase_time: 2s\n"
          "  erase_cycles_max: 1000\n  erase_cycles_at_start: 999\n  worn_failure: 0.5\n"
          "  faults: {bit_error_rate: 1e-6, read_disturb_reads: 50, lost_write_probability: "
          "0.01}\n",
      "r.yaml");
  ASSERT_TRUE(robot.ok()) << ToString(robot.error());
  EXPECT_EQ(robot->battery.brownout_V, 12.5);
  EXPECT_EQ(robot->flash.size_bytes(), 524288);
  EXPECT_EQ(robot->flash.block_bytes, 65536);
  EXPECT_EQ(robot->flash.page_bytes, 32);
  EXPECT_EQ(robot->flash.program_time, SimDuration::Milliseconds(1));
  EXPECT_EQ(robot->flash.erase_time, SimDuration::Seconds(2));
  EXPECT_EQ(robot->flash.erase_cycles_max, 1000);
  EXPECT_EQ(robot->flash.erase_cycles_at_start, 999);
  EXPECT_EQ(robot->flash.worn_failure, 0.5);
  EXPECT_EQ(robot->flash.faults.bit_error_rate, 1e-6);
  EXPECT_EQ(robot->flash.faults.read_disturb_reads, 50);
  EXPECT_EQ(robot->flash.faults.lost_write_probability, 0.01);
}

TEST(RobotConfigTest, RefusesAFlashThatDoesNotDivide) {
  const std::string text = Problems("flash: {size_kib: 100, block_bytes: 4000, page_bytes: 256}\n");
  EXPECT_NE(text.find("flash.block_bytes: must be a multiple of page_bytes (256), got 4000"),
            std::string::npos)
      << text;
  const std::string size = Problems("flash: {size_kib: 102}\n");
  EXPECT_NE(size.find("flash.size_kib: must make a multiple of block_bytes (4096), got 102"),
            std::string::npos)
      << size;
}

// A figure of 1e308 once reached the lidar's rays as infinity and ended the run inside Embree.
void ExpectBoundedNumbers(const SchemaNode& node, const std::string& path) {
  const bool is_number =
      node.type == SchemaNode::Type::kNumber || node.type == SchemaNode::Type::kInteger;
  if (is_number) {
    ASSERT_TRUE(node.max && node.min) << path << " needs a floor and a ceiling";
    EXPECT_LE(*node.max, 1e6) << path;
  }
  for (const SchemaNode& child : node.children) ExpectBoundedNumbers(child, path + "." + child.key);
}

TEST(RobotConfigTest, HasAFloorAndACeilingForEveryNumber) {
  ExpectBoundedNumbers(RobotSchema(), "robot");
}

TEST(RobotConfigTest, RefusesFiguresOfAnotherUnit) {
  const std::string text = Problems(
      "drive: {motor: {torque_constant_Nm_per_A: 1e308, resistance_ohm: 1e-308}}\n"
      "lidar: {position_m: [1e308, 0, 0], yaw_rad: 1e308, spin_up: 100000d}\n");
  for (const char* part :
       {"torque_constant_Nm_per_A: must be at most 50, got 1e308",
        "resistance_ohm: must be at least 0.05, got 1e-308",
        "lidar.position_m[0]: must be at most 1, got 1e308", "lidar.yaw_rad: must be at most",
        "lidar.spin_up: must be at most 1min, got '100000d'"})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
}

TEST(RobotConfigTest, ComputesInNoTimeUnlessDeclared) {
  const auto compute = [](const std::string& body) {
    return ParseRobotConfig(kHeader + body, "r.yaml")->compute;
  };
  EXPECT_FALSE(compute("").has_value());
  EXPECT_FALSE(compute("compute: zero\n").has_value());
  const auto declared = compute(
      "compute:\n"
      "  cores: 2\n"
      "  after: [{task: slam, call: lidar.read, time: 12ms}, {task: '*', call: '*', time: 0s}]\n");
  ASSERT_TRUE(declared.has_value());
  EXPECT_EQ(declared->cores, 2);
  ASSERT_EQ(declared->after.size(), 2u);
  EXPECT_EQ(declared->after[0].task, "slam");
  EXPECT_EQ(declared->after[0].call, "lidar.read");
  EXPECT_EQ(declared->after[0].time, SimDuration::Milliseconds(12));
  EXPECT_EQ(declared->after[1].call, "*");
}

TEST(RobotConfigTest, RefusesComputeThatMeansNothing) {
  const auto after = [](const std::string& entry) {
    return Problems("compute: {after: [" + entry + "]}\n");
  };
  const auto expect = [](const std::string& text, const char* part) {
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
  };
  expect(Problems("compute: zeor\n"),
         "r.yaml:3:10: compute: must be zero or a map of keys and values, got 'zeor'; did you mean "
         "'zero'?");
  expect(Problems("compute: [1]\n"), "must be zero or a map of keys and values, got a list");
  expect(Problems("compute: {cores: 17, after: []}\n"), "cores: must be at most 16, got 17");
  expect(Problems("compute: {cores: 2}\n"), "compute.after: is required");
  expect(after("{task: slam, call: lidar.raed, time: 1ms}"),
         "compute.after[0].call: the HAL has no call 'lidar.raed'; did you mean 'lidar.read'?");
  expect(after("{task: slam, call: x, time: 1ms}"),
         "the HAL has no call 'x'; its calls are named like lidar.read");
  expect(after("{task: slam, call: lidar.read, time: 61s}"), "must be at most 1min");
  expect(after("{task: slam, call: lidar.read, time: 900ns}"), "must be 0s or at least 1us");
  expect(after("{call: lidar.read, time: 1ms}"), "after[0].task: is required");
  expect(after("{task: '0123456789012345678901234567890123', call: '*', time: 1ms}"),
         "at most 31 characters");
  expect(after("{task: a, call: '*', time: 1ms}, {task: b, call: '*', time: 1ms}, "
               "{task: a, call: '*', time: 2ms}"),
         "item 3 is for the same as item 1");
}

TEST(RobotConfigTest, ReadsDeadlinesOfTasks) {
  const auto robot = ParseRobotConfig(
      std::string(kHeader) + "deadlines: [{task: motors, within: 20ms}]\n", "r.yaml");
  ASSERT_EQ(robot->deadlines.size(), 1u);
  EXPECT_EQ(robot->deadlines[0].task, "motors");
  EXPECT_EQ(robot->deadlines[0].within, SimDuration::Milliseconds(20));
  const std::string text = Problems(
      "deadlines: [{task: a, within: 1ms}, {task: '*', within: 0s}, {task: a, within: 2ms}]\n");
  for (const char* part : {"item 3 is for the same as item 1", "task: must name one task",
                           "deadlines[1].within: must be at least 1us"})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
}

// 30 kg on springs that carry at most 18.5 N each.
TEST(RobotConfigTest, RefusesARobotThatItsSpringsCannotCarry) {
  EXPECT_NE(Problems("body: {mass_kg: 30}\n").find("suspension must carry"), std::string::npos);
}

}  // namespace
}  // namespace dustproof
