#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "robots/vacuum/firmware/navigation/geometry.h"
#include "tests/robots/vacuum/navigation/fake_world.h"

namespace vacuum::test {

/// A HAL in virtual time over a `FakeWorld`: kinematics with slip, a spinning lidar, gyro, bumper,
/// dock. Firmware tasks run as fibers. There is one at a time, since `dp_hal_query` is global.
struct FakeHalOptions {
  uint64_t seed = 1;
  double charge_pct = 90;
  double drain_pct_per_min = 1.2, charge_pct_per_min = 30;
  double range_noise_m = 0.01, gyro_bias_rad_s = 0.01, gyro_noise_rad_s = 0.003, slip = 0.01;
  bool verbose = false;
};

struct Metrics {
  double time_s = 0, coverage = 0, revisit = 0, ate_m = 0, ate_max_m = 0, distance_m = 0,
         firmware_cpu_s = 0, coverable_m2 = 0;
  double fast_s = 0, slow_s = 0, turn_s = 0,
         still_s = 0;  ///< Time driven above 0.2 m/s, above 0.05, turned on the spot, stood.
  bool docked = false;
  int bumps = 0;
  uint64_t hash = 0;
};

class FakeHal {
 public:
  FakeHal(const FakeWorld& world, const Pose2& X_WDocked, const FakeHalOptions& options);
  ~FakeHal();
  FakeHal(const FakeHal&) = delete;
  FakeHal& operator=(const FakeHal&) = delete;

  /// Runs `entry` as the firmware's first task, until `done` says so or time is over.
  void Start(std::function<void()> entry);
  bool RunUntil(const std::function<bool()>& done, double seconds);

  Metrics Measure() const;
  const std::vector<std::string>& states() const;
  const std::vector<std::string>& data_ready() const;
  const Pose2& X_WR() const;
  double now_s() const;
  /// Lifts the robot (wheel drop) or sets it down; puts it elsewhere.
  void SetLifted(bool lifted);
  void SetPose(const Pose2& X_WR);
  void SetCharge(double pct);
  /// Truth and belief as a picture (PPM).
  void WritePicture(const std::string& path) const;

  struct Impl;

 private:
  Impl* impl_;
};

}  // namespace vacuum::test
