#pragma once

#include <optional>

#include "robots/vacuum/firmware/navigation/driver.h"
#include "robots/vacuum/firmware/navigation/floor_view.h"
#include "robots/vacuum/firmware/navigation/geometry.h"

namespace vacuum {

/// Where the dock is, from the last time the robot stood in it, or else from sightings of its
/// beacon along the way.
class DockMemory {
 public:
  /// The robot stands in the dock, at `X_MR`.
  void SetContact(const Pose2& X_MR) { contact_ = X_MR; }
  /// A beacon sample, taken at `X_MR`.
  void Observe(const Pose2& X_MR, const dp_dock_sample& sample);
  void Forget() { *this = DockMemory(); }

  /// The pose of R when docked, nose towards the dock.
  std::optional<Pose2> X_MDocked() const;
  bool seen() const { return contact_.has_value() || sightings_ > 0; }
  /// The place from which the beacon was seen last.
  Point2 seen_from_M() const { return seen_from_M_; }

 private:
  std::optional<Pose2> contact_;
  // Least squares over the lines of sight: n·x = n·p, summed.
  double a_xx_ = 0, a_xy_ = 0, a_yy_ = 0, b_x_ = 0, b_y_ = 0;
  int sightings_ = 0, axis_count_ = 0;
  Point2 seen_from_M_, axis_sum_M_;
};

/// Gets into the dock and out of it. Blocking; runs in the mission's task.
class Docking {
 public:
  Docking(Driver& driver, DockMemory& memory) : driver_(driver), memory_(memory) {}

  bool in_contact() const;
  /// Backs out of the dock, far enough to turn.
  void Undock();
  /// From anywhere: drives before the dock, lines up by the beacon, approaches until contact.
  /// Retries. False where it failed.
  bool Dock();

 private:
  dp_dock_sample Sample() const;
  bool GoTo(Point2 p_M, double tolerance_m);
  bool Approach();

  Driver& driver_;
  DockMemory& memory_;
};

}  // namespace vacuum
