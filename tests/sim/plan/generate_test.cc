#include "sim/plan/generate.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <set>

#include "sim/plan/json.h"
#include "sim/plan/load_home.h"
#include "sim/plan/raster.h"
#include "sim/plan/validate.h"
#include "sim/plan/write_home.h"

namespace dustproof {
namespace {

TEST(GeneratePlanTest, IsValidAndReachesEveryRoomForAHundredSeeds) {
  std::set<std::string> different;
  size_t furniture = 0;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    const FloorPlan plan = GeneratePlan(seed);
    EXPECT_TRUE(Validate(plan, {}).empty()) << seed;
    EXPECT_EQ(plan.doorways.size() + 1, plan.rooms.size()) << seed;
    const Reach reach = ReachableFloor(plan, {.resolution_m = 0.05});
    std::set<int> reached;
    for (int y = 0; y < reach.floor.height; ++y) {
      for (int x = 0; x < reach.floor.width; ++x) {
        if (reach.floor.At(x, y) != 0) reached.insert(plan.RoomAt(reach.floor.CenterOf(x, y)));
      }
    }
    reached.erase(-1);
    EXPECT_EQ(reached.size(), plan.rooms.size()) << seed;
    furniture += plan.furniture.size();
    different.insert(ToJson(plan));
  }
  EXPECT_EQ(different.size(), 100u);
  EXPECT_GT(furniture, 200u);
}

TEST(GeneratePlanTest, IsTheSameForTheSameSeed) {
  EXPECT_EQ(ToJson(GeneratePlan(3)), ToJson(GeneratePlan(3)));
}

TEST(HomeNodeTest, IsReadBackAsTheSamePlan) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    const FloorPlan plan = GeneratePlan(seed);
    const Result<FloorPlan> again = ParseHome(ToYaml(HomeNode(plan)), "home.yaml");
    ASSERT_TRUE(again.ok()) << ToString(again.error());
    ASSERT_EQ(again->rooms.size(), plan.rooms.size());
    ASSERT_EQ(again->walls.size(), plan.walls.size());
    ASSERT_EQ(again->furniture.size(), plan.furniture.size());
    for (size_t i = 0; i < plan.furniture.size(); ++i) {
      const Furniture &a = plan.furniture[i], &b = again->furniture[i];
      EXPECT_EQ(a.shape, b.shape);
      EXPECT_LT((a.X_WF.position() - b.X_WF.position()).norm(), 2e-4);
      EXPECT_NEAR(std::remainder(a.X_WF.yaw - b.X_WF.yaw, 2 * std::numbers::pi), 0, 2e-6);
      EXPECT_NEAR(a.length_m, b.length_m, 2e-4);
      EXPECT_NEAR(a.height_m, b.height_m, 1e-4);
    }
    EXPECT_LT((plan.X_WD.position() - again->X_WD.position()).norm(), 2e-4);
    // What was read is written as it was.
    EXPECT_EQ(ToYaml(HomeNode(*again)), ToYaml(HomeNode(plan))) << seed;
  }
}

}  // namespace
}  // namespace dustproof
