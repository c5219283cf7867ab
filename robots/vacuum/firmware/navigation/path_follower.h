#pragma once

#include <vector>

#include "robots/vacuum/firmware/navigation/geometry.h"

namespace vacuum {

/// Follows a polyline in M: looks a little ahead on it, turns on the spot where it bends sharply,
/// slows towards its end.
class PathFollower {
 public:
  struct Limits {
    double speed_m_s = 0.3;
    double turn_rad_s = 2.5;
    double accel_m_s2 = 0.9;
    double turn_accel_rad_s2 = 9.0;
    double look_ahead_m = 0.15;
    double end_tolerance_m = 0.02;
    double slow_by_rad = 0.6;  ///< The larger, the less a bend slows the robot down.
  };

  void SetPath(std::vector<Point2> path, const Limits& limits);
  void Clear();
  bool active() const { return active_; }

  /// The twist for the next `dt`; (0, 0) once the end is reached, and then not active any more.
  Twist Step(const Pose2& X_MR, double dt);
  /// The path from where the robot is to at most `ahead_m` farther; what must be free.
  std::vector<Point2> Ahead(const Pose2& X_MR, double ahead_m) const;
  /// Distance of a point from the path, near where the robot is on it.
  double OffPath(Point2 p_M) const { return active_ ? Distance(PointAt(Project(p_M)), p_M) : 0; }
  /// Metres of the path that lie behind.
  double progress_m() const { return progress_m_; }
  double length_m() const { return length_m_; }
  /// How fast the robot was last told to go; set to 0 when something else has stopped it.
  void Halt() { last_ = {}; }

 private:
  Point2 PointAt(double s) const;
  double Project(Point2 p) const;
  double NextCorner(double s) const;
  Twist Limited(Twist wanted, double dt);

  std::vector<Point2> path_;
  std::vector<double> at_m_;       // Arc length at each vertex.
  std::vector<double> corners_m_;  // Arc lengths of sharp bends, and of the end.
  Limits limits_;
  double progress_m_ = 0, length_m_ = 0;
  bool active_ = false, turning_ = false;
  Twist last_;
};

}  // namespace vacuum
