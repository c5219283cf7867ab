#include "sim/engine/engine.h"

#include <gtest/gtest.h>

#include "tests/sim/engine/box_room.h"

namespace dustproof {
namespace {

TEST(EngineTest, RunsToTheInstantAsked) {
  BoxRoom room({});
  room.engine->RunUntil(SimTime::FromNanoseconds(1'234'567'890));
  EXPECT_EQ(room.engine->now(), SimTime::FromNanoseconds(1'234'567'890));
  // Physics stands at the end of the step that holds it.
  EXPECT_EQ(room.robot->time(), SimTime::FromNanoseconds(1'236'000'000));
}

TEST(EngineTest, SkipsWhileTheRobotRests) {
  BoxRoom room({});
  room.Run(10);
  EXPECT_EQ(room.engine->steps_taken(), 0);
  EXPECT_EQ(room.engine->steps_skipped(), 2500);
}

/// Hashes every reading, to the bit.
struct ReadingHash : RobotListener {
  void OnLidarTurn(const LidarTurn& t) override {
    hasher.Add(t.start.nanoseconds());
    for (const double r : t.range_m) hasher.Add(r);
    for (const uint8_t q : t.quality) hasher.Add(q);
  }
  void OnOdometry(const OdometryReading& r) override {
    hasher.Add(r.time.nanoseconds());
    for (const uint16_t t : r.ticks) hasher.Add(t);
  }
  void OnImu(const ImuReading& r) override {
    for (int i = 0; i < 3; ++i) {
      hasher.Add(r.gyro_rad_s[i]);
      hasher.Add(r.accel_m_s2[i]);
    }
  }
  void OnHazard(const HazardReading& r) override {
    for (const bool b : r.bumper) hasher.Add(b);
  }
  void OnDock(const DockReading& r) override { hasher.Add(r.bearing_rad); }
  void OnBattery(const BatteryReading& r) override {
    hasher.Add(r.voltage_V);
    hasher.Add(r.charge_pct);
  }
  Hasher hasher;
};

/// Drives, rests, bumps into a wall, rests again. Of the end state and of all that the sensors said
/// on the way.
uint64_t HashOfADrive(Engine::Skipping skipping, uint64_t seed) {
  BoxRoom room({.X_WD = Pose2{0, 2.5, 0}, .seed = seed, .skipping = skipping});
  ReadingHash readings;
  room.robot->AddListener(&readings);
  room.robot->SetLidarEnabled(room.events.now(), true);
  room.Run(3);
  room.Drive(0.2, 0.25, 3);
  room.Run(5);
  room.robot->SetFan(0.5);
  room.Run(2);
  room.Drive(0.3, 0.3, 9);
  room.Run(4);
  room.Drive(-0.2, -0.1, 0.4);
  room.Run(3);
  readings.hasher.Add(room.engine->StateHash());
  return readings.hasher.Digest();
}

TEST(EngineTest, SkippingEqualsSteppingBitByBit) {
  EXPECT_EQ(HashOfADrive(Engine::Skipping::kWhenAtRest, 1),
            HashOfADrive(Engine::Skipping::kNever, 1));
}

TEST(EngineTest, RepeatsItselfWithTheSameSeedOnly) {
  const uint64_t first = HashOfADrive(Engine::Skipping::kWhenAtRest, 1);
  EXPECT_EQ(first, HashOfADrive(Engine::Skipping::kWhenAtRest, 1));
  EXPECT_NE(first, HashOfADrive(Engine::Skipping::kWhenAtRest, 2));
}

TEST(EngineTest, CallsPeriodicObserversUntilStopped) {
  BoxRoom room({});
  int calls = 0;
  room.engine->Every(SimDuration::Milliseconds(100), EventSource::kEngine, [&] {
    if (++calls == 7) room.engine->Stop();
  });
  room.Run(5);
  EXPECT_EQ(calls, 7);
  EXPECT_EQ(room.engine->now(), SimTime::FromNanoseconds(700'000'000));
}

}  // namespace
}  // namespace dustproof
