#include "robots/vacuum/firmware/navigation/path_follower.h"

#include <algorithm>

namespace vacuum {

namespace {

constexpr double kSharpBend_rad = 0.6;
constexpr double kCornerTolerance_m = 0.025;
constexpr double kTurnFirst_rad = 0.6;  // Off by more than this: turn on the spot…
constexpr double kTurnedTo_rad = 0.12;  // …until off by less than this.
constexpr double kSearch_m = 0.5;       // The robot is looked for on this much of the path ahead.

}  // namespace

void PathFollower::SetPath(std::vector<Point2> path, const Limits& limits) {
  path_.clear();
  for (const Point2& p : path) {
    if (path_.empty() || Distance(path_.back(), p) > 1e-3) path_.push_back(p);
  }
  limits_ = limits;
  at_m_.assign(path_.size(), 0);
  for (size_t i = 1; i < path_.size(); ++i)
    at_m_[i] = at_m_[i - 1] + Distance(path_[i - 1], path_[i]);
  length_m_ = at_m_.empty() ? 0 : at_m_.back();
  corners_m_.clear();
  for (size_t i = 1; i + 1 < path_.size(); ++i) {
    const Point2 a = path_[i] - path_[i - 1], b = path_[i + 1] - path_[i];
    if (std::abs(WrapAngle(std::atan2(b.y, b.x) - std::atan2(a.y, a.x))) > kSharpBend_rad)
      corners_m_.push_back(at_m_[i]);
  }
  corners_m_.push_back(length_m_);
  progress_m_ = 0;
  turning_ = true;
  active_ = !path_.empty();
}

void PathFollower::Clear() {
  active_ = false;
  path_.clear();
}

Point2 PathFollower::PointAt(double s) const {
  if (path_.size() == 1 || s <= 0) return path_.front();
  const auto after = std::lower_bound(at_m_.begin(), at_m_.end(), s);
  if (after == at_m_.end()) return path_.back();
  const size_t i = std::max<size_t>(1, after - at_m_.begin());
  const double k = (s - at_m_[i - 1]) / (at_m_[i] - at_m_[i - 1]);
  return path_[i - 1] + (path_[i] - path_[i - 1]) * k;
}

double PathFollower::NextCorner(double s) const {
  for (const double corner : corners_m_) {
    if (corner > s + 1e-9) return corner;
  }
  return length_m_;
}

double PathFollower::Project(Point2 p) const {
  // Never back, and never past a corner that has not been reached.
  const double corner = NextCorner(progress_m_), until = std::min(corner, progress_m_ + kSearch_m);
  double best_s = progress_m_, best_d = Distance(PointAt(progress_m_), p);
  for (size_t i = 1; i < path_.size(); ++i) {
    if (at_m_[i] < progress_m_ || at_m_[i - 1] > until) continue;
    const Point2 d = path_[i] - path_[i - 1];
    const double length = at_m_[i] - at_m_[i - 1];
    double s = at_m_[i - 1] + std::clamp(Dot(p - path_[i - 1], d) / length, 0.0, length);
    s = std::clamp(s, progress_m_, until);
    const double distance = Distance(PointAt(s), p);
    if (distance < best_d - 1e-9) {
      best_d = distance;
      best_s = s;
    }
  }
  return best_s;
}

Twist PathFollower::Limited(Twist wanted, double dt) {
  const double dv = limits_.accel_m_s2 * dt, dw = limits_.turn_accel_rad_s2 * dt;
  last_.v_m_s += std::clamp(wanted.v_m_s - last_.v_m_s, -2 * dv, dv);
  last_.w_rad_s += std::clamp(wanted.w_rad_s - last_.w_rad_s, -dw, dw);
  return last_;
}

Twist PathFollower::Step(const Pose2& X_MR, double dt) {
  if (!active_) return {};
  const Point2 p = X_MR.position();
  progress_m_ = Project(p);
  double corner = NextCorner(progress_m_);
  const double tolerance = corner >= length_m_ ? limits_.end_tolerance_m : kCornerTolerance_m;
  if (corner - progress_m_ < tolerance) {
    if (corner >= length_m_) {
      active_ = false;
      last_.v_m_s = 0;
      return Limited({}, dt);
    }
    progress_m_ = corner;
    corner = NextCorner(corner);
    turning_ = true;
  }
  const Point2 target = PointAt(std::min(progress_m_ + limits_.look_ahead_m, corner));
  const Point2 to = target - p;
  // Close to a stop the target comes under the robot; the path's own direction is then the better
  // aim.
  const Point2 along = target - PointAt(std::max(0.0, std::min(progress_m_, corner - 0.05)));
  const Point2 aim = Norm(to) > 0.04 ? to : along;
  const double off = WrapAngle(std::atan2(aim.y, aim.x) - X_MR.yaw);
  if (std::abs(off) > kTurnFirst_rad) turning_ = true;
  if (turning_ && std::abs(off) < kTurnedTo_rad) turning_ = false;
  if (turning_) {
    const double rate = std::min(limits_.turn_rad_s, std::sqrt(2 * 6.0 * std::abs(off)) + 0.1);
    return Limited({0, off > 0 ? rate : -rate}, dt);
  }
  const double remaining = corner - progress_m_;
  double v = std::min(limits_.speed_m_s, std::sqrt(2 * 0.8 * std::max(remaining, 0.0)) + 0.03);
  v *= std::clamp(1.2 - std::abs(off) / limits_.slow_by_rad, 0.3, 1.0);
  const double reach = std::max(Norm(to), 0.08);
  const double w = std::clamp(2 * v * std::sin(off) / reach + 0.2 * off, -limits_.turn_rad_s,
                              limits_.turn_rad_s);
  return Limited({v, w}, dt);
}

std::vector<Point2> PathFollower::Ahead(const Pose2& X_MR, double ahead_m) const {
  std::vector<Point2> points{X_MR.position()};
  if (!active_) return points;
  const double until = std::min(length_m_, progress_m_ + ahead_m);
  for (double s = progress_m_ + 0.05; s < until; s += 0.05) points.push_back(PointAt(s));
  points.push_back(PointAt(until));
  return points;
}

}  // namespace vacuum
