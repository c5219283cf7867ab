#pragma once

#include <Eigen/Geometry>
#include <cmath>
#include <numbers>

/// Frames: W floor plan · R robot base (x forward, z up, origin on the floor between the wheels) ·
/// L lidar · D dock · M the map that the firmware believes in. `X_AB` is B posed in A; `p_WDock_W`
/// is a position from W's origin in axes of W.
namespace dustproof {

using Vec2 = Eigen::Vector2d;
using Vec3 = Eigen::Vector3d;
using Pose3 = Eigen::Isometry3d;

/// Wraps an angle to [-pi, pi).
inline double WrapAngle(double rad) {
  constexpr double kTurn = 2 * std::numbers::pi;
  rad = std::fmod(rad + std::numbers::pi, kTurn);
  return (rad < 0 ? rad + kTurn : rad) - std::numbers::pi;
}

/// A pose in the plane: metres, radians (counter-clockwise from +x).
struct Pose2 {
  double x = 0;
  double y = 0;
  double yaw = 0;

  Vec2 position() const { return {x, y}; }
  Vec2 operator*(const Vec2& p) const {
    const double c = std::cos(yaw), s = std::sin(yaw);
    return {x + c * p.x() - s * p.y(), y + s * p.x() + c * p.y()};
  }
  Pose2 operator*(const Pose2& o) const {
    const Vec2 p = *this * o.position();
    return {p.x(), p.y(), WrapAngle(yaw + o.yaw)};
  }
  Pose2 inverse() const {
    const double c = std::cos(yaw), s = std::sin(yaw);
    return {-(c * x + s * y), s * x - c * y, -yaw};
  }
};

inline Pose3 ToPose3(const Pose2& pose, double z = 0) {
  Pose3 X = Pose3::Identity();
  X.translation() = Vec3(pose.x, pose.y, z);
  X.linear() = Eigen::AngleAxisd(pose.yaw, Vec3::UnitZ()).toRotationMatrix();
  return X;
}

/// Heading of the x axis projected on the floor.
inline Pose2 ToPose2(const Pose3& X) {
  return {X.translation().x(), X.translation().y(), std::atan2(X.linear()(1, 0), X.linear()(0, 0))};
}

}  // namespace dustproof
