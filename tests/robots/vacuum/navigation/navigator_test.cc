#include "robots/vacuum/firmware/navigation/navigator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "robots/vacuum/firmware/navigation/map_file.h"
#include "robots/vacuum/firmware/navigation/slam.h"
#include "tests/robots/vacuum/navigation/fake_hal.h"

namespace vacuum::test {
namespace {

FakeWorld Room() {
  FakeWorld world(4, 3);
  world.Walls(0.2, 0.2, 3.8, 2.8, 0.1);
  return world;
}

/// Cleans once and waits for the dock.
struct Cleaning {
  explicit Cleaning(FakeWorld home, const FakeHalOptions& options = {})
      : world(std::move(home)), hal(world, world.FindDock(), options) {}

  bool Run(double minutes) {
    hal.Start([this] {
      navigator = std::make_unique<Navigator>();
      navigator->Start();
      navigator->StartCleaning();
    });
    return hal.RunUntil([this] { return finished(); }, minutes * 60);
  }
  bool finished() const {
    if (!navigator || navigator->finished_cleanings() == 0) return false;
    return navigator->activity() == Activity::kDocked ||
           navigator->activity() == Activity::kCharging;
  }

  FakeWorld world;
  std::unique_ptr<Navigator> navigator;
  FakeHal hal;  // Ends its tasks before the navigator that they use.
};

// 3.4 × 2.4 m of floor are 12 lanes' worth at most: three minutes of driving and as long again for
// turns and the dock.
TEST(NavigatorTest, CleansARoomAndDocks) {
  Cleaning cleaning(Room());
  ASSERT_TRUE(cleaning.Run(8));
  const Metrics m = cleaning.hal.Measure();
  EXPECT_TRUE(m.docked);
  EXPECT_GE(m.coverage, 0.95);
  EXPECT_LE(m.revisit, 1.4);
  EXPECT_LE(m.ate_m, 0.05);
  const auto& ready = cleaning.hal.data_ready();
  for (const char* category : {"home_map", "robot_path", "lidar_environment"}) {
    EXPECT_EQ(std::count(ready.begin(), ready.end(), category), 1) << category;
  }
}

TEST(NavigatorTest, CleansAFurnishedFlatRoomByRoom) {
  Cleaning cleaning(FakeWorld::TwoBedroomFlat());
  ASSERT_TRUE(cleaning.Run(20));
  const Metrics m = cleaning.hal.Measure();
  EXPECT_TRUE(m.docked);
  EXPECT_GE(m.coverage, 0.95);
  EXPECT_LE(m.ate_m, 0.05);
}

TEST(NavigatorTest, DrivesTheSameWayEachTime) {
  uint64_t hash[2];
  for (uint64_t& h : hash) {
    Cleaning cleaning(Room());
    cleaning.Run(2);
    h = cleaning.hal.Measure().hash;
  }
  EXPECT_EQ(hash[0], hash[1]);
}

// From 21 % at 6 % a minute the battery falls below the 15 % of "low" after one minute.
TEST(NavigatorTest, ChargesAndResumesWhereTheBatteryRunsLow) {
  FakeHalOptions options;
  options.charge_pct = 21;
  options.drain_pct_per_min = 6;
  Cleaning cleaning(Room(), options);
  ASSERT_TRUE(cleaning.Run(15));
  const auto& states = cleaning.hal.states();
  const auto charging = std::find(states.begin(), states.end(), "charging");
  const auto finished = std::find(states.begin(), states.end(), "cleaning_finished");
  ASSERT_NE(finished, states.end());
  EXPECT_LT(charging, finished);
  EXPECT_GE(cleaning.hal.Measure().coverage, 0.95);
}

TEST(NavigatorTest, KeepsClearOfDropsAndOfWhatTheLidarMisses) {
  // A drop in a corner and a low thing that the lidar misses: neither is driven over, and the
  // cleaning still ends docked.
  FakeWorld world = Room();
  world.Fill(3.2, 0.3, 3.7, 0.8, FakeWorld::kDrop);
  world.Fill(0.3, 2.3, 0.7, 2.7, FakeWorld::kLow);
  Cleaning cleaning(world);
  ASSERT_TRUE(cleaning.Run(12));
  EXPECT_TRUE(cleaning.hal.Measure().docked);
  EXPECT_GE(cleaning.hal.Measure().coverage, 0.85);
}

TEST(NavigatorTest, StopsAndForgetsWhenTold) {
  Cleaning cleaning(Room());
  cleaning.Run(0.5);
  ASSERT_TRUE(cleaning.navigator->map_ready());
  cleaning.navigator->EraseMap();
  cleaning.hal.RunUntil([] { return false; }, 1);
  EXPECT_FALSE(cleaning.navigator->map_ready());
  EXPECT_TRUE(cleaning.navigator->path().empty());
  EXPECT_EQ(cleaning.navigator->activity(), Activity::kIdle);
  const Pose2 before = cleaning.hal.X_WR();
  cleaning.hal.RunUntil([] { return false; }, 3);
  EXPECT_LT(Distance(before.position(), cleaning.hal.X_WR().position()), 0.001);
}

TEST(MapFileTest, ComesBackAsItWasAndRefusesDamage) {
  StoredHome home{{3, 2, 0.05, -1.25, 0.5, {0, 1, 255, 255, 1, 0}}, Pose2{0.5, -0.25, 1.5}};
  std::vector<uint8_t> bytes = Pack(home);
  const auto back = Unpack(bytes);
  ASSERT_TRUE(back);
  EXPECT_EQ(back->map.cells, home.map.cells);
  EXPECT_EQ(back->map.width, 3);
  EXPECT_DOUBLE_EQ(back->map.origin_x_m, -1.25);
  EXPECT_DOUBLE_EQ(back->X_MDocked->yaw, 1.5);
  for (size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] ^= 0x10;
    EXPECT_FALSE(Unpack(bytes)) << "byte " << i;
    bytes[i] ^= 0x10;
  }
  bytes.resize(bytes.size() / 2);
  EXPECT_FALSE(Unpack(bytes));
}

// A wall at 20° seen as points 2 cm apart.
TEST(DominantWallAngleTest, FindsTheWall) {
  std::vector<Point2> hits;
  const double angle = 20 * kPi / 180;
  for (int i = 0; i < 100; ++i)
    hits.push_back({0.02 * i * std::cos(angle), 1 + 0.02 * i * std::sin(angle)});
  EXPECT_NEAR(DominantWallAngle(hits), angle, 0.01);
}

}  // namespace
}  // namespace vacuum::test
