#include "robots/vacuum/firmware/navigation/mission.h"

#include <algorithm>
#include <cstdio>

#include "robots/vacuum/firmware/navigation/explorer.h"
#include "robots/vacuum/firmware/navigation/tour.h"

namespace vacuum {

namespace {

constexpr float kChargeLow_pct = 15, kChargeResume_pct = 80, kChargeFull_pct = 99,
                kChargeStart_pct = 20;
constexpr int kRegionCellsMin =
    12;  // Less wanted floor than this (0.03 m²) doesn't make a region worth a visit.
constexpr TourOptions kTour{.gain_m2_per_s_min = 0.0115, .overhead_s = 3, .way_counted_s = 5};
constexpr double kFar_s = 1e9;
constexpr double kTriedNear_m = 0.35;
constexpr double kResumeWithin_s = 2;  // What a bump broke off is gone on with, if it is this near.
constexpr double kFrontierWorth_s =
    8;  // A narrow border farther than this is a nook, rather than a room.
constexpr double kLookAround_s = 4;
constexpr int kWideFrontierCells = 16;  // 0.8 m, a door: a border that may change a region's plan.
// A robot that begins where it was left may stand so close to something that no way seems open.
// Less reachable floor than this (0.2 m²) is no home.
constexpr size_t kRoomCellsMin = 80;
constexpr int kShutInTries = 5;
const PathFollower::Limits kTransit{.speed_m_s = 0.3};
const PathFollower::Limits kEdge{.speed_m_s = 0.3, .turn_accel_rad_s2 = 7, .look_ahead_m = 0.10};
const PathFollower::Limits kTurningLane{.speed_m_s = 0.3, .look_ahead_m = 0.13, .slow_by_rad = 1.0};
const PathFollower::Limits kLane{.speed_m_s = 0.3, .look_ahead_m = 0.15};

SweepTask Oriented(const std::vector<SweepTask>& tasks, const TourStop& stop) {
  SweepTask task = tasks[stop.task];
  if (stop.from_back) std::reverse(task.path.begin(), task.path.end());
  return task;
}

std::string Text(const char* format, auto... values) {
  char text[200];
  std::snprintf(text, sizeof text, format, values...);
  return text;
}

}  // namespace

Mission::Mission(Driver& driver, DockMemory& dock, Reporter& reporter)
    : driver_(driver), dock_(dock), reporter_(reporter), docking_(driver, dock) {
  driver_.interrupted = [this] { return request_ != Request::kNone; };
}

void Mission::SetActivity(Activity activity) {
  if (activity == activity_) return;
  activity_ = activity;
  ++activity_count_;
  reporter_.State(ToWord(activity));
}

void Mission::Ask(Request request) { request_ = request; }

void Mission::Run() {
  while (true) {
    if (request_ == Request::kNone) {
      Rest();
      driver_.Sleep(0.2);
      continue;
    }
    const Request request = request_;
    request_ = Request::kNone;
    if (request == Request::kClean) Clean();
    if (request == Request::kDock) GoHome();
    if (request == Request::kStop) {
      driver_.Halt();
      SetActivity(Activity::kIdle);
    }
    driver_.SetSweeping(false);
    cleaning_ = false;
  }
}

void Mission::Rest() {
  driver_.SetAwake(false);
  if (!docking_.in_contact()) {
    if (activity_ == Activity::kDocked || activity_ == Activity::kCharging)
      SetActivity(Activity::kIdle);
    return;
  }
  dp_battery_sample battery{};
  driver_.hal().battery->latest(&battery);
  if (activity_ == Activity::kError) return;
  // A full battery is topped up now and then; that is no change worth telling.
  if (activity_ == Activity::kDocked && battery.charge_pct > 95) return;
  SetActivity(battery.charging && battery.charge_pct < kChargeFull_pct ? Activity::kCharging
                                                                       : Activity::kDocked);
}

void Mission::WakeUp() {
  driver_.SetAwake(true);
  // The lidar spins up while the gyro's bias is learnt at rest.
  const uint32_t before = driver_.localization().scan_count();
  for (int i = 0;
       i < 40 && driver_.localization().scan_count() < before + 3 && !driver_.interrupted(); ++i)
    driver_.Sleep(0.1);
}

void Mission::Clean() {
  cleaning_ = true;
  SetActivity(driver_.map().any_free() ? Activity::kCleaning : Activity::kExploring);
  reporter_.ClearPath();
  driver_.map().ClearCovered();
  driver_.map().ForgetTouches();
  seen_frontiers_M_.clear();
  has_region_ = false;
  lanes_.clear();
  WakeUp();
  docking_.Undock();
  if (!driver_.home_M) driver_.home_M = driver_.pose().position();
  driver_.SetSweeping(true);
  for (int tries = 0; tries < kShutInTries; ++tries) {
    Explore(driver_.pose().position());
    SetActivity(Activity::kCleaning);
    SweepAll();
    if (request_ != Request::kNone || !ShutIn()) break;
    FreeItself();
  }
  driver_.SetSweeping(false);
  if (request_ != Request::kNone) return;
  reporter_.SendMap();
  ++finished_cleanings_;
  reporter_.State("cleaning_finished");
  GoHome();
}

void Mission::GoHome() {
  SetActivity(Activity::kReturning);
  driver_.SetSweeping(false);
  WakeUp();
  const bool docked = docking_.Dock();
  if (request_ != Request::kNone) return;
  if (!docked) {
    driver_.hal().Log(DP_LOG_ERROR, "docking failed");
    SetActivity(Activity::kError);
    return;
  }
  Rest();
}

bool Mission::Explore(std::optional<Point2> region_of_M) {
  bool looked = false;
  while (request_ == Request::kNone) {
    const FloorView view = driver_.View();
    auto frontiers = FindFrontiers(view, seen_frontiers_M_);
    if (region_of_M) {
      const int at = view.map().IndexOf(*region_of_M);
      const int region = at >= 0 ? view.region(at) : 0;
      std::erase_if(frontiers, [&](const Frontier& f) {
        return f.cells < kWideFrontierCells || view.region(f.target) != region ||
               f.cost_s > kLookAround_s;
      });
    }
    std::erase_if(frontiers, [](const Frontier& f) {
      return f.cells < kWideFrontierCells && f.cost_s > kFrontierWorth_s;
    });
    if (frontiers.empty()) return looked;
    looked = true;
    const Frontier target = frontiers.front();
    const Point2 center = target.center_M;
    // As soon as the border has been seen beyond, the next one is due.
    const auto seen = [&] {
      const HomeMap& map = driver_.map();
      const int index = map.IndexOf(center);
      if (index < 0) return true;
      for (const int next :
           {index, index - 1, index + 1, index - map.width(), index + map.width()}) {
        if (next >= 0 && next < map.cell_count() && map.unknown(next)) return false;
      }
      return true;
    };
    driver_.hal().Log(DP_LOG_DEBUG, Text("look at %.2f %.2f, %d cells, %.1f s away", center.x,
                                         center.y, target.cells, target.cost_s));
    const Outcome outcome = driver_.FollowUntil(view.PathTo(target.target), kTransit, seen);
    if (outcome == Outcome::kDone && !seen()) {
      driver_.Sleep(0.5);
      if (!seen()) seen_frontiers_M_.push_back(center);
    }
    if (outcome != Outcome::kDone && ++failures_in_a_row_ >= 3) {
      seen_frontiers_M_.push_back(center);
      FreeItself();
    }
    if (outcome == Outcome::kDone) failures_in_a_row_ = 0;
  }
  return looked;
}

void Mission::SweepAll() {
  while (request_ == Request::kNone) {
    if (BatteryLow()) Recharge();
    const FloorView view = driver_.View();
    if (SweepOne(view)) continue;
    // Nothing left of what is known: is there a border that opened meanwhile?
    if (!Explore(std::nullopt)) return;
  }
}

int Mission::ChooseRegion(const FloorView& view) {
  const HomeMap& map = view.map();
  std::vector<int> wanted(view.region_count() + 1, 0);
  // To the nearest wanted cell; where the centre reaches none of them, to the region.
  std::vector<double> wanted_s(view.region_count() + 1, kFar_s), region_s = wanted_s;
  for (int index = 0; index < map.cell_count(); ++index) {
    const int region = view.region(index);
    const double cost_s = view.reachable(index) ? view.Cost(index) : kFar_s;
    region_s[region] = std::min(region_s[region], cost_s);
    if (!view.wanted(index)) continue;
    ++wanted[region];
    wanted_s[region] = std::min(wanted_s[region], cost_s);
  }
  if (has_region_) {
    const int index = map.IndexOf(region_anchor_M_);
    const int region = index >= 0 ? view.region(index) : 0;
    if (region && (wanted[region] >= kRegionCellsMin || !region_retried_)) return region;
  }
  int best = 0;
  double best_s = kFar_s;
  for (int region = 1; region <= view.region_count(); ++region) {
    const double way_s = wanted_s[region] < kFar_s ? wanted_s[region] : region_s[region];
    // What a region has left must be worth the way to it, as for a stretch.
    const double gain_m2 = wanted[region] * HomeMap::kResolution_m * HomeMap::kResolution_m;
    if (wanted[region] < kRegionCellsMin || gain_m2 < kTour.gain_m2_per_s_min * way_s) continue;
    if (way_s >= best_s) continue;
    best = region;
    best_s = way_s;
  }
  if (!best) return 0;
  // The anchor is the region's roomiest cell: its label stays when the map changes at the edges.
  int anchor = -1;
  for (int index = 0; index < map.cell_count(); ++index) {
    if (view.region(index) != best || !view.reachable(index)) continue;
    if (anchor < 0 || view.clearance_m(index) > view.clearance_m(anchor)) anchor = index;
  }
  has_region_ = anchor >= 0;
  region_is_new_ = true;
  region_retried_ = false;
  lanes_.clear();
  if (has_region_) region_anchor_M_ = map.CenterOf(anchor);
  return best;
}

bool Mission::SweepOne(const FloorView& view) {
  const int region = ChooseRegion(view);
  if (!region) return false;
  if (region_is_new_) {
    region_is_new_ = false;
    Explore(region_anchor_M_);
    return true;
  }
  if (DriveNextLane(view)) return true;
  const std::vector<SweepTask> edges = PlanEdges(view, region);
  if (const auto next = NextEdge(view, edges)) {
    Drive(Oriented(edges, *next), view);
    return true;
  }
  // Lanes are laid once and driven to the last: laid anew after each, they would turn this way and
  // that with what is left.
  const std::vector<SweepTask> lanes = PlanLanes(view, region);
  for (const TourStop& stop : PlanTour(view, driver_.pose(), lanes, kTour))
    lanes_.push_back(Oriented(lanes, stop));
  if (!lanes_.empty()) return true;
  // What bumps have taught may have shut a narrow way: before the region is left, it is tried
  // again.
  if (!region_retried_) {
    region_retried_ = true;
    driver_.map().ForgetWidths();
    return true;
  }
  // Wanted floor that no stretch reaches: it is left, and the region is done.
  for (int index = 0; index < view.map().cell_count(); ++index) {
    if (view.wanted(index) && view.region(index) == region) driver_.map().GiveUp(index);
  }
  has_region_ = false;
  return true;
}

std::optional<TourStop> Mission::NextEdge(const FloorView& view,
                                          const std::vector<SweepTask>& edges) const {
  std::optional<TourStop> next;
  double nearest_s = kResumeWithin_s;
  for (int task = 0; edge_broken_off_ && task < static_cast<int>(edges.size()); ++task) {
    for (const bool from_back : {false, true}) {
      const std::vector<Point2>& path = edges[task].path;
      const int end = StretchEnd(view, from_back ? path.back() : path.front());
      if (end < 0 || view.Cost(end) >= nearest_s) continue;
      nearest_s = view.Cost(end);
      next = TourStop{task, from_back};
    }
  }
  if (next) return next;
  const std::vector<TourStop> tour = PlanTour(view, driver_.pose(), edges, kTour);
  return tour.empty() ? std::nullopt : std::optional(tour.front());
}

bool Mission::DriveNextLane(const FloorView& view) {
  while (!lanes_.empty()) {
    SweepTask lane = std::move(lanes_.front());
    lanes_.pop_front();
    const size_t planned = lane.targets.size();
    std::erase_if(lane.targets, [&](Point2 p) {
      const int index = view.map().IndexOf(p);
      return index < 0 || !view.wanted(index);
    });
    if (lane.targets.size() < planned / 3 || StretchEnd(view, lane.path.front()) < 0) continue;
    Drive(lane, view);
    return true;
  }
  return false;
}

void Mission::Drive(const SweepTask& task, const FloorView& view) {
  std::vector<Point2> stretch = task.path;
  if (!task.edge && stretch.size() == 2) {
    const std::vector<Point2> turn = HalfTurn(view, stretch[0], stretch[1]);
    if (!turn.empty()) {
      stretch.insert(stretch.begin(), turn.begin(), turn.end());
      Settle(task, driver_.Follow(stretch, kTurningLane));
      return;
    }
  }
  const std::vector<Point2> way = view.PathTo(StretchEnd(view, stretch.front()));
  const bool there = Distance(driver_.pose().position(), stretch.front()) < 0.05;
  // The way's last point is the middle of a cell beside the stretch's end.
  if (!there) stretch.insert(stretch.begin(), way.begin(), way.end() - 1);
  const Outcome outcome = driver_.Follow(stretch, task.edge ? kEdge : kLane);
  edge_broken_off_ = task.edge && outcome != Outcome::kDone;
  driver_.hal().Log(
      DP_LOG_DEBUG,
      Text("%s of %.1f m for %zu cells, %.1f s away: %d", task.edge ? "edge" : "lane",
           LengthOf(task.path), task.targets.size(), view.Cost(StretchEnd(view, task.path.front())),
           static_cast<int>(outcome)));
  Settle(task, outcome);
}

std::vector<Point2> Mission::HalfTurn(const FloorView& view, Point2 start, Point2 next) const {
  const Pose2 X_MR = driver_.pose();
  const Point2 start_R = X_MR.Inverse() * start, next_R = X_MR.Inverse() * next;
  const double back = std::atan2(next_R.y - start_R.y, next_R.x - start_R.x);
  const double across = std::abs(start_R.y);
  if (std::abs(std::abs(back) - kPi) > 0.25 || across < 0.22 || across > 0.5 ||
      std::abs(start_R.x) > 0.5)
    return {};
  // Forward to where both lanes have ended, then half a circle.
  const double out = std::max(start_R.x, 0.0), radius = across / 2, side = start_R.y > 0 ? 1 : -1;
  std::vector<Point2> points{X_MR.position()};
  for (int i = 0; i <= 8; ++i) {
    const double angle = kPi * i / 8;
    points.push_back(X_MR *
                     Point2{out + radius * std::sin(angle), side * radius * (1 - std::cos(angle))});
  }
  for (const Point2& p : points) {
    if (view.ClearanceAt(p) < FloorView::kPassable_m) return {};
  }
  return points;
}

void Mission::Settle(const SweepTask& task, Outcome outcome) {
  if (outcome == Outcome::kInterrupted) return;
  HomeMap& map = driver_.map();
  for (const Point2& target : task.targets) {
    const int index = map.IndexOf(target);
    // What stopped the robot speaks of the floor near it; the rest of the stretch has not been
    // tried.
    if (outcome != Outcome::kDone && Distance(target, driver_.pose().position()) > kTriedNear_m)
      continue;
    if (index >= 0 && !map.covered(index)) map.AddTry(index, outcome == Outcome::kDone ? 2 : 1);
  }
  failures_in_a_row_ = outcome == Outcome::kDone ? 0 : failures_in_a_row_ + 1;
  if (failures_in_a_row_ >= 6) FreeItself();
}

bool Mission::ShutIn() { return driver_.View().reached().size() < kRoomCellsMin; }

void Mission::FreeItself() {
  // Pinned between marks that may be wrong: forget them, turn, and try a way that is open.
  failures_in_a_row_ = 0;
  driver_.map().ForgetTouches();
  const double yaw = driver_.pose().yaw;
  driver_.TurnTo(yaw + 2.4);
  driver_.Straight(0.15, 0.1);
}

bool Mission::BatteryLow() const {
  dp_battery_sample battery{};
  return driver_.hal().battery->latest(&battery) == DP_OK && battery.charge_pct < kChargeLow_pct;
}

void Mission::Recharge() {
  driver_.SetSweeping(false);
  SetActivity(Activity::kReturning);
  if (docking_.Dock()) {
    SetActivity(Activity::kCharging);
    driver_.SetAwake(false);
    ChargeUntil(kChargeResume_pct);
    if (request_ != Request::kNone) return;
    WakeUp();
    docking_.Undock();
  }
  driver_.SetSweeping(true);
  SetActivity(Activity::kCleaning);
}

void Mission::ChargeUntil(float charge_pct) {
  while (request_ == Request::kNone && docking_.in_contact()) {
    dp_battery_sample battery{};
    driver_.hal().battery->latest(&battery);
    if (battery.charge_pct >= charge_pct) return;
    driver_.Sleep(1);
  }
}

}  // namespace vacuum
