#include "sim/robot/robot.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "tests/sim/engine/box_room.h"

namespace dustproof {
namespace {

constexpr double kPi = std::numbers::pi;

struct Recorder : RobotListener {
  void OnOdometry(const OdometryReading& r) override { odometry.push_back(r); }
  void OnHazard(const HazardReading& r) override { hazards.push_back(r); }
  void OnLidarTurn(const LidarTurn& t) override { turns.push_back(t); }
  void OnImu(const ImuReading& r) override { imu.push_back(r); }
  std::vector<OdometryReading> odometry;
  std::vector<HazardReading> hazards;
  std::vector<LidarTurn> turns;
  std::vector<ImuReading> imu;
};

TEST(RobotTest, HoldsTheCommandedSpeed) {
  BoxRoom room({.X_WR = {1, 2.5, 0}});
  room.Drive(0.2, 0.2, 2);
  const double x = room.robot->pose().x;
  room.Drive(0.2, 0.2, 2);
  // The wheels are 0.2 % too large and 0.1 % too small: 0.05 % on average.
  EXPECT_NEAR(room.robot->pose().x - x, 0.4 * 1.0005, 0.003);
}

TEST(RobotTest, TurnsAtTheRateOfItsWheels) {
  BoxRoom room({});
  room.Drive(-0.1, 0.1, 1);
  const double yaw = room.robot->pose().yaw;
  room.Drive(-0.1, 0.1, 2);
  EXPECT_NEAR(WrapAngle(room.robot->pose().yaw - yaw), 2 * 0.2 / 0.233, 0.02);
}

TEST(RobotTest, StopsWhenCommandsCease) {
  BoxRoom room({.X_WR = {1, 2.5, 0}});
  room.Drive(0.3, 0.3, 1);
  room.robot->SetWheelVelocity(room.events.now(), 0.3, 0.3);
  room.Run(0.19);
  EXPECT_GT(room.robot->velocity_W().x(), 0.28);
  // The ramp of 0.9 m/s² takes a third of a second.
  room.Run(0.5);
  EXPECT_NEAR(room.robot->velocity_W().x(), 0, 0.002);
  room.Run(1);
  EXPECT_TRUE(room.robot->at_rest());
}

TEST(RobotTest, StopsAStalePwmAtOnce) {
  BoxRoom room({.X_WR = {1, 2.5, 0}});
  room.DrivePwm(0.5, 0.5, 1);
  EXPECT_GT(room.robot->velocity_W().x(), 0.15);
  // The wheels stand at once; the body swings on its springs for a while.
  room.Run(0.26);
  EXPECT_EQ(room.robot->wheel_speed_m_s()[0], 0);
  room.Run(0.7);
  EXPECT_NEAR(room.robot->velocity_W().x(), 0, 0.002);
}

TEST(RobotTest, CountsTicksThatWrap) {
  BoxRoom room({.size_x_m = 30, .X_WR = {1, 2.5, 0}});
  Recorder recorder;
  room.robot->AddListener(&recorder);
  // 65536 ticks are 14.68 m.
  room.Drive(0.3, 0.3, 55);
  int64_t total = 0;
  bool wrapped = false;
  for (size_t i = 1; i < recorder.odometry.size(); ++i) {
    const uint16_t now = recorder.odometry[i].ticks[0], before = recorder.odometry[i - 1].ticks[0];
    wrapped |= now < before;
    total += static_cast<int16_t>(now - before);
  }
  EXPECT_TRUE(wrapped);
  // The left wheel went as far as R and, since the robot drifted, a little to the right of it;
  // wheel error 0.2 %.
  EXPECT_NEAR(static_cast<double>(total) / 4464 * 1.002, room.robot->distance_m(), 0.05);
  EXPECT_EQ(recorder.odometry.size(), 5500u);
}

TEST(RobotTest, FeelsWhichSideTouched) {
  // The wall is ahead, 60 degrees to the left, 60 degrees to the right of the heading.
  for (const auto& [yaw, left, right] :
       {std::tuple{0.0, true, true}, std::tuple{-kPi / 3, true, false},
        std::tuple{kPi / 3, false, true}}) {
    BoxRoom room({.X_WR = {5.7, 2.5, yaw}});
    bool pressed[2] = {false, false};
    for (int i = 0; i < 20 && !pressed[0] && !pressed[1]; ++i) {
      room.Drive(0.2, 0.2, 0.1);
      for (size_t side = 0; side < 2; ++side) pressed[side] = room.robot->hazard().bumper[side];
    }
    EXPECT_EQ(pressed[0], left) << yaw;
    EXPECT_EQ(pressed[1], right) << yaw;
    room.Drive(-0.2, -0.2, 0.6);
    EXPECT_FALSE(room.robot->hazard().bumper[0] || room.robot->hazard().bumper[1]) << yaw;
  }
}

TEST(RobotTest, KeepsOffTheWallItPushes) {
  BoxRoom room({.X_WR = {5.7, 2.5, 0}});
  room.Drive(0.3, 0.3, 4);
  EXPECT_NEAR(room.robot->pose().x, 5.83, 0.002);
  EXPECT_TRUE(room.robot->hazard().bumper[0]);
}

// At 2 V a stalled motor gives 1.1·2/8 - 0.03 = 0.245 N m: 6.81 N a wheel, below the 10 N of its
// grip; the caster's and wheels' own drag is part of that.
TEST(RobotTest, StallsAtAWallWithTheMotorsForce) {
  BoxRoom room({.X_WR = {5.8, 2.5, 0}, .floor = {.drag = 0}});
  const double duty = 2 / room.robot->battery().voltage_V;
  room.DrivePwm(duty, duty, 3);
  double impulse = 0;
  room.engine->OnStep([&] {
    for (const ChassisContact& contact : room.physics.contacts()) impulse += contact.impulse_Ns;
  });
  room.DrivePwm(duty, duty, 1);
  EXPECT_NEAR(impulse, 13.6, 0.4);
  EXPECT_NEAR(room.robot->wheel_speed_m_s()[0], 0, 1e-4);
}

TEST(RobotTest, ScansTheRoomItStandsIn) {
  RobotConfig config;
  config.lidar.noise_m = config.lidar.noise_share = config.lidar.angle_noise_rad =
      config.lidar.scale_error = 0;
  BoxRoom room({.X_WR = {2, 2, kPi / 2}, .config = config});
  Recorder recorder;
  room.robot->AddListener(&recorder);
  room.robot->SetLidarEnabled(room.events.now(), true);
  room.Run(1.5);
  ASSERT_GE(recorder.turns.size(), 2u);
  // Facing +y, the lidar sits 30 mm behind R: 3.03 m to the wall ahead. Beam 90 looks right,
  // towards +x.
  EXPECT_NEAR(recorder.turns[0].range_m[0], 3.03, 2e-3);
  EXPECT_NEAR(recorder.turns[0].range_m[90], 4.0, 2e-3);
  EXPECT_NEAR(recorder.turns[0].range_m[180], 1.97, 2e-3);
  EXPECT_EQ(recorder.turns[1].sequence, 1u);
  EXPECT_EQ(recorder.turns[1].start, recorder.turns[0].start + recorder.turns[0].period);
}

TEST(RobotTest, FeelsGravityAndTurning) {
  BoxRoom room({});
  Recorder recorder;
  room.robot->AddListener(&recorder);
  room.Drive(-0.1, 0.1, 3);
  double rate = 0, up = 0;
  for (size_t i = 200; i < 300; ++i) {
    rate += recorder.imu[i].gyro_rad_s.z() / 100;
    up += recorder.imu[i].accel_m_s2.z() / 100;
  }
  EXPECT_NEAR(rate, 0.2 / 0.233, 0.02);
  EXPECT_NEAR(up, 9.81, 0.2);
}

/// No floor beyond x = 4.
class EdgeFloor : public FloorQuery {
 public:
  FloorPoint At(const Vec2& p) const override { return {.height_m = p.x() > 4 ? -0.2 : 0}; }
  bool LevelWithin(const Vec2& p, double radius_m) const override {
    return std::abs(p.x() - 4) > radius_m;
  }
};

TEST(RobotTest, SeesTheEdgeBeforeItsWheelsGetThere) {
  const EdgeFloor floor;
  BoxRoom room({.X_WR = {3.6, 2.5, 0}, .other_floor = &floor});
  while (!room.robot->hazard().cliff[1] && room.events.now().seconds() < 3)
    room.Drive(0.15, 0.15, 0.05);
  // The front sensors are 0.155·cos 0.26 = 0.150 m ahead.
  EXPECT_NEAR(room.robot->pose().x, 3.85, 0.015);
  EXPECT_TRUE(room.robot->hazard().cliff[2]);
  EXPECT_FALSE(room.robot->hazard().cliff[0] && room.robot->odometry().wheel_drop[0]);
}

TEST(RobotTest, FallsOffAnEdgeThatItIgnores) {
  const EdgeFloor floor;
  BoxRoom room({.X_WR = {3.6, 2.5, 0}, .other_floor = &floor});
  room.Drive(0.3, 0.3, 6);
  EXPECT_TRUE(room.robot->fallen());
}

TEST(RobotTest, DropsItsWheelsWhenLifted) {
  BoxRoom room({});
  room.robot->Lift();
  room.Run(0.1);
  EXPECT_TRUE(room.robot->odometry().wheel_drop[0] && room.robot->odometry().wheel_drop[1]);
  EXPECT_TRUE(room.robot->hazard().cliff[0] && room.robot->hazard().cliff[3]);
  room.robot->PutDown({2, 2, 1});
  room.Run(0.1);
  EXPECT_FALSE(room.robot->odometry().wheel_drop[0]);
  EXPECT_NEAR(room.robot->pose().x, 2, 1e-9);
}

// The dock's face is the wall x = 0; docked, R is 0.17 m from it and looks at it.
TEST(RobotTest, FindsTheBeaconAndCharges) {
  BoxRoom room({.X_WR = {1.0, 2.5, kPi}, .X_WD = Pose2{0, 2.5, 0}});
  room.Run(0.1);
  EXPECT_TRUE(room.robot->dock().beacon_seen);
  EXPECT_NEAR(room.robot->dock().bearing_rad, 0, 0.08);
  EXPECT_TRUE(room.robot->dock().beacon_left && room.robot->dock().beacon_right);
  EXPECT_FALSE(room.robot->dock().contact);
  room.Drive(0.15, 0.15, 8);
  EXPECT_TRUE(room.robot->docked());
  room.Run(2);
  EXPECT_TRUE(room.robot->dock().contact);
  EXPECT_TRUE(room.robot->battery().charging);
  const double charge = room.robot->charge_share();
  room.Run(60);
  EXPECT_GT(room.robot->charge_share(), charge);
}

TEST(RobotTest, SeesHalfABeamBesideTheCentreLine) {
  BoxRoom room({.X_WR = {1.0, 3.0, kPi}, .X_WD = Pose2{0, 2.5, 0}});
  room.Run(0.1);
  EXPECT_TRUE(room.robot->dock().beacon_seen);
  EXPECT_TRUE(room.robot->dock().beacon_left);
  EXPECT_FALSE(room.robot->dock().beacon_right);
  // It lies 0.5 m to the left of a robot that looks along -x: y is to its right, so the dock at
  // smaller y is left.
  EXPECT_NEAR(room.robot->dock().bearing_rad, std::atan2(0.5, 1.0), 0.08);
}

}  // namespace
}  // namespace dustproof
