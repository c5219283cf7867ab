#include "robots/vacuum/firmware/navigation/localization.h"

namespace vacuum {

Localization::Localization(const Hal& hal)
    : hal_(hal), lidar_info_(hal.lidar->info()), odometry_(hal.odometry->info()), slam_(map_) {}

void Localization::PollSensors() {
  dp_imu_sample imu;
  while (hal_.imu->read(&imu, 0) == DP_OK) odometry_.AddImu(imu);
  dp_odometry_sample wheels;
  while (hal_.odometry->read(&wheels, 0) == DP_OK) odometry_.AddOdometry(wheels);
}

void Localization::AddTurn(const dp_lidar_turn& turn, bool match) {
  PollSensors();
  const Scan scan = Deskew(turn, lidar_info_, odometry_);
  const Pose2 X_OR = odometry_.X_OR_at(scan.time_us);
  if (match) slam_.AddScan(scan, X_OR, odometry_.twist());
  const Pose2 X_MR = slam_.X_MO() * X_OR;
  hits_M_.clear();
  for (const Point2& hit : scan.hits_R) hits_M_.push_back(X_MR * hit);
  ++scan_count_;
}

void Localization::Reset() {
  map_ = HomeMap();
  slam_.SetPose({}, odometry_.X_OR());
  slam_.SetStarted(false);
  hits_M_.clear();
}

}  // namespace vacuum
