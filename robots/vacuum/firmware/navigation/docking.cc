#include "robots/vacuum/firmware/navigation/docking.h"

#include <algorithm>
#include <cmath>

namespace vacuum {

namespace {

constexpr double kBeaconToCenter_m = 0.175;  // Robot's centre to the beacon when docked, about.
constexpr double kStaging_m = 0.65;          // The approach begins this far out.
constexpr double kUndock_m = 0.45;
constexpr double kFar_m_s = 0.14, kNear_m_s = 0.06;
constexpr int kAttempts = 6;
constexpr double kSightingApart_m = 0.08;

}  // namespace

void DockMemory::Observe(const Pose2& X_MR, const dp_dock_sample& sample) {
  if (!sample.beacon_seen || contact_) return;
  const Point2 p = X_MR.position();
  if (sightings_ > 0 && Distance(p, seen_from_M_) < kSightingApart_m) return;
  seen_from_M_ = p;
  ++sightings_;
  const double angle = X_MR.yaw + sample.bearing_rad;
  const double nx = -std::sin(angle), ny = std::cos(angle), d = nx * p.x + ny * p.y;
  a_xx_ += nx * nx;
  a_xy_ += nx * ny;
  a_yy_ += ny * ny;
  b_x_ += nx * d;
  b_y_ += ny * d;
  if (sample.beacon_left && sample.beacon_right) {
    axis_sum_M_ = axis_sum_M_ + p;
    ++axis_count_;
  }
}

std::optional<Pose2> DockMemory::X_MDocked() const {
  if (contact_) return contact_;
  const double det = a_xx_ * a_yy_ - a_xy_ * a_xy_;
  if (sightings_ < 5 || det < 0.02 * sightings_ * sightings_) return std::nullopt;
  const Point2 beacon{(a_yy_ * b_x_ - a_xy_ * b_y_) / det, (a_xx_ * b_y_ - a_xy_ * b_x_) / det};
  const Point2 from = axis_count_ ? axis_sum_M_ * (1.0 / axis_count_) : seen_from_M_;
  const Point2 out = from - beacon;
  const double length = Norm(out);
  if (length < 0.2) return std::nullopt;
  const Point2 p = beacon + out * (kBeaconToCenter_m / length);
  return Pose2{p.x, p.y, std::atan2(-out.y, -out.x)};
}

dp_dock_sample Docking::Sample() const {
  dp_dock_sample sample{};
  driver_.hal().dock->latest(&sample);
  return sample;
}

bool Docking::in_contact() const { return Sample().contact; }

void Docking::Undock() {
  if (!in_contact()) return;
  memory_.SetContact(driver_.pose());
  driver_.reflexes().SetBumpsExpected(true);
  driver_.Straight(-kUndock_m, 0.15);
  driver_.reflexes().SetBumpsExpected(false);
}

bool Docking::GoTo(Point2 p_M, double tolerance_m) {
  for (int attempt = 0; attempt < 12; ++attempt) {
    if (driver_.interrupted()) return false;
    if (Distance(driver_.pose().position(), p_M) < tolerance_m) return true;
    const FloorView view = driver_.View();
    int target = view.CheapestNear(p_M, HomeMap::kResolution_m);
    double near_m = 0.1;
    for (; target < 0 && near_m < 0.7; near_m += 0.1) target = view.CheapestNear(p_M, near_m);
    if (target < 0) {
      // What the bumper has met may have moved on; what SLAM believes may be a little off. Try once
      // more without it.
      driver_.map().ForgetTouches();
      driver_.TurnTo(driver_.pose().yaw + 2.0);
      continue;
    }
    if (driver_.Follow(view.PathTo(target), {.speed_m_s = 0.3}) == Outcome::kDone) return true;
  }
  return false;
}

bool Docking::Approach() {
  const auto docked = memory_.X_MDocked();
  if (!docked) return false;
  const Pose2 X_DM = docked->Inverse();
  driver_.TurnTo(docked->yaw);
  driver_.reflexes().SetBumpsExpected(true);
  const double until_s = driver_.hal().now_s() + 25;
  double pressed_s = 0, furthest_m = -10;
  bool contact = false;
  while (driver_.hal().now_s() < until_s && !driver_.interrupted()) {
    const dp_dock_sample sample = Sample();
    if (sample.contact) {
      contact = true;
      break;
    }
    const Pose2 X_DR = X_DM * driver_.pose();  // x towards the dock, 0 at contact.
    furthest_m = std::max(furthest_m, X_DR.x);
    const double remaining_m = std::max(-X_DR.x, 0.0);
    // Far out, come onto the centre line; near, go for the beacon. Left half as seen from the dock
    // is the robot's right.
    double aim = -X_DR.yaw - std::clamp(2.0 * X_DR.y, -0.5, 0.5);
    if (sample.beacon_seen) {
      aim = sample.bearing_rad;
      if (remaining_m > 0.2) {
        const double side = sample.beacon_left == sample.beacon_right ? 0
                            : sample.beacon_left                      ? 1
                                                                      : -1;
        aim += std::clamp(1.2 * -X_DR.y + 0.02 * side, -0.25, 0.25);
      }
    }
    const double v = remaining_m > 0.25 ? kFar_m_s : kNear_m_s;
    driver_.SetTwist({std::abs(aim) > 0.5 ? 0 : v, std::clamp(2.0 * aim, -0.8, 0.8)});
    dp_hazard_sample hazard{};
    driver_.hal().hazard->latest(&hazard);
    pressed_s = hazard.bumper_left || hazard.bumper_right ? pressed_s + 0.05 : 0;
    if (pressed_s > 1.5 || X_DR.x > 0.12) break;
    driver_.Sleep(0.05);
  }
  driver_.Halt();
  driver_.Sleep(0.3);
  contact = contact && in_contact();
  if (contact) memory_.SetContact(driver_.pose());
  if (!contact) driver_.Straight(-0.35, 0.15);
  driver_.reflexes().SetBumpsExpected(false);
  return contact;
}

bool Docking::Dock() {
  if (in_contact()) return true;
  for (int attempt = 0; attempt < kAttempts && !driver_.interrupted(); ++attempt) {
    const auto docked = memory_.X_MDocked();
    if (!docked) {
      if (!memory_.seen() || !GoTo(memory_.seen_from_M(), 0.1)) return false;
      continue;
    }
    // Each retry begins a little farther out.
    const double out_m = kStaging_m + 0.1 * attempt;
    GoTo(*docked * Point2{-out_m, 0}, 0.03);
    if (Approach()) return true;
  }
  return false;
}

}  // namespace vacuum
