#pragma once

#include <cstdint>
#include <deque>

#include "hil/hal/dp_sensors.h"
#include "robots/vacuum/firmware/navigation/geometry.h"

namespace vacuum {

/// Wheel travel along the gyro's heading: the pose of R in the odometry frame O, which drifts
/// slowly and never jumps. The gyro's bias is learnt whenever the wheels have stood still. Keeps
/// the last second of poses, for deskewing.
class OdometryFusion {
 public:
  explicit OdometryFusion(const dp_odometry_info& info) : info_(info) {}

  /// Takes samples in the order of time; each odometry sample moves the pose on.
  void AddImu(const dp_imu_sample& sample);
  void AddOdometry(const dp_odometry_sample& sample);

  const Pose2& X_OR() const { return X_OR_; }
  /// The pose at a time; between samples by interpolation, outside of the history the nearest that
  /// is known.
  Pose2 X_OR_at(uint64_t time_us) const;
  uint64_t time_us() const { return time_us_; }

  /// Speeds of the last 50 ms or so.
  Twist twist() const { return twist_; }
  /// Signed and total wheel travel since start; path length, however the robot turned.
  double travel_m() const { return travel_m_; }
  /// Seconds since a wheel last moved.
  double still_s() const { return still_us_ * 1e-6; }
  double gyro_bias_rad_s() const { return bias_rad_s_; }
  bool wheel_drop() const { return wheel_drop_; }

 private:
  struct Stamped {
    uint64_t time_us;
    Pose2 X_OR;
  };

  void LearnBias(double yaw_rate);

  dp_odometry_info info_;
  Pose2 X_OR_;
  Twist twist_;
  uint64_t time_us_ = 0, still_us_ = 0;
  uint16_t left_ticks_ = 0, right_ticks_ = 0;
  bool started_ = false, wheel_drop_ = false;
  double yaw_rate_raw_ = 0;  // Newest gyro sample, bias included.
  uint64_t imu_time_us_ = 0;
  double bias_rad_s_ = 0, bias_samples_ = 0, travel_m_ = 0;
  std::deque<Stamped> history_;
};

}  // namespace vacuum
