#pragma once

#include <memory>

#include "sim/core/event_queue.h"
#include "sim/core/random.h"
#include "sim/engine/engine.h"
#include "sim/plan/floor_plan.h"
#include "sim/robot/robot.h"
#include "sim/scenario/robot_config.h"
#include "sim/world/world.h"

namespace dustproof {

/// A home with a robot in it that somebody steps and steers by hand: no firmware, no network.
///
/// The same home, robot, seed and calls give the same numbers. One thread at a time.
class SteppedWorld : private RobotListener {
 public:
  /// The robot starts where the plan says, its sensors on.
  SteppedWorld(const FloorPlan& plan, const RobotConfig& robot, uint64_t seed, bool lidar);

  /// Wheel speeds that hold until the next call, unlike a real drive's, which time out.
  void Drive(double left_m_s, double right_m_s);
  /// @pre `until` is not before now
  void RunUntil(SimTime until) { engine_.RunUntil(until); }
  SimTime now() const { return engine_.now(); }
  Robot& robot() { return robot_; }
  const Robot& robot() const { return robot_; }
  uint64_t StateHash() const { return engine_.StateHash(); }
  /// The newest complete turn; null before the first. It is never changed after.
  std::shared_ptr<const LidarTurn> turn() const { return turn_; }

 private:
  void OnLidarTurn(const LidarTurn& turn) override { turn_ = std::make_shared<LidarTurn>(turn); }

  const Seed seed_;
  World world_;
  EventQueue events_;
  Robot robot_;
  Engine engine_;
  double left_m_s_ = 0, right_m_s_ = 0;
  std::shared_ptr<const LidarTurn> turn_;
};

}  // namespace dustproof
