#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "robots/vacuum/firmware/navigation/coverage.h"
#include "robots/vacuum/firmware/navigation/docking.h"
#include "robots/vacuum/firmware/navigation/driver.h"
#include "robots/vacuum/firmware/navigation/navigator.h"
#include "robots/vacuum/firmware/navigation/reporter.h"
#include "robots/vacuum/firmware/navigation/tour.h"

namespace vacuum {

/// What the robot does, told in order: undock, explore, sweep region by region, go home, charge,
/// resume. Runs in a task of its own and blocks as it goes; a new request interrupts whatever is
/// under way.
class Mission {
 public:
  enum class Request { kNone, kClean, kDock, kStop };

  Mission(Driver& driver, DockMemory& dock, Reporter& reporter);

  void Ask(Request request);
  /// The task's body; never returns.
  void Run();

  Activity activity() const { return activity_; }
  uint32_t activity_count() const { return activity_count_; }
  uint32_t finished_cleanings() const { return finished_cleanings_; }
  bool cleaning() const { return cleaning_; }

 private:
  void SetActivity(Activity activity);
  void Clean();
  void GoHome();
  void Rest();
  void WakeUp();
  /// Looks beyond the borders of what is seen: the wide ones of the region at a place, or all there
  /// are. True where it went to see.
  bool Explore(std::optional<Point2> region_of_M);
  void SweepAll();
  bool SweepOne(const FloorView& view);
  int ChooseRegion(const FloorView& view);
  /// What a bump broke off, else the first of the shortest tour of those worth driving.
  std::optional<TourStop> NextEdge(const FloorView& view,
                                   const std::vector<SweepTask>& edges) const;
  /// Drives the first of the lanes laid that is still worth it; false where none is.
  bool DriveNextLane(const FloorView& view);
  void Drive(const SweepTask& task, const FloorView& view);
  /// The half turn from the end of one lane into the next, where that is what comes and there is
  /// room; else empty.
  std::vector<Point2> HalfTurn(const FloorView& view, Point2 start, Point2 next) const;
  void Settle(const SweepTask& task, Outcome outcome);
  bool BatteryLow() const;
  void Recharge();
  void ChargeUntil(float charge_pct);
  bool ShutIn();
  void FreeItself();

  Driver& driver_;
  DockMemory& dock_;
  Reporter& reporter_;
  Docking docking_;
  Request request_ = Request::kNone;
  Activity activity_ = Activity::kIdle;
  uint32_t activity_count_ = 0, finished_cleanings_ = 0;
  bool cleaning_ = false;
  bool has_region_ = false, region_is_new_ = false, region_retried_ = false;
  Point2 region_anchor_M_;
  bool edge_broken_off_ = false;
  std::deque<SweepTask> lanes_;  ///< Of the region, in the order in which they are to be driven.
  std::vector<Point2> seen_frontiers_M_;
  int failures_in_a_row_ = 0;
};

}  // namespace vacuum
