#include "sim/robot/dock_sensor.h"

#include <cmath>
#include <numbers>

namespace dustproof {

DockSensor::DockSensor(const DockSpec& spec, double hull_radius_m, const Seed& seed,
                       const std::optional<Pose2>& X_WD)
    : spec_(spec),
      hull_radius_m_(hull_radius_m),
      X_WD_(X_WD),
      noise_(seed.Stream("dock.bearing")) {}

bool DockSensor::Contact(const Pose2& X_WR) const {
  if (!X_WD_) return false;
  const Pose2 X_DR = X_WD_->inverse() * X_WR;
  const double gap = X_DR.x - hull_radius_m_;
  // The robot looks at the dock: its heading is opposite to D's x axis.
  const double yaw_error = WrapAngle(X_DR.yaw - std::numbers::pi);
  return gap <= spec_.contact_travel_m && gap > -0.05 &&
         std::abs(X_DR.y) <= spec_.contact_lateral_m &&
         std::abs(yaw_error) <= spec_.contact_yaw_rad;
}

DockReading DockSensor::Sample(SimTime t, const Pose2& X_WR, const RaycastScene& rays) {
  DockReading reading;
  reading.time = t;
  const double noise = noise_.Normal();
  if (!X_WD_) return reading;
  reading.contact = Contact(X_WR);
  const Pose2 X_DR = X_WD_->inverse() * X_WR;
  const double range = std::sqrt(X_DR.x * X_DR.x + X_DR.y * X_DR.y);
  const double bearing_D = std::atan2(X_DR.y, X_DR.x);
  // The beacon sits in the dock's face, at D's origin.
  const Vec2 p_RD_R = X_WR.inverse() * X_WD_->position();
  const double bearing_R = std::atan2(p_RD_R.y(), p_RD_R.x());
  if (range > spec_.beacon_range_m || X_DR.x <= 0 ||
      std::abs(bearing_D) > spec_.beacon_half_angle_rad ||
      std::abs(bearing_R) > spec_.receiver_half_angle_rad) {
    return reading;
  }
  // From just off the dock's face, so that the dock itself doesn't stand in the way.
  const Vec2 lens = *X_WD_ * Vec2(0.01, 0);
  if (rays.Blocked({lens.x(), lens.y(), spec_.beacon_z_m}, {X_WR.x, X_WR.y, spec_.beacon_z_m}))
    return reading;
  reading.beacon_seen = true;
  reading.bearing_rad = WrapAngle(bearing_R + spec_.bearing_noise_rad * noise);
  // Two lobes that overlap in a strip about the centre line. Looking out from the dock, left is D's
  // +y.
  const double overlap = spec_.overlap_m + X_DR.x * std::tan(spec_.overlap_half_angle_rad);
  reading.beacon_left = X_DR.y >= -overlap;
  reading.beacon_right = X_DR.y <= overlap;
  return reading;
}

void DockSensor::AddToHash(Hasher& hasher) const {
  for (const uint64_t word : noise_.state()) hasher.Add(word);
}

}  // namespace dustproof
