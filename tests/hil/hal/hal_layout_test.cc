// The HAL is binary: a firmware compiled against these headers yesterday has to find the same bytes
// tomorrow. Sizes are counted by hand from the members on a 64-bit machine; interfaces are counted
// in pointers.

#include <gtest/gtest.h>

#include <cstddef>

#include "hil/hal/dp_hal.h"

namespace {

template <typename Interface>
constexpr size_t kCalls = sizeof(Interface) / sizeof(void*);

TEST(HalLayoutTest, KeepsTheInterfaces) {
  EXPECT_EQ(kCalls<dp_clock_v1>, 3u);
  EXPECT_EQ(kCalls<dp_rtc_v1>, 1u);
  EXPECT_EQ(kCalls<dp_task_v1>, 6u);
  EXPECT_EQ(kCalls<dp_log_v1>, 1u);
  EXPECT_EQ(kCalls<dp_random_v1>, 1u);
  EXPECT_EQ(kCalls<dp_identity_v1>, 7u);
  EXPECT_EQ(kCalls<dp_system_v1>, 2u);
  EXPECT_EQ(kCalls<dp_diagnostics_v1>, 4u);
  EXPECT_EQ(kCalls<dp_lidar_v1>, 3u);
  EXPECT_EQ(kCalls<dp_odometry_v1>, 3u);
  EXPECT_EQ(kCalls<dp_imu_v1>, 2u);
  EXPECT_EQ(kCalls<dp_hazard_v1>, 2u);
  EXPECT_EQ(kCalls<dp_buttons_v1>, 1u);
  EXPECT_EQ(kCalls<dp_dock_v1>, 1u);
  EXPECT_EQ(kCalls<dp_drive_v1>, 3u);
  EXPECT_EQ(kCalls<dp_cleaning_v1>, 3u);
  EXPECT_EQ(kCalls<dp_indicators_v1>, 2u);
  EXPECT_EQ(kCalls<dp_battery_v1>, 2u);
  EXPECT_EQ(kCalls<dp_flash_v1>, 4u);
  EXPECT_EQ(kCalls<dp_wifi_v1>, 7u);
  EXPECT_EQ(kCalls<dp_socket_v1>, 11u);
  EXPECT_EQ(kCalls<dp_uart_v1>, 2u);
}

TEST(HalLayoutTest, KeepsTheSamples) {
  EXPECT_EQ(sizeof(dp_firmware_t), 32u);       // 4 + 4 of padding + 3 pointers.
  EXPECT_EQ(sizeof(dp_odometry_sample), 16u);  // 8 + 2 * 2 + 2 * 1, padded to 8.
  EXPECT_EQ(sizeof(dp_imu_sample), 32u);       // 8 + 6 * 4.
  EXPECT_EQ(sizeof(dp_hazard_sample), 16u);    // 8 + 5, padded to 8.
  EXPECT_EQ(sizeof(dp_battery_sample), 32u);   // 8 + 4 * 4 + 1, padded to 8.
  EXPECT_EQ(sizeof(dp_endpoint), 8u);          // 4 + 2, padded to 4.
  EXPECT_EQ(sizeof(dp_wifi_network), 42u);     // 33 + 6 + 3 bytes.
  EXPECT_EQ(sizeof(dp_flash_info), 16u);
  EXPECT_EQ(offsetof(dp_lidar_turn, angle_rad), 20u);  // 8 + 4 + 4 + 2, padded to 4.
  EXPECT_EQ(offsetof(dp_lidar_turn, offset_us), 20u + 720 * (4 + 2 + 1));
}

TEST(HalLayoutTest, KeepsTheNumbersOfResults) {
  EXPECT_EQ(DP_HAL_VERSION, 1u);
  EXPECT_EQ(DP_OK, 0);
  EXPECT_EQ(DP_ERR_INVALID, -1);
  EXPECT_EQ(DP_ERR_STATE, -9);
  EXPECT_EQ(DP_FOREVER, UINT64_MAX);
}

}  // namespace
