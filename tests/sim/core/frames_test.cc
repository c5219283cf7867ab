#include "sim/core/frames.h"

#include <gtest/gtest.h>

namespace dustproof {
namespace {

// A robot at (1, 2) that faces +y sees a point one metre ahead at (1, 3).
TEST(FramesTest, CancelsAdjacentLetters) {
  const Pose2 X_WR{1, 2, std::numbers::pi / 2};
  const Vec2 p_WHit_W = X_WR * Vec2(1, 0);
  EXPECT_NEAR(p_WHit_W.x(), 1, 1e-12);
  EXPECT_NEAR(p_WHit_W.y(), 3, 1e-12);
  const Vec2 back = X_WR.inverse() * p_WHit_W;
  EXPECT_NEAR(back.x(), 1, 1e-12);
  EXPECT_NEAR(back.y(), 0, 1e-12);
}

TEST(FramesTest, WrapsAnglesIntoOneTurn) {
  EXPECT_NEAR(WrapAngle(3 * std::numbers::pi + 0.1), -std::numbers::pi + 0.1, 1e-12);
  EXPECT_NEAR(WrapAngle(-0.1), -0.1, 1e-12);
}

}  // namespace
}  // namespace dustproof
