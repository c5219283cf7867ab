#pragma once

#include <memory>

#include "robots/vacuum/firmware/navigation/deskew.h"
#include "robots/vacuum/firmware/navigation/geometry.h"
#include "robots/vacuum/firmware/navigation/home_map.h"

namespace vacuum {

/// Scan-to-map matching by ICP. Holds the correction `X_MO` between odometry and map; between
/// scans, and where a match is refused, the pose runs on by odometry and gyro.
class Slam {
 public:
  explicit Slam(HomeMap& map);  ///< Borrows the map, which outlives this.
  ~Slam();

  /// Takes a deskewed scan, with the odometry pose at its instant; corrects the pose and draws the
  /// scan into the map. Returns true where the match was good.
  bool AddScan(const Scan& scan, const Pose2& X_OR, const Twist& twist);

  const Pose2& X_MO() const { return X_MO_; }
  /// Places the robot at a known pose, e.g. the dock.
  void SetPose(const Pose2& X_MR, const Pose2& X_OR);
  /// The first scan is drawn where the robot believes itself, turned so that walls lie along M's
  /// axes.
  bool started() const { return started_; }
  /// A map that was restored counts as started: the next scan is matched, not drawn blindly.
  void SetStarted(bool started) { started_ = started; }

  int refused_count() const { return refused_count_; }
  int refused_in_a_row() const { return refused_in_a_row_; }

 private:
  struct Matcher;

  void Start(const Scan& scan, const Pose2& X_OR);
  Pose2 Tempered(Pose2 X_MR, const Pose2& guess, const Scan& scan) const;

  HomeMap& map_;
  std::unique_ptr<Matcher> matcher_;
  Pose2 X_MO_;
  bool started_ = false;
  int refused_count_ = 0, refused_in_a_row_ = 0;
};

/// The angle in (-45°, 45°] that most walls of a scan lie at, against the axes of its frame.
double DominantWallAngle(const std::vector<Point2>& hits);

}  // namespace vacuum
