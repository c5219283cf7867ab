#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "robots/vacuum/firmware/navigation/floor_view.h"
#include "robots/vacuum/firmware/navigation/hal.h"
#include "robots/vacuum/firmware/navigation/localization.h"
#include "robots/vacuum/firmware/navigation/path_follower.h"
#include "robots/vacuum/firmware/navigation/reflexes.h"

namespace vacuum {

/// How a drive ended.
enum class Outcome { kDone, kBlocked, kBumped, kCliff, kStuck, kLifted, kInterrupted };

/// Turns wishes into wheel speeds. `Step()` runs in the control task at 50 Hz; the other calls come
/// from the mission's task, and those that take time block it.
class Driver {
 public:
  static constexpr double kPeriod_s = 0.02;

  Driver(const Hal& hal, Localization& localization);

  /// One control step: sensors, reflexes, path, wheels, floor swept.
  void Step();

  /// Blocking: drives a path in M. Any reflex or obstacle on the way ends it.
  Outcome Follow(const std::vector<Point2>& path, const PathFollower::Limits& limits);
  /// Blocking: as above, and asks `enough` after each scan whether to end early (then kDone).
  Outcome FollowUntil(const std::vector<Point2>& path, const PathFollower::Limits& limits,
                      const std::function<bool()>& enough);
  /// Blocking: turns on the spot to a heading in M.
  Outcome TurnTo(double yaw_M);
  /// Blocking: straight ahead (or back) by odometry, without looking.
  Outcome Straight(double distance_m, double speed_m_s);
  /// A twist that holds for 0.15 s, for approaches that steer by themselves.
  void SetTwist(Twist twist);
  /// Blocking: control goes on meanwhile.
  void Sleep(double seconds) { hal_.clock->sleep_us(static_cast<uint64_t>(seconds * 1e6)); }
  void Halt();

  /// The map as the planner sees it now. Where the way back to `home` seems shut, what bumps have
  /// taught is forgotten, and then narrower ways are allowed: the robot came in somehow.
  FloorView View();
  /// A place that can be reached from everywhere, because the robot came from there.
  std::optional<Point2> home_M;

  Pose2 pose() const { return localization_.X_MR(); }
  Localization& localization() { return localization_; }
  HomeMap& map() { return localization_.map(); }
  Reflexes& reflexes() { return reflexes_; }
  const Hal& hal() const { return hal_; }

  /// The floor under the body counts as swept while this is on.
  void SetSweeping(bool on);
  /// Asked by every blocking call; true ends it with kInterrupted.
  std::function<bool()> interrupted = [] { return false; };
  /// The power rests: no wheels, no matching.
  void SetAwake(bool awake);
  bool awake() const { return awake_; }

 private:
  Outcome WaitForEnd(const std::function<bool()>& enough);
  Outcome OutcomeOf(Reflexes::Event event) const;
  void CheckAhead();
  void MarkContacts();
  int KnownObstacleNear(const Pose2& X_MR, Point2 contact_R) const;
  void Sweep();
  void Send(Twist twist);

  const Hal& hal_;
  Localization& localization_;
  PathFollower follower_;
  Reflexes reflexes_;
  double track_width_m_;
  Twist manual_;
  double manual_until_s_ = -1;
  bool sweeping_ = false, awake_ = false, blocked_ = false;
  Reflexes::Event event_ = Reflexes::Event::kNone;
  uint32_t checked_scan_ = 0;
  Point2 swept_at_;
};

}  // namespace vacuum
