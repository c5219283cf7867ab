#include "sim/robot/bumper.h"

#include <cmath>

namespace dustproof {
namespace {

constexpr int kLooseQuietSteps = 25;  // 0.1 s.

}  // namespace

bool Bumper::Update(const std::vector<ChassisContact>& contacts, const Pose3& X_WR, double step_s) {
  const Vec2 p_WR = X_WR.translation().head<2>();
  for (Side& side : sides_) {
    if (!side.pressed) continue;
    ++side.quiet_steps;
    const bool gone = (side.p_W - p_WR).norm() > radius_m_ + spec_.release_travel_m;
    if (gone || (side.loose && side.quiet_steps > kLooseQuietSteps)) side = {};
  }
  // A hit may be several points: their push counts together, each side by its own.
  std::array<double, 2> push_Ns{};
  std::array<const ChassisContact*, 2> first{};
  for (const ChassisContact& contact : contacts) {
    const Vec3 p_RPt_R = X_WR.inverse() * contact.p_WPt_W;
    const double angle = std::atan2(p_RPt_R.y(), p_RPt_R.x());
    if (std::abs(angle) > spec_.half_angle_rad) continue;
    const bool ahead = std::abs(angle) <= spec_.front_half_angle_rad;
    for (size_t side = 0; side < 2; ++side) {
      if (!ahead && (side == 0) != (angle > 0)) continue;
      push_Ns[side] += contact.impulse_Ns;
      if (!first[side]) first[side] = &contact;
    }
  }
  bool news = false;
  for (size_t side = 0; side < 2; ++side) {
    if (!first[side] || push_Ns[side] < spec_.press_force_N * step_s) continue;
    news |= !sides_[side].pressed;
    sides_[side] = {true, first[side]->p_WPt_W.head<2>(), 0, first[side]->prop >= 0};
  }
  return news;
}

void Bumper::AddToHash(Hasher& hasher) const {
  for (const Side& side : sides_) {
    hasher.Add(side.pressed);
    hasher.Add(side.p_W.x());
    hasher.Add(side.p_W.y());
    hasher.Add(side.quiet_steps);
  }
}

}  // namespace dustproof
