#pragma once

#include <vector>

#include "robots/vacuum/firmware/navigation/deskew.h"
#include "robots/vacuum/firmware/navigation/hal.h"
#include "robots/vacuum/firmware/navigation/home_map.h"
#include "robots/vacuum/firmware/navigation/odometry_fusion.h"
#include "robots/vacuum/firmware/navigation/slam.h"

namespace vacuum {

/// Where the robot is and what the home looks like: odometry, gyro and lidar, read from the HAL and
/// put together.
class Localization {
 public:
  explicit Localization(const Hal& hal);

  /// Takes the wheel and gyro samples that have come. Cheap; called by whoever needs a fresh pose.
  void PollSensors();
  /// Takes one turn of the lidar: deskews, matches, draws. Without `match` only its points are
  /// kept.
  void AddTurn(const dp_lidar_turn& turn, bool match);

  Pose2 X_MR() const { return slam_.X_MO() * odometry_.X_OR(); }
  void SetPose(const Pose2& X_MR) { slam_.SetPose(X_MR, odometry_.X_OR()); }
  /// Puts M at the robot and forgets the map.
  void Reset();

  HomeMap& map() { return map_; }
  const HomeMap& map() const { return map_; }
  Slam& slam() { return slam_; }
  const OdometryFusion& odometry() const { return odometry_; }

  /// The newest scan's hits in M, and how many scans there have been.
  const std::vector<Point2>& hits_M() const { return hits_M_; }
  uint32_t scan_count() const { return scan_count_; }

 private:
  const Hal& hal_;
  dp_lidar_info lidar_info_;
  OdometryFusion odometry_;
  HomeMap map_;
  Slam slam_;
  std::vector<Point2> hits_M_;
  uint32_t scan_count_ = 0;
};

}  // namespace vacuum
