#include "bindings/stepped_world.h"

#include <algorithm>

namespace dustproof {

SteppedWorld::SteppedWorld(const FloorPlan& plan, const RobotConfig& robot, uint64_t seed,
                           bool lidar)
    : seed_(seed),
      world_(plan),
      robot_(robot,
             {&world_.physics(), &world_.rays(), &world_.floor(), nullptr, world_.dock_face()},
             seed_, StartPose(plan, robot.body.radius_m)),
      engine_(&events_, &world_.physics(), &robot_) {
  robot_.AddListener(this);
  robot_.StartSensors(&events_);
  robot_.SetLidarEnabled(events_.now(), lidar);
  // Twice within the drive's time-out, as firmware would.
  const SimDuration period = std::max(
      Robot::kStep, std::min(robot.drive.command_timeout / 2, SimDuration::Milliseconds(50)));
  engine_.Every(period, EventSource::kFirmware, [this] {
    if (left_m_s_ != 0 || right_m_s_ != 0)
      robot_.SetWheelVelocity(events_.now(), left_m_s_, right_m_s_);
  });
}

void SteppedWorld::Drive(double left_m_s, double right_m_s) {
  left_m_s_ = left_m_s, right_m_s_ = right_m_s;
  robot_.SetWheelVelocity(events_.now(), left_m_s, right_m_s);
}

}  // namespace dustproof
