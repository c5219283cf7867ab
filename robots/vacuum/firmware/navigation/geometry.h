#pragma once

#include <cmath>

/// Planar poses and points, as navigation uses them. Frames: M the map, O odometry (drifts, never
/// jumps), R the robot.
namespace vacuum {

constexpr double kPi = 3.14159265358979323846;

struct Point2 {
  double x = 0, y = 0;

  Point2 operator+(Point2 other) const { return {x + other.x, y + other.y}; }
  Point2 operator-(Point2 other) const { return {x - other.x, y - other.y}; }
  Point2 operator*(double k) const { return {x * k, y * k}; }
};

inline double Dot(Point2 a, Point2 b) { return a.x * b.x + a.y * b.y; }
inline double Norm(Point2 a) { return std::sqrt(Dot(a, a)); }
inline double Distance(Point2 a, Point2 b) { return Norm(a - b); }

/// `angle` in (-pi, pi].
inline double WrapAngle(double angle) {
  angle = std::fmod(angle, 2 * kPi);
  if (angle > kPi) angle -= 2 * kPi;
  if (angle <= -kPi) angle += 2 * kPi;
  return angle;
}

/// A frame B posed in a frame A: `X_AB`.
struct Pose2 {
  double x = 0, y = 0, yaw = 0;

  Point2 position() const { return {x, y}; }

  /// The point `p` of B in A.
  Point2 operator*(Point2 p) const {
    const double c = std::cos(yaw), s = std::sin(yaw);
    return {x + c * p.x - s * p.y, y + s * p.x + c * p.y};
  }
  Pose2 operator*(const Pose2& other) const {
    const Point2 p = *this * other.position();
    return {p.x, p.y, WrapAngle(yaw + other.yaw)};
  }
  Pose2 Inverse() const {
    const double c = std::cos(yaw), s = std::sin(yaw);
    return {-c * x - s * y, s * x - c * y, -yaw};
  }
};

/// Body velocity: forward and counter-clockwise.
struct Twist {
  double v_m_s = 0, w_rad_s = 0;
};

}  // namespace vacuum
