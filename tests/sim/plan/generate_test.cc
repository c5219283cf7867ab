#include "sim/plan/generate.h"

#include <gtest/gtest.h>

#include <set>

#include "sim/plan/json.h"
#include "sim/plan/raster.h"
#include "sim/plan/validate.h"

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

}  // namespace
}  // namespace dustproof
