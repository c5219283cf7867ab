#include "hil/report/metrics.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <set>

namespace dustproof {
namespace {

constexpr double kVisitGap_s = 10;
constexpr double kRoomEntered_m2 =
    0.25;  // A room counts as reachable where the robot's centre has at least this much floor.

// Position at a time, between two samples of a track. @pre not empty
Vec2 At(const Track& track, double time_s) {
  const auto after = std::lower_bound(track.time_s.begin(), track.time_s.end(), time_s);
  const size_t i = static_cast<size_t>(after - track.time_s.begin());
  if (i == 0) return {track.x_m.front(), track.y_m.front()};
  if (i == track.size()) return {track.x_m.back(), track.y_m.back()};
  const double span = track.time_s[i] - track.time_s[i - 1];
  const double k = span > 0 ? (time_s - track.time_s[i - 1]) / span : 0;
  return {track.x_m[i - 1] + k * (track.x_m[i] - track.x_m[i - 1]),
          track.y_m[i - 1] + k * (track.y_m[i] - track.y_m[i - 1])};
}

// The rigid motion that takes the points `m` closest to `w` in least squares (in the plane: Arun et
// al. 1987, closed form).
Pose2 Align(const std::vector<Vec2>& m, const std::vector<Vec2>& w) {
  Vec2 mean_m = Vec2::Zero(), mean_w = Vec2::Zero();
  for (size_t i = 0; i < m.size(); ++i) mean_m += m[i], mean_w += w[i];
  mean_m /= static_cast<double>(m.size());
  mean_w /= static_cast<double>(m.size());
  double sine = 0, cosine = 0;
  for (size_t i = 0; i < m.size(); ++i) {
    const Vec2 a = m[i] - mean_m, b = w[i] - mean_w;
    sine += a.x() * b.y() - a.y() * b.x();
    cosine += a.dot(b);
  }
  const double yaw = std::atan2(sine, cosine);
  const Vec2 turned = Pose2{0, 0, yaw} * mean_m;
  return {mean_w.x() - turned.x(), mean_w.y() - turned.y(), yaw};
}

void AlignBelief(RunSeries* s, RunMetrics* metrics) {
  if (s->belief.size() < 3 || s->truth.size() == 0) return;
  std::vector<Vec2> m, w;
  for (size_t i = 0; i < s->belief.size(); ++i) {
    m.emplace_back(s->belief.x_m[i], s->belief.y_m[i]);
    w.push_back(At(s->truth, s->belief.time_s[i]));
  }
  s->X_WM = Align(m, w);
  double squares = 0;
  for (size_t i = 0; i < m.size(); ++i) {
    const Vec2 p = s->X_WM * m[i];
    squares += (p - w[i]).squaredNorm();
    s->belief.x_m[i] = p.x();
    s->belief.y_m[i] = p.y();
    s->belief.yaw_rad[i] = WrapAngle(s->belief.yaw_rad[i] + s->X_WM.yaw);
  }
  metrics->ate_m = std::sqrt(squares / static_cast<double>(m.size()));
}

// Sweeps the robot's disc along the true way.
class Sweep {
 public:
  Sweep(const Grid& floor, double radius_m) : floor_(floor), radius_m_(radius_m) {
    first_.assign(floor.cells.size(), CoverageGrid::kNever);
    last_.assign(floor.cells.size(), -1e9);
    for (size_t i = 0; i < floor.cells.size(); ++i) {
      if (floor.cells[i] == 0) first_[i] = CoverageGrid::kUnreachable;
      total_ += floor.cells[i] != 0;
    }
  }

  void Visit(const Vec2& p_WR_W, double time_s) {
    const Vec2 p_GR_G = floor_.X_WG.inverse() * p_WR_W;
    const double r = radius_m_ / floor_.resolution_m;
    const double cx = p_GR_G.x() / floor_.resolution_m - 0.5,
                 cy = p_GR_G.y() / floor_.resolution_m - 0.5;
    for (int y = std::max(0, static_cast<int>(std::ceil(cy - r)));
         y <= std::min(floor_.height - 1, static_cast<int>(cy + r)); ++y) {
      const double half = std::sqrt(std::max(0.0, r * r - (y - cy) * (y - cy)));
      const int x_last = std::min(floor_.width - 1, static_cast<int>(std::floor(cx + half)));
      for (int x = std::max(0, static_cast<int>(std::ceil(cx - half))); x <= x_last; ++x)
        Touch(floor_.Index(x, y), time_s);
    }
    if (time_to_90_s_ == 0 && static_cast<double>(covered_) >= 0.9 * static_cast<double>(total_))
      time_to_90_s_ = time_s;
  }

  double coverage() const {
    return total_ > 0 ? static_cast<double>(covered_) / static_cast<double>(total_) : 0;
  }
  double revisit_ratio() const {
    return covered_ > 0 ? static_cast<double>(visits_) / static_cast<double>(covered_) : 0;
  }
  double time_to_90_s() const { return time_to_90_s_; }
  std::vector<uint16_t> TakeFirst() { return std::move(first_); }

 private:
  void Touch(size_t cell, double time_s) {
    if (first_[cell] == CoverageGrid::kUnreachable) return;
    if (first_[cell] == CoverageGrid::kNever) {
      first_[cell] = static_cast<uint16_t>(std::min(time_s, 65000.0));
      ++covered_;
    }
    if (time_s - last_[cell] > kVisitGap_s) ++visits_;
    last_[cell] = time_s;
  }

  const Grid& floor_;
  const double radius_m_;
  std::vector<uint16_t> first_;
  std::vector<double> last_;
  size_t covered_ = 0, visits_ = 0, total_ = 0;
  double time_to_90_s_ = 0;
};

void MeasureCoverage(const Reach& reach, double radius_m, RunSeries* s, RunMetrics* metrics) {
  s->coverage.floor = reach.floor;
  Sweep sweep(s->coverage.floor, radius_m);
  for (size_t i = 0; i < s->truth.size(); ++i)
    sweep.Visit({s->truth.x_m[i], s->truth.y_m[i]}, s->truth.time_s[i]);
  metrics->coverage = sweep.coverage();
  metrics->revisit_ratio = sweep.revisit_ratio();
  metrics->time_to_90_s = sweep.time_to_90_s();
  metrics->reachable_m2 = reach.area_m2;
  s->coverage.first_s = sweep.TakeFirst();
}

void MeasureRooms(const FloorPlan& plan, const Reach& reach, const RunSeries& s,
                  RunMetrics* metrics) {
  std::vector<double> area_m2(plan.rooms.size(), 0);
  const Grid& centers = reach.centers;
  for (int y = 0; y < centers.height; ++y) {
    for (int x = 0; x < centers.width; ++x) {
      if (centers.At(x, y) == 0) continue;
      const int room = plan.RoomAt(centers.CenterOf(x, y));
      if (room >= 0)
        area_m2[static_cast<size_t>(room)] += centers.resolution_m * centers.resolution_m;
    }
  }
  std::set<int> entered;
  for (size_t i = 0; i < s.truth.size(); ++i)
    entered.insert(plan.RoomAt({s.truth.x_m[i], s.truth.y_m[i]}));
  for (size_t room = 0; room < area_m2.size(); ++room) {
    if (area_m2[room] < kRoomEntered_m2) continue;
    ++metrics->rooms_reachable;
    metrics->rooms_entered += entered.count(static_cast<int>(room)) > 0;
  }
}

void MeasureMotion(RunSeries* s, RunMetrics* metrics) {
  double first_s = -1, last_s = 0;
  for (size_t i = 1; i < s->truth.size(); ++i) {
    const double step =
        std::hypot(s->truth.x_m[i] - s->truth.x_m[i - 1], s->truth.y_m[i] - s->truth.y_m[i - 1]);
    if (step < 1e-4) continue;  // Rest: the suspension settles by micrometres.
    metrics->distance_m += step;
    last_s = s->truth.time_s[i];
    if (first_s < 0) first_s = s->truth.time_s[i - 1];
  }
  metrics->moving_s = first_s < 0 ? 0 : last_s - first_s;
  for (size_t i = 1; i < s->battery.size(); ++i) {
    const BatterySample& b = s->battery[i];
    const double hours = (b.time - s->battery[i - 1].time).seconds() / 3600;
    if (b.current_a < 0) metrics->energy_wh += -b.current_a * b.voltage_v * hours;
    metrics->charge_min_pct = metrics->charge_min_pct < 0
                                  ? b.charge_pct
                                  : std::min(metrics->charge_min_pct, b.charge_pct);
  }
}

// The true free floor at the lidar's height that hangs together with the start: 1 free.
Grid TrueFreeFloor(const FloorPlan& plan, double height_m, const Vec2& p_WStart_W) {
  Grid occupied = OccupancyOf(plan, 0.05, height_m);
  Grid free = occupied;
  std::fill(free.cells.begin(), free.cells.end(), 0);
  std::deque<Eigen::Vector2i> queue = {occupied.CellOf(p_WStart_W)};
  while (!queue.empty()) {
    const Eigen::Vector2i c = queue.front();
    queue.pop_front();
    if (!free.Has(c.x(), c.y()) || free.At(c.x(), c.y()) || occupied.At(c.x(), c.y())) continue;
    if (plan.RoomAt(free.CenterOf(c.x(), c.y())) < 0) continue;
    free.At(c.x(), c.y()) = 1;
    for (const Eigen::Vector2i& step : {Eigen::Vector2i(1, 0), Eigen::Vector2i(-1, 0),
                                        Eigen::Vector2i(0, 1), Eigen::Vector2i(0, -1)}) {
      queue.push_back(c + step);
    }
  }
  return free;
}

double FreeSpaceIou(const FloorPlan& plan, double height_m, const RunSeries& s) {
  const Grid truth = TrueFreeFloor(plan, height_m, {s.truth.x_m.front(), s.truth.y_m.front()});
  const Pose2 X_MW = s.X_WM.inverse();
  size_t both = 0, any = 0;
  for (int y = 0; y < truth.height; ++y) {
    for (int x = 0; x < truth.width; ++x) {
      const Vec2 p_MPt_M = X_MW * truth.CenterOf(x, y);
      const int column =
          static_cast<int>(std::floor((p_MPt_M.x() - s.map.origin_x_m) / s.map.resolution_m));
      const int row =
          static_cast<int>(std::floor((p_MPt_M.y() - s.map.origin_y_m) / s.map.resolution_m));
      bool believed = false;
      if (column >= 0 && row >= 0 && column < s.map.width && row < s.map.height) {
        const int8_t cell =
            s.map.cells[static_cast<size_t>(row) * static_cast<size_t>(s.map.width) +
                        static_cast<size_t>(column)];
        believed = cell >= 0 && cell < 50;
      }
      both += believed && truth.At(x, y);
      any += believed || truth.At(x, y);
    }
  }
  return any > 0 ? static_cast<double>(both) / static_cast<double>(any) : 0;
}

}  // namespace

RunMetrics Measure(const FloorPlan& plan, double robot_radius_m, double robot_height_m,
                   RunSeries* series, int bumps) {
  RunMetrics metrics;
  metrics.bumps = bumps;
  const Reach reach =
      ReachableFloor(plan, {.radius_m = robot_radius_m, .height_m = robot_height_m});
  MeasureCoverage(reach, robot_radius_m, series, &metrics);
  MeasureRooms(plan, reach, *series, &metrics);
  MeasureMotion(series, &metrics);
  AlignBelief(series, &metrics);
  if (series->has_map && series->truth.size() > 0 && metrics.ate_m >= 0) {
    metrics.free_space_iou = FreeSpaceIou(plan, robot_height_m, *series);
  }
  return metrics;
}

}  // namespace dustproof
