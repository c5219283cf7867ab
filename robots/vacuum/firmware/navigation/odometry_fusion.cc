#include "robots/vacuum/firmware/navigation/odometry_fusion.h"

#include <algorithm>

namespace vacuum {

namespace {

constexpr uint64_t kHistoryUs = 1'500'000;
constexpr uint64_t kSettleUs =
    300'000;  // Wheels still for this long: the body has come to rest too.
constexpr uint64_t kGyroStaleUs =
    100'000;  // Without a gyro sample for this long, the wheels give the heading.
constexpr double kBiasRateMax = 0.05;  // A larger rate at rest is the robot being turned by hand.

}  // namespace

void OdometryFusion::AddImu(const dp_imu_sample& sample) {
  yaw_rate_raw_ = sample.gyro_rad_s[2];
  imu_time_us_ = sample.time_us;
  if (still_us_ > kSettleUs && std::abs(yaw_rate_raw_) < kBiasRateMax) LearnBias(yaw_rate_raw_);
}

void OdometryFusion::LearnBias(double yaw_rate) {
  // A plain mean at first, then one that forgets over 20 s of rest: bias wanders with temperature.
  bias_samples_ = std::min(bias_samples_ + 1, 2000.0);
  bias_rad_s_ += (yaw_rate - bias_rad_s_) / bias_samples_;
}

void OdometryFusion::AddOdometry(const dp_odometry_sample& sample) {
  wheel_drop_ = sample.wheel_drop_left || sample.wheel_drop_right;
  if (!started_) {
    started_ = true;
    left_ticks_ = sample.left_ticks;
    right_ticks_ = sample.right_ticks;
    time_us_ = sample.time_us;
    history_.push_back({time_us_, X_OR_});
    return;
  }
  // Unsigned differences in 16 bits see through the wrap.
  const auto left = static_cast<int16_t>(static_cast<uint16_t>(sample.left_ticks - left_ticks_));
  const auto right = static_cast<int16_t>(static_cast<uint16_t>(sample.right_ticks - right_ticks_));
  left_ticks_ = sample.left_ticks;
  right_ticks_ = sample.right_ticks;
  const double dt = (sample.time_us - time_us_) * 1e-6;
  if (dt <= 0) return;
  still_us_ = left == 0 && right == 0 ? still_us_ + (sample.time_us - time_us_) : 0;
  time_us_ = sample.time_us;

  const double left_m = left / info_.ticks_per_m, right_m = right / info_.ticks_per_m;
  const double forward_m = (left_m + right_m) / 2;
  const bool gyro_alive = imu_time_us_ + kGyroStaleUs > time_us_;
  double turn_rad = (right_m - left_m) / info_.track_width_m;
  if (gyro_alive) turn_rad = (yaw_rate_raw_ - bias_rad_s_) * dt;
  if (gyro_alive && still_us_ > kSettleUs && std::abs(turn_rad / dt) < kBiasRateMax) turn_rad = 0;

  const double heading = X_OR_.yaw + turn_rad / 2;
  X_OR_.x += forward_m * std::cos(heading);
  X_OR_.y += forward_m * std::sin(heading);
  X_OR_.yaw = WrapAngle(X_OR_.yaw + turn_rad);
  travel_m_ += std::abs(forward_m);

  const double gain = std::min(1.0, dt / 0.05);
  twist_.v_m_s += gain * (forward_m / dt - twist_.v_m_s);
  twist_.w_rad_s += gain * (turn_rad / dt - twist_.w_rad_s);

  history_.push_back({time_us_, X_OR_});
  while (history_.front().time_us + kHistoryUs < time_us_) history_.pop_front();
}

Pose2 OdometryFusion::X_OR_at(uint64_t time_us) const {
  if (history_.empty()) return X_OR_;
  const auto after = std::lower_bound(history_.begin(), history_.end(), time_us,
                                      [](const Stamped& s, uint64_t t) { return s.time_us < t; });
  if (after == history_.begin()) return history_.front().X_OR;
  if (after == history_.end()) return history_.back().X_OR;
  const Stamped& b = *after;
  const Stamped& a = *(after - 1);
  const double k =
      static_cast<double>(time_us - a.time_us) / static_cast<double>(b.time_us - a.time_us);
  return {a.X_OR.x + k * (b.X_OR.x - a.X_OR.x), a.X_OR.y + k * (b.X_OR.y - a.X_OR.y),
          WrapAngle(a.X_OR.yaw + k * WrapAngle(b.X_OR.yaw - a.X_OR.yaw))};
}

}  // namespace vacuum
