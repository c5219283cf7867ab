#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "sim/core/cpu_share.h"
#include "sim/core/event_queue.h"
#include "sim/core/hash.h"
#include "sim/core/time.h"
#include "sim/physics/physics_world.h"
#include "sim/robot/robot.h"

namespace dustproof {

/// The loop of a run: one thread, fixed physics steps, one queue of events.
///
/// Physics runs ahead of the queue to the end of the step that holds the next event, so that
/// sensors can look at any instant; a command given within a step acts from the next one. While
/// nothing moves, steps are skipped: the state's bits equal those of stepping.
class Engine {
 public:
  enum class Skipping { kWhenAtRest, kNever };

  /// All borrowed; they outlive the engine. `cpu_share` may be null.
  Engine(EventQueue* events, PhysicsWorld* physics, Robot* robot, CpuShare* cpu_share = nullptr,
         Skipping skipping = Skipping::kWhenAtRest);

  SimTime now() const { return events_->now(); }
  EventQueue& events() { return *events_; }
  Robot& robot() { return *robot_; }

  /// Runs every event up to and at `until`. Ends early, between two events, once `Stop` was called.
  void RunUntil(SimTime until);
  /// Runs the next event, if it is due by `until`; else moves time to `until` and returns false.
  bool RunNextEvent(SimTime until);
  void Stop() { stopped_ = true; }
  bool stopped() const { return stopped_; }

  /// Calls `observe` each `period` of simulated time, from one period on.
  void Every(SimDuration period, EventSource source, std::function<void()> observe);

  /// After each physics step that was taken, not skipped: e.g. contacts.
  void OnStep(std::function<void()> observe) { step_observers_.push_back(std::move(observe)); }

  /// Adds a part to the state hash; parts are hashed by name, in the order of adding.
  void AddToStateHash(std::string name, std::function<void(Hasher&)> add);
  /// Of everything: time, physics, robot, and the parts that others added.
  uint64_t StateHash() const;
  /// The same part by part, in a fixed order: "time", "physics", "robot", then those added.
  std::vector<std::pair<std::string, uint64_t>> StateHashByPart() const;

  int64_t steps_taken() const { return steps_taken_; }
  int64_t steps_skipped() const { return steps_skipped_; }

 private:
  void AdvancePhysics(SimTime at_least);

  EventQueue* events_;
  PhysicsWorld* physics_;
  Robot* robot_;
  CpuShare* cpu_share_;
  const Skipping skipping_;
  bool stopped_ = false;
  std::vector<std::function<void()>> step_observers_;
  std::vector<std::pair<std::string, std::function<void(Hasher&)>>> parts_;
  int64_t steps_taken_ = 0;
  int64_t steps_skipped_ = 0;
};

}  // namespace dustproof
