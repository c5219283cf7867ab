extern "C" {
#include "robots/vacuum/mcu/motion.h"
#include "robots/vacuum/mcu/wheel.h"
}

#include <gtest/gtest.h>

namespace {

constexpr float kPeriodS = 0.01f;

// A wheel of first order: a duty of 1 ends at 0.5 m/s (a third less than the controller was told), with a time constant of 80 ms.
float SpeedAfter(double seconds, float target_m_s) {
  wheel controller;
  wheel_init(&controller, 4000, 0.75f);
  double speed = 0, way_m = 0;
  for (double t = 0; t < seconds; t += kPeriodS) {
    wheel_measure(&controller, static_cast<uint16_t>(static_cast<int64_t>(way_m * 4000)), kPeriodS);
    const float duty = wheel_control(&controller, target_m_s, kPeriodS);
    speed += (0.5 * duty - speed) * kPeriodS / 0.08;
    way_m += speed * kPeriodS;
  }
  return static_cast<float>(speed);
}

TEST(WheelTest, HoldsASpeedThatItsFeedForwardMisses) {
  for (const float target : {0.05f, 0.2f, -0.3f}) EXPECT_NEAR(SpeedAfter(2, target), target, 0.02f * std::abs(target) + 0.003f);
}

TEST(WheelTest, BrakesAndForgetsAtZero) {
  EXPECT_NEAR(SpeedAfter(2, 0), 0, 1e-6);
}

TEST(WheelTest, CountersWrap) {
  wheel controller;
  wheel_init(&controller, 1000, 1);
  for (const uint16_t ticks : {0xFFF0, 0xFFFA, 4, 14}) wheel_measure(&controller, ticks, kPeriodS);
  EXPECT_NEAR(controller.speed_m_s, 1.0f, 1e-4f);
}

TEST(MotionTest, ReadsWhatIsACommandAndNothingElse) {
  const uint8_t bytes[] = {'C', 7, 0x6A, 0xFF, 0x2C, 0x01};
  motion_command command{};
  ASSERT_TRUE(motion_read_command(bytes, sizeof bytes, &command));
  EXPECT_EQ(command.sequence, 7);
  EXPECT_EQ(command.left_mm_s, -150);
  EXPECT_EQ(command.right_mm_s, 300);
  EXPECT_FALSE(motion_read_command(bytes, 5, &command));
}

}  // namespace
