// Orders stretches into a tour: a travelling salesman among pieces that may be driven either way.
#include "robots/vacuum/firmware/navigation/tour.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <queue>
#include <utility>

namespace vacuum {

namespace {

constexpr double kSpeed_m_s = 0.3, kTurn_rad_s = 2.5;
constexpr size_t kTasksMax = 40;  // Of more than this, those nearest to the robot are ordered.
constexpr double kStartNear_m = 0.08;
constexpr double kUnreached_s = 1e6;
constexpr int kPassesMax = 30;
constexpr int kMovedMax = 3;

/// Ways between places over blocks of 2 × 2 cells: coarse, and good enough to compare orders.
class CoarseWays {
 public:
  explicit CoarseWays(const FloorView& view) : view_(view) {
    const HomeMap& map = view.map();
    width_ = (map.width() + 1) / 2;
    const int height = (map.height() + 1) / 2;
    open_.assign(static_cast<size_t>(width_) * height, 0);
    for (const int index : view.reached()) open_[Block(index)] = 1;
    cost_.assign(open_.size(), 0);
  }

  /// Seconds from cell `from` to each of the cells `to`.
  std::vector<double> Seconds(int from, const std::vector<int>& to) {
    std::vector<int> touched;
    std::vector<uint8_t>& awaited = awaited_;
    awaited.assign(open_.size(), 0);
    int left = 0;
    for (const int cell : to) {
      uint8_t& mark = awaited[Block(cell)];
      left += !mark;
      mark = 1;
    }
    using Entry = std::pair<int, int>;
    std::priority_queue<Entry, std::vector<Entry>, std::greater<Entry>> queue;
    std::fill(cost_.begin(), cost_.end(), 1 << 30);
    cost_[Block(from)] = 0;
    queue.push({0, Block(from)});
    while (!queue.empty() && left > 0) {
      const auto [cost, block] = queue.top();
      queue.pop();
      if (cost != cost_[block]) continue;
      left -= awaited[block];
      awaited[block] = 0;
      const int x = block % width_;
      for (int dy = -1; dy <= 1; ++dy) {
        for (int dx = -1; dx <= 1; ++dx) {
          if (x + dx < 0 || x + dx >= width_) continue;
          const int next = block + dy * width_ + dx;
          if (next < 0 || next >= static_cast<int>(open_.size()) || !open_[next]) continue;
          const int after = cost + (dx && dy ? 14 : 10);
          if (after >= cost_[next]) continue;
          cost_[next] = after;
          queue.push({after, next});
        }
      }
    }
    std::vector<double> seconds;
    for (const int cell : to) {
      const int cost = cost_[Block(cell)];
      seconds.push_back(cost == 1 << 30 ? kUnreached_s
                                        : cost * 0.2 * HomeMap::kResolution_m / kSpeed_m_s);
    }
    return seconds;
  }

 private:
  int Block(int index) const {
    const int width = view_.map().width();
    return index / width / 2 * width_ + index % width / 2;
  }

  const FloorView& view_;
  int width_;
  std::vector<uint8_t> open_, awaited_;
  std::vector<int> cost_;
};

/// An end of a task: where it is, and which way the robot looks when it begins there.
struct End {
  int task;
  Point2 at;
  double inward_rad;
  int cell;
  double from_robot_s;
};

double TurnSeconds(double from_rad, double to_rad) {
  return std::abs(WrapAngle(to_rad - from_rad)) / kTurn_rad_s;
}

/// Direction of a path a little after its beginning.
double DirectionOf(const std::vector<Point2>& path, bool from_back) {
  const size_t n = path.size(), reach = std::min<size_t>(n - 1, 3);
  const Point2 a = from_back ? path[n - 1] : path[0],
               b = from_back ? path[n - 1 - reach] : path[reach];
  return std::atan2(b.y - a.y, b.x - a.x);
}

/// Time from one end to another, for all pairs; and orders of the tasks by it.
class Tour {
 public:
  Tour(const FloorView& view, const Pose2& X_MR, const std::vector<SweepTask>& tasks)
      : view_(view), tasks_(tasks) {
    TakeEnds(X_MR);
    FindLinks();
  }

  std::vector<TourStop> Plan(const TourOptions& options) {
    BeginNearest();
    for (int pass = 0; pass < kPassesMax && (Reverse() || Move()); ++pass) {
    }
    while (DropPoorest(options)) {
    }
    std::vector<TourStop> stops;
    for (const int entry : order_) stops.push_back({ends_[entry].task, entry % 2 == 1});
    return stops;
  }

 private:
  /// Ends 2i and 2i + 1 are the front and the back of the i-th task that can be reached.
  void TakeEnds(const Pose2& X_MR) {
    for (int task = 0; task < static_cast<int>(tasks_.size()); ++task) {
      const std::vector<Point2>& path = tasks_[task].path;
      End pair[2];
      for (const bool back : {false, true}) {
        End& end = pair[back];
        end = {task, back ? path.back() : path.front(), DirectionOf(path, back), -1, kUnreached_s};
        end.cell = StretchEnd(view_, end.at);
        if (end.cell < 0) continue;
        const Point2 way = end.at - X_MR.position();
        end.from_robot_s = view_.Cost(end.cell);
        end.from_robot_s += Norm(way) > 0.1
                                ? TurnSeconds(X_MR.yaw, std::atan2(way.y, way.x)) +
                                      TurnSeconds(std::atan2(way.y, way.x), end.inward_rad)
                                : TurnSeconds(X_MR.yaw, end.inward_rad);
      }
      if (pair[0].cell < 0 || pair[1].cell < 0) continue;
      ends_.push_back(pair[0]);
      ends_.push_back(pair[1]);
    }
    if (ends_.size() <= 2 * kTasksMax) return;
    std::vector<size_t> nearest;
    const auto cost = [&](size_t i) {
      return std::min(ends_[2 * i].from_robot_s, ends_[2 * i + 1].from_robot_s);
    };
    for (size_t i = 0; i < ends_.size() / 2; ++i) nearest.push_back(i);
    std::stable_sort(nearest.begin(), nearest.end(),
                     [&](size_t a, size_t b) { return cost(a) < cost(b); });
    std::vector<End> kept;
    for (size_t i = 0; i < kTasksMax; ++i) {
      kept.push_back(ends_[2 * nearest[i]]);
      kept.push_back(ends_[2 * nearest[i] + 1]);
    }
    ends_ = std::move(kept);
  }

  void FindLinks() {
    const size_t n = ends_.size();
    link_s_.assign(n * n, kUnreached_s);
    CoarseWays ways(view_);
    std::vector<int> cells;
    for (const End& end : ends_) cells.push_back(end.cell);
    for (size_t a = 0; a < n; ++a) {
      const std::vector<double> seconds = ways.Seconds(ends_[a].cell, cells);
      for (size_t b = 0; b < n; ++b) {
        if (ends_[a].task == ends_[b].task) continue;
        const Point2 way = ends_[b].at - ends_[a].at;
        const double out = ends_[a].inward_rad + kPi, in = ends_[b].inward_rad;
        const double along = std::atan2(way.y, way.x);
        const double turn_s = Norm(way) > 0.1 ? TurnSeconds(out, along) + TurnSeconds(along, in)
                                              : TurnSeconds(out, in);
        link_s_[a * n + b] = std::max(seconds[b], Norm(way) / kSpeed_m_s) + turn_s;
      }
    }
  }

  /// From the exit of the stretch entered at `before` (-1: from the robot) to the entry `entry`
  /// (-1: anywhere).
  double Link(int before, int entry) const {
    if (entry < 0) return 0;
    if (before < 0) return ends_[entry].from_robot_s;
    return link_s_[static_cast<size_t>(before ^ 1) * ends_.size() + entry];
  }
  int At(int i) const { return i < 0 || i >= static_cast<int>(order_.size()) ? -1 : order_[i]; }

  void BeginNearest() {
    std::vector<uint8_t> taken(ends_.size() / 2, 0);
    int before = -1;
    while (order_.size() < taken.size()) {
      int best = -1;
      for (int entry = 0; entry < static_cast<int>(ends_.size()); ++entry) {
        if (taken[entry / 2]) continue;
        if (best < 0 || Link(before, entry) < Link(before, best)) best = entry;
      }
      taken[best / 2] = 1;
      order_.push_back(best);
      before = best;
    }
  }

  static void ReverseWithin(std::vector<int>& order, int i, int j) {
    std::reverse(order.begin() + i, order.begin() + j + 1);
    for (int k = i; k <= j; ++k) order[k] ^= 1;
  }

  /// One pass of 2-opt: drives a piece of the order backwards where that is shorter. Links are the
  /// same both ways, so only those at the piece's ends change.
  bool Reverse() {
    bool better = false;
    const int n = static_cast<int>(order_.size());
    for (int i = 0; i < n; ++i) {
      for (int j = i; j < n; ++j) {
        const double now_s = Link(At(i - 1), At(i)) + Link(At(j), At(j + 1));
        const double then_s =
            Link(At(i - 1), At(j) ^ 1) + (j + 1 < n ? Link(At(i) ^ 1, At(j + 1)) : 0);
        if (then_s > now_s - 1e-6) continue;
        ReverseWithin(order_, i, j);
        better = true;
      }
    }
    return better;
  }

  double Seconds(const std::vector<int>& order) const {
    double seconds = 0;
    int before = -1;
    for (const int entry : order) {
      seconds += Link(before, entry);
      before = entry;
    }
    return seconds;
  }

  /// One pass of or-opt: takes up to three stretches out and puts them in elsewhere.
  bool Move() {
    bool better = false;
    double now_s = Seconds(order_);
    const int n = static_cast<int>(order_.size());
    for (int length = 1; length <= std::min(kMovedMax, n - 1); ++length) {
      for (int from = 0; from + length <= n; ++from) {
        std::vector<int> piece(order_.begin() + from, order_.begin() + from + length);
        std::vector<int> rest = order_;
        rest.erase(rest.begin() + from, rest.begin() + from + length);
        const double lacking_s = Seconds(rest);
        const auto [at, reversed, then_s] = BestPlace(rest, piece, lacking_s);
        if (then_s > now_s - 1e-6) continue;
        if (reversed) ReverseWithin(piece, 0, length - 1);
        rest.insert(rest.begin() + at, piece.begin(), piece.end());
        order_ = std::move(rest);
        now_s = then_s;
        better = true;
      }
    }
    return better;
  }

  struct Place {
    int at;
    bool reversed;
    double seconds;
  };

  Place BestPlace(const std::vector<int>& rest, const std::vector<int>& piece,
                  double rest_s) const {
    const double inside_s = Seconds(piece) - Link(-1, piece.front());
    Place best{0, false, kUnreached_s * 100};
    for (int at = 0; at <= static_cast<int>(rest.size()); ++at) {
      const int before = at > 0 ? rest[at - 1] : -1,
                after = at < static_cast<int>(rest.size()) ? rest[at] : -1;
      for (const bool reversed : {false, true}) {
        const int first = reversed ? piece.back() ^ 1 : piece.front(),
                  last = reversed ? piece.front() ^ 1 : piece.back();
        const double seconds =
            rest_s - Link(before, after) + Link(before, first) + inside_s + Link(last, after);
        if (seconds < best.seconds) best = {at, reversed, seconds};
      }
    }
    return best;
  }

  /// Leaves out the stretch that is the least worth the time that it adds, if that is too little.
  bool DropPoorest(const TourOptions& options) {
    int poorest = -1;
    double least = options.gain_m2_per_s_min;
    for (int i = 0; i < static_cast<int>(order_.size()); ++i) {
      const SweepTask& task = tasks_[ends_[order_[i]].task];
      double added_s = Link(At(i - 1), At(i));
      if (i == 0) added_s = std::min(added_s, options.way_counted_s);
      if (At(i + 1) >= 0) {
        added_s += Link(At(i), At(i + 1));
        if (i > 0) added_s -= Link(At(i - 1), At(i + 1));
      }
      const double drive_s = LengthOf(task.path) / kSpeed_m_s + options.overhead_s;
      const double gain_m2 = static_cast<double>(task.targets.size()) * HomeMap::kResolution_m *
                             HomeMap::kResolution_m;
      const double rate = gain_m2 / (std::max(added_s, 0.0) + drive_s);
      if (rate >= least) continue;
      least = rate;
      poorest = i;
    }
    if (poorest < 0) return false;
    order_.erase(order_.begin() + poorest);
    return true;
  }

  const FloorView& view_;
  const std::vector<SweepTask>& tasks_;
  std::vector<End> ends_;
  std::vector<double> link_s_;
  std::vector<int> order_;  // Entries: the end at which each stretch begins.
};

}  // namespace

int StretchEnd(const FloorView& view, Point2 p_M) {
  const int near = view.CheapestNear(p_M, kStartNear_m);
  return near >= 0 ? near : view.CheapestNear(p_M, 2 * kStartNear_m);
}

double LengthOf(const std::vector<Point2>& path) {
  double length_m = 0;
  for (size_t i = 1; i < path.size(); ++i) length_m += Distance(path[i - 1], path[i]);
  return length_m;
}

std::vector<TourStop> PlanTour(const FloorView& view, const Pose2& X_MR,
                               const std::vector<SweepTask>& tasks, const TourOptions& options) {
  return Tour(view, X_MR, tasks).Plan(options);
}

}  // namespace vacuum
