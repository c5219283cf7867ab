#include "robots/vacuum/firmware/navigation/reflexes.h"

#include <algorithm>
#include <cmath>

namespace vacuum {

namespace {

constexpr double kRim_m = 0.185;  // Just outside the body.
constexpr double kBumpBack_m = 0.035, kCliffBack_m = 0.15, kStuckBack_m = 0.12;
constexpr double kBackSpeed_m_s = 0.12, kBackTime_s = 2.0;
constexpr double kOverCurrent_s = 0.5, kStall_s = 0.8, kLiftedAfter_s = 0.5;
constexpr double kWatch_s = 4.0;  // SLAM is asked this often whether driving has moved the robot.

Point2 OnRim(double angle) { return {kRim_m * std::cos(angle), kRim_m * std::sin(angle)}; }

}  // namespace

void Reflexes::Begin(Event event, const Input& in, double back_m) {
  event_ = event;
  backing_ = true;
  back_until_m_ = in.travel_m + back_m;
  back_until_s_ = in.now_s + kBackTime_s;
  over_current_since_s_ = stall_since_s_ = watch_since_s_ = -1;
}

bool Reflexes::Stalled(const Input& in) {
  const bool over_current = in.hazard.over_current_left || in.hazard.over_current_right;
  if (!over_current) over_current_since_s_ = -1;
  if (over_current && over_current_since_s_ < 0) over_current_since_s_ = in.now_s;
  const bool wants = std::abs(in.wanted.v_m_s) > 0.05 || std::abs(in.wanted.w_rad_s) > 0.3;
  const bool moves = std::abs(in.measured.v_m_s) > 0.01 || std::abs(in.measured.w_rad_s) > 0.05;
  if (!wants || moves) stall_since_s_ = -1;
  if (wants && !moves && stall_since_s_ < 0) stall_since_s_ = in.now_s;

  // Wheels that turn on the spot: driven a lot, and SLAM says that the robot is where it was.
  if (watch_since_s_ < 0 || in.now_s - watch_last_s_ > 0.5) {
    watch_since_s_ = in.now_s;
    watch_driven_m_ = 0;
    watch_from_M_ = in.position_M;
  } else {
    watch_driven_m_ += in.measured.v_m_s * (in.now_s - watch_last_s_);
  }
  watch_last_s_ = in.now_s;
  bool spinning = false;
  if (in.now_s - watch_since_s_ > kWatch_s) {
    spinning = std::abs(watch_driven_m_) > 0.35 && Distance(in.position_M, watch_from_M_) < 0.05;
    watch_since_s_ = -1;
  }
  return spinning ||
         (over_current_since_s_ >= 0 && in.now_s - over_current_since_s_ > kOverCurrent_s) ||
         (stall_since_s_ >= 0 && in.now_s - stall_since_s_ > kStall_s);
}

std::optional<Twist> Reflexes::Step(const Input& in) {
  if (in.wheel_drop) {
    if (!lifted_) event_ = Event::kLifted;
    lifted_ = true;
    lifted_until_s_ = in.now_s + kLiftedAfter_s;
  }
  if (lifted_) {
    if (in.now_s > lifted_until_s_) lifted_ = false;
    return Twist{};
  }
  const dp_hazard_sample& h = in.hazard;
  if (backing_) {
    const bool clear = in.travel_m >= back_until_m_ && !h.bumper_left && !h.bumper_right;
    if (clear || in.now_s > back_until_s_) backing_ = false;
    return Twist{backing_ ? -kBackSpeed_m_s : 0, 0};
  }
  if (h.cliff) {
    constexpr double kAngles[4] = {1.05, 0.26, -0.26, -1.05};
    for (int bit = 0; bit < 4; ++bit) {
      if (h.cliff & (1 << bit)) contacts_R_.push_back(OnRim(kAngles[bit]));
    }
    Begin(Event::kCliff, in, kCliffBack_m);
    return Twist{};
  }
  if ((h.bumper_left || h.bumper_right) && !bumps_expected_) {
    if (h.bumper_left && h.bumper_right) {
      for (const double angle : {0.0, 0.25, -0.25}) contacts_R_.push_back(OnRim(angle));
    } else {
      for (const double angle : {0.45, 0.75, 1.05})
        contacts_R_.push_back(OnRim(h.bumper_left ? angle : -angle));
    }
    Begin(Event::kBump, in, kBumpBack_m);
    return Twist{};
  }
  if (!bumps_expected_ && Stalled(in)) {
    if (in.wanted.v_m_s > 0.03) contacts_R_.push_back(OnRim(0));
    Begin(Event::kStuck, in, kStuckBack_m);
    return Twist{};
  }
  return std::nullopt;
}

Reflexes::Event Reflexes::TakeEvent() {
  const Event event = event_;
  event_ = Event::kNone;
  return event;
}

std::vector<Point2> Reflexes::TakeContacts() {
  std::vector<Point2> contacts;
  contacts.swap(contacts_R_);
  return contacts;
}

}  // namespace vacuum
