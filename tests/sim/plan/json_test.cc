#include "sim/plan/json.h"

#include <gtest/gtest.h>

#include "sim/plan/generate.h"

namespace dustproof {
namespace {

TEST(FloorPlanJsonTest, ReadsBackTheSameDoubles) {
  FloorPlan plan = GeneratePlan(5);
  plan.name = "Größe \"q\"\n";
  plan.walls[0].a.x() = 1.0 / 3;
  plan.walls[0].thickness_m = 0.1 + 0.2;
  plan.blocks.push_back({{1e-17, -2.5, 3.1415926535897931}, 0.05, 1e300, 2.5, 0.8});
  plan.X_WStart = Pose2{0.1, 5e-324, -0.0};
  const std::string json = ToJson(plan);
  const Result<FloorPlan> back = FloorPlanFromJson(json);
  ASSERT_TRUE(back.ok()) << ToString(back.error());
  EXPECT_EQ(ToJson(*back), json);
  EXPECT_EQ(back->name, plan.name);
  EXPECT_EQ(back->walls[0].a.x(), 1.0 / 3);
  EXPECT_EQ(back->walls[0].thickness_m, 0.1 + 0.2);
  EXPECT_EQ(back->blocks.back().width_m, 1e300);
  EXPECT_EQ(back->X_WStart->y, 5e-324);
  EXPECT_EQ(back->furniture.size(), plan.furniture.size());
  EXPECT_EQ(back->rooms[0].polygon, plan.rooms[0].polygon);
}

TEST(FloorPlanJsonTest, RefusesAnythingElse) {
  EXPECT_FALSE(FloorPlanFromJson("").ok());
  EXPECT_FALSE(FloorPlanFromJson("{}").ok());
  EXPECT_FALSE(FloorPlanFromJson("[1, 2]").ok());
  std::string json = ToJson(GeneratePlan(1));
  EXPECT_FALSE(FloorPlanFromJson(json.substr(0, json.size() / 2)).ok());
  const size_t at = json.find("\"hard\"");
  ASSERT_NE(at, std::string::npos);
  EXPECT_NE(ToString(FloorPlanFromJson(json.replace(at, 6, "\"mud\"")).error())
                .find("unknown word 'mud'"),
            std::string::npos);
}

}  // namespace
}  // namespace dustproof
