#include "sim/robot/battery.h"

#include <gtest/gtest.h>

namespace dustproof {
namespace {

TEST(BatteryTest, EmptiesByWhatIsDrawn) {
  BatterySpec spec;
  spec.charge_at_start = 0.5;
  Battery battery(spec, Seed(1));
  battery.Update(14.7, false);
  battery.Step(SimDuration::Seconds(360), 0);
  // Half full is 14.7 V open; 14.7 W through 0.12 ohm drop some 0.12 V: 1.008 A. A tenth of an hour
  // of 5.2 Ah.
  EXPECT_NEAR(battery.charge_share(), 0.5 - 0.1008 / 5.2, 1e-4);
  EXPECT_NEAR(battery.energy_used_J(), 14.7 * 360, 1e-6);
}

TEST(BatteryTest, CountsManyStepsLikeOne) {
  Battery a(BatterySpec{}, Seed(1)), b(BatterySpec{}, Seed(1));
  a.Step(SimDuration::Seconds(1), 0);
  for (int i = 0; i < 250; ++i) b.Step(SimDuration::Milliseconds(4), 0);
  EXPECT_EQ(a.charge_share(), b.charge_share());
  EXPECT_EQ(a.energy_used_J(), b.energy_used_J());
}

TEST(BatteryTest, ChargesAtConstantCurrentThenTapers) {
  BatterySpec spec;
  spec.charge_at_start = 0.5;
  Battery battery(spec, Seed(1));
  battery.Update(4, true);
  EXPECT_TRUE(battery.charging());
  EXPECT_NEAR(battery.Sample(SimTime()).current_A, 1.5, 1e-6);
  for (int s = 0; s < 4 * 3600; ++s) {
    battery.Update(4, true);
    battery.Step(SimDuration::Seconds(1), 0);
  }
  EXPECT_GT(battery.charge_share(), 0.95);
  EXPECT_LT(battery.Sample(SimTime()).current_A, 1.5);
}

// A fifth full is 14.0 V open; 60 W through 0.12 ohm drop 0.53 V. It must recover to 13.98 V, which
// 20 W (0.17 V) don't let it.
TEST(BatteryTest, BrownsOutUnderALoadThatPullsItDownUntilItHasRecovered) {
  BatterySpec spec;
  spec.charge_at_start = 0.2;
  spec.brownout_V = 13.48;
  Battery battery(spec, Seed(1));
  battery.Update(20, false);
  EXPECT_FALSE(battery.browned_out());
  battery.Update(60, false);
  EXPECT_TRUE(battery.browned_out());
  battery.Update(20, false);
  EXPECT_TRUE(battery.browned_out());
  battery.Update(0.01, false);
  EXPECT_FALSE(battery.browned_out());
}

TEST(BatteryTest, BrownsOutWhereItIsEmpty) {
  Battery battery(BatterySpec{}, Seed(1));
  EXPECT_FALSE(battery.browned_out());
  battery.SetCharge(0.03);
  EXPECT_TRUE(battery.browned_out());
  EXPECT_NEAR(battery.charge_share(), 0.03, 1e-9);
}

}  // namespace
}  // namespace dustproof
