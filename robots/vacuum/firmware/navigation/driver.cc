#include "robots/vacuum/firmware/navigation/driver.h"

#include <algorithm>

namespace vacuum {

namespace {

constexpr double kAhead_m = 0.30;  // This much of the path must be free of fresh hits.
constexpr double kHitInBody_m =
    0.145;  // A hit this near to the path's centre would be under the body.
constexpr int kHitsBlock = 3;
constexpr double kHomeNear_m = 0.35, kTight_m = 0.162, kTighter_m = 0.145;
constexpr double kWait_s = 0.02;
constexpr double kSweep_m = 0.165;
constexpr double kKnownReach_m = 0.045, kContactSpread_rad = 1.1;

}  // namespace

Driver::Driver(const Hal& hal, Localization& localization)
    : hal_(hal), localization_(localization), track_width_m_(hal.odometry->info().track_width_m) {}

void Driver::SetAwake(bool awake) {
  if (awake == awake_) return;
  awake_ = awake;
  hal_.lidar->set_enabled(awake);
  if (!awake) Halt();
}

void Driver::SetSweeping(bool on) {
  sweeping_ = on;
  if (!hal_.cleaning) return;
  hal_.cleaning->set_main_brush(on ? 0.7f : 0);
  hal_.cleaning->set_side_brush(on ? 0.5f : 0);
  hal_.cleaning->set_fan(on ? 0.6f : 0);
}

void Driver::Send(Twist twist) {
  const double half = twist.w_rad_s * track_width_m_ / 2;
  const double limit = hal_.drive->velocity_m_s_max();
  // Where a wheel would be too fast both are slowed, so that the curve stays what it is.
  const double fastest = std::max(std::abs(twist.v_m_s - half), std::abs(twist.v_m_s + half));
  const double k = fastest > limit ? limit / fastest : 1;
  hal_.drive->set_velocity(static_cast<float>(k * (twist.v_m_s - half)),
                           static_cast<float>(k * (twist.v_m_s + half)));
}

void Driver::Step() {
  localization_.PollSensors();
  if (!awake_) return;
  const Pose2 X_MR = pose();
  const double now_s = hal_.now_s();
  CheckAhead();
  Twist wanted;
  if (follower_.active()) {
    wanted = follower_.Step(X_MR, kPeriod_s);
  } else if (now_s < manual_until_s_) {
    wanted = manual_;
  }
  Reflexes::Input in;
  in.now_s = now_s;
  hal_.hazard->latest(&in.hazard);
  in.wheel_drop = localization_.odometry().wheel_drop();
  in.wanted = wanted;
  in.measured = localization_.odometry().twist();
  in.travel_m = localization_.odometry().travel_m();
  in.position_M = X_MR.position();
  const auto reflex = reflexes_.Step(in);
  if (const Reflexes::Event event = reflexes_.TakeEvent(); event != Reflexes::Event::kNone) {
    event_ = event;
    MarkContacts();
    follower_.Clear();
    manual_until_s_ = -1;
  }
  if (reflex) follower_.Halt();
  Send(reflex ? *reflex : wanted);
  Sweep();
}

void Driver::Sweep() {
  const Point2 p = pose().position();
  if (!sweeping_ || Distance(p, swept_at_) < 0.015) return;
  swept_at_ = p;
  localization_.map().MarkCovered(p, kSweep_m);
}

void Driver::MarkContacts() {
  const Pose2 X_MR = pose();
  std::vector<int> widened;  // A bump has several contacts, often with one thing: it counts once.
  for (const Point2& contact_R : reflexes_.TakeContacts()) {
    const int known = event_ == Reflexes::Event::kBump ? KnownObstacleNear(X_MR, contact_R) : -1;
    if (known >= 0) {
      if (std::find(widened.begin(), widened.end(), known) == widened.end()) map().Widen(known);
      widened.push_back(known);
    } else {
      map().MarkTouched(X_MR * contact_R);
    }
  }
}

int Driver::KnownObstacleNear(const Pose2& X_MR, Point2 contact_R) const {
  // The bumper says left or right; the nearest thing that the lidar has drawn on that side is what
  // was met, if it is near.
  const HomeMap& map = localization_.map();
  int best = -1;
  double best_m = kBodyRadius_m + kKnownReach_m;
  const int steps = static_cast<int>(best_m / HomeMap::kResolution_m) + 1;
  for (int dy = -steps; dy <= steps; ++dy) {
    for (int dx = -steps; dx <= steps; ++dx) {
      const int index = map.IndexOf(
          X_MR.position() + Point2{dx * HomeMap::kResolution_m, dy * HomeMap::kResolution_m});
      if (index < 0 || !map.lidar_occupied(index)) continue;
      const Point2 p_M = map.ObstacleIn(index), p_R = X_MR.Inverse() * p_M;
      const double off =
          std::abs(WrapAngle(std::atan2(p_R.y, p_R.x) - std::atan2(contact_R.y, contact_R.x)));
      const double distance = Norm(p_R);
      if (off > kContactSpread_rad || distance >= best_m) continue;
      best_m = distance;
      best = index;
    }
  }
  return best;
}

FloorView Driver::View() {
  const Point2 p = pose().position();
  const auto shut = [&](const FloorView& view) {
    return home_M && view.CheapestNear(*home_M, kHomeNear_m) < 0;
  };
  FloorView view(map(), p);
  if (!shut(view)) return view;
  map().ForgetTouches();
  map().ForgetWidths();
  for (const double passable_m : {FloorView::kPassable_m, kTight_m, kTighter_m}) {
    view = FloorView(map(), p, passable_m);
    if (!shut(view)) break;
  }
  return view;
}

void Driver::CheckAhead() {
  if (localization_.scan_count() == checked_scan_ || !follower_.active()) return;
  checked_scan_ = localization_.scan_count();
  const std::vector<Point2> ahead = follower_.Ahead(pose(), kAhead_m);
  int hits = 0;
  for (const Point2& hit : localization_.hits_M()) {
    if (Distance(hit, ahead.front()) > kAhead_m + kBodyRadius_m ||
        Distance(hit, ahead.front()) < kBodyRadius_m)
      continue;
    for (const Point2& p : ahead) {
      if (Distance(hit, p) < kHitInBody_m) {
        ++hits;
        break;
      }
    }
  }
  if (hits < kHitsBlock) return;
  blocked_ = true;
  follower_.Clear();
}

Outcome Driver::OutcomeOf(Reflexes::Event event) const {
  switch (event) {
    case Reflexes::Event::kBump:
      return Outcome::kBumped;
    case Reflexes::Event::kCliff:
      return Outcome::kCliff;
    case Reflexes::Event::kStuck:
      return Outcome::kStuck;
    case Reflexes::Event::kLifted:
      return Outcome::kLifted;
    case Reflexes::Event::kNone:
      break;
  }
  return Outcome::kDone;
}

Outcome Driver::WaitForEnd(const std::function<bool()>& enough) {
  uint32_t asked_scan = localization_.scan_count();
  while (true) {
    if (interrupted()) {
      Halt();
      return Outcome::kInterrupted;
    }
    if (event_ != Reflexes::Event::kNone) {
      // The reflex finishes before the plan goes on.
      if (!reflexes_.active()) {
        const Outcome outcome = OutcomeOf(event_);
        event_ = Reflexes::Event::kNone;
        return outcome;
      }
    } else if (blocked_) {
      blocked_ = false;
      Halt();
      return Outcome::kBlocked;
    } else if (!follower_.active()) {
      return Outcome::kDone;
    } else if (enough && localization_.scan_count() >= asked_scan + 3) {
      asked_scan = localization_.scan_count();
      if (enough()) return Outcome::kDone;
    }
    Sleep(kWait_s);
  }
}

Outcome Driver::Follow(const std::vector<Point2>& path, const PathFollower::Limits& limits) {
  return FollowUntil(path, limits, nullptr);
}

Outcome Driver::FollowUntil(const std::vector<Point2>& path, const PathFollower::Limits& limits,
                            const std::function<bool()>& enough) {
  event_ = Reflexes::Event::kNone;
  blocked_ = false;
  follower_.SetPath(path, limits);
  return WaitForEnd(enough);
}

Outcome Driver::TurnTo(double yaw_M) {
  const double until_s = hal_.now_s() + 12;
  while (hal_.now_s() < until_s) {
    if (interrupted()) return Outcome::kInterrupted;
    const double off = WrapAngle(yaw_M - pose().yaw);
    if (std::abs(off) < 0.04) break;
    const double rate = std::min(1.2, 1.8 * std::abs(off) + 0.12);
    SetTwist({0, off > 0 ? rate : -rate});
    Sleep(kPeriod_s);
  }
  Halt();
  Sleep(0.1);
  return Outcome::kDone;
}

Outcome Driver::Straight(double distance_m, double speed_m_s) {
  event_ = Reflexes::Event::kNone;
  const Pose2 X_ORStart = localization_.odometry().X_OR();
  const double until_s = hal_.now_s() + std::abs(distance_m) / speed_m_s * 2 + 1;
  while (hal_.now_s() < until_s) {
    if (interrupted()) return Outcome::kInterrupted;
    if (event_ != Reflexes::Event::kNone) return OutcomeOf(event_);
    const double driven = (X_ORStart.Inverse() * localization_.odometry().X_OR()).x;
    const double left = std::abs(distance_m) - driven * (distance_m > 0 ? 1 : -1);
    if (left < 0.01) break;
    const double v = std::min(speed_m_s, 0.05 + left);
    SetTwist({distance_m > 0 ? v : -v, 0});
    Sleep(kPeriod_s);
  }
  Halt();
  return Outcome::kDone;
}

void Driver::SetTwist(Twist twist) {
  manual_ = twist;
  manual_until_s_ = hal_.now_s() + 0.15;
}

void Driver::Halt() {
  follower_.Clear();
  follower_.Halt();
  manual_until_s_ = -1;
  Send({});
}

}  // namespace vacuum
