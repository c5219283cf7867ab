#include "sim/robot/imu.h"

#include <cmath>

namespace dustproof {
namespace {

Vec3 NormalVector(RandomStream* stream, double deviation) {
  const double x = stream->Normal(), y = stream->Normal(), z = stream->Normal();
  return Vec3(x, y, z) * deviation;
}

}  // namespace

Imu::Imu(const ImuSpec& spec, const Seed& seed) : spec_(spec), noise_(seed.Stream("imu.noise")) {
  RandomStream bias = seed.Stream("imu.bias");
  gyro_bias_ = NormalVector(&bias, spec.gyro_bias_rad_s);
  accel_bias_ = NormalVector(&bias, spec.accel_bias_m_s2);
}

ImuReading Imu::Sample(SimTime t, const BodyTrack& track, double period_s) {
  const double share = track.Share(t);
  const Eigen::Matrix3d& R_WR = track.after.R_WR;
  const double span_s = (track.after.time - track.before.time).seconds();
  const Vec3 gained = track.after.v_WC_W - track.before.v_WC_W;
  const Vec3 accel_W = (span_s > 0 ? Vec3(gained / span_s) : Vec3(Vec3::Zero())) + Vec3(0, 0, 9.81);
  gyro_bias_ += NormalVector(&noise_, spec_.gyro_drift_rad_s_per_sqrt_s * std::sqrt(period_s));
  ImuReading reading;
  reading.time = t;
  reading.gyro_rad_s = R_WR.transpose() * Between(track.before.w_WR_W, track.after.w_WR_W, share) +
                       gyro_bias_ + NormalVector(&noise_, spec_.gyro_noise_rad_s);
  reading.accel_m_s2 =
      R_WR.transpose() * accel_W + accel_bias_ + NormalVector(&noise_, spec_.accel_noise_m_s2);
  return reading;
}

void Imu::AddToHash(Hasher& hasher) const {
  for (const uint64_t word : noise_.state()) hasher.Add(word);
  for (int i = 0; i < 3; ++i) hasher.Add(gyro_bias_[i]);
}

}  // namespace dustproof
