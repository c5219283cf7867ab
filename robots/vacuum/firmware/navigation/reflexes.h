#pragma once

#include <optional>
#include <vector>

#include "hil/hal/dp_sensors.h"
#include "robots/vacuum/firmware/navigation/geometry.h"

namespace vacuum {

/// What the body does before the plan is asked: stops and backs off from a bump or a drop, stops
/// when lifted, frees itself when the wheels turn and the robot doesn't.
class Reflexes {
 public:
  enum class Event { kNone, kBump, kCliff, kStuck, kLifted };

  struct Input {
    double now_s = 0;
    dp_hazard_sample hazard{};
    bool wheel_drop = false;
    Twist wanted;         ///< What the plan would do now.
    Twist measured;       ///< What the wheels do.
    double travel_m = 0;  ///< Total wheel travel.
    Point2 position_M;    ///< Where SLAM sees the robot.
  };

  /// The twist that overrides the plan, or nothing where all is well.
  std::optional<Twist> Step(const Input& in);
  /// The event that began since this was last asked.
  Event TakeEvent();
  /// Points in R that the body met, since this was last asked.
  std::vector<Point2> TakeContacts();
  /// While docking, touching is what is wanted.
  void SetBumpsExpected(bool expected) { bumps_expected_ = expected; }
  bool active() const { return backing_ || lifted_; }

 private:
  void Begin(Event event, const Input& in, double back_m);
  bool Stalled(const Input& in);

  Event event_ = Event::kNone;
  std::vector<Point2> contacts_R_;
  bool bumps_expected_ = false, backing_ = false, lifted_ = false;
  double back_until_m_ = 0, back_until_s_ = 0, lifted_until_s_ = 0;
  double over_current_since_s_ = -1, stall_since_s_ = -1;
  double watch_since_s_ = -1, watch_driven_m_ = 0, watch_last_s_ = 0;
  Point2 watch_from_M_;
};

}  // namespace vacuum
