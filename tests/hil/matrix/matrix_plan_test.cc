#include "hil/matrix/matrix_plan.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace dustproof {
namespace {

// Cells of one scenario and seed, a minute each, whose answers count from second two on.
MatrixPlan PlanOf(const std::vector<std::string>& lines, const std::string& kind = "library") {
  MatrixPlan plan;
  for (const std::string& line : lines) {
    plan.cells.push_back({.name = line, .scenario = "s", .seed = 1, .consents = *ParseAnswers(line), .key = {}});
    plan.requests.emplace_back();
    plan.requests.back().kind = kind;
    plan.durations.push_back(SimDuration::Seconds(60));
    plan.answers_at.push_back(SimTime::Zero() + SimDuration::Seconds(2));
  }
  return plan;
}

double Shared_s(const MatrixPlan& plan) {
  std::vector<size_t> all(plan.cells.size());
  for (size_t i = 0; i < all.size(); ++i) all[i] = i;
  return SharedTime(plan, all).seconds();
}

// 50 s in common, then 10 s each: 80; without 180. One more that answers otherwise: 2 s in common, 58 s alone.
TEST(MatrixPlanTest, ReckonsWhatIsSharedOnce) {
  EXPECT_NEAR(Shared_s(PlanOf({"A=granted/denied@50s", "A=granted/withdrawn@50s", "A=granted"})), 80, 1e-6);
  EXPECT_NEAR(Shared_s(PlanOf({"A=granted/denied@50s", "A=granted/withdrawn@50s", "A=granted", "A=denied"})), 138, 1e-6);
  EXPECT_NEAR(Shared_s(PlanOf({"A=granted", "A=granted/denied@2min"})), 60, 1e-6);  // Never comes about.
}

TEST(MatrixPlanTest, CutsCellsIntoPiecesOfAboutTheSameTime) {
  const MatrixPlan plan = PlanOf({"A=granted/denied@50s", "A=granted/withdrawn@50s", "A=granted", "A=denied"});
  EXPECT_EQ(GroupCells(plan, {0, 1, 2, 3}, 1).size(), 1u);
  EXPECT_EQ(GroupCells(plan, {0, 1, 2, 3}, 2), (std::vector<std::vector<size_t>>{{0, 1, 2}, {3}}));
  EXPECT_EQ(GroupCells(plan, {1, 3}, 1), (std::vector<std::vector<size_t>>{{1, 3}}));
}

TEST(MatrixPlanTest, GivesProgramsAGroupEach) {
  EXPECT_EQ(GroupCells(PlanOf({"A=granted", "A=denied"}, "process"), {0, 1}, 1), (std::vector<std::vector<size_t>>{{0}, {1}}));
}

}  // namespace
}  // namespace dustproof
