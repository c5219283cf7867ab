// Boustrophedon lanes over the floor that is still wanted.
#include <algorithm>
#include <cmath>

#include "robots/vacuum/firmware/navigation/coverage.h"

namespace vacuum {

namespace {

constexpr double kCell_m = HomeMap::kResolution_m;
constexpr double kSpacing_m = 0.32;  // The brush is 0.34 m wide; the rest is for steering.
constexpr int kPatchCellsMin = 4;    // Smaller patches (100 cm²) are left.
constexpr int kShiftCells = 4;       // A lane may move this much aside to stay on passable floor.
constexpr int kBridgeCells = 14;     // Covered gaps in a lane shorter than this are driven through.
constexpr double kTurn_s = 3.5, kSpeed_m_s = 0.28;

/// A connected set of wanted cells, and a view of it with x and y exchanged or not: lanes always
/// run along `u`.
struct Patch {
  std::vector<int> cells;
  int min_x, max_x, min_y, max_y;
};

std::vector<Patch> FindPatches(const FloorView& view, int region) {
  const HomeMap& map = view.map();
  const int width = map.width(), height = map.height();
  std::vector<uint8_t> seen(map.cell_count(), 0);
  const auto wanted = [&](int index) {
    return view.wanted(index) && (!region || view.region(index) == region);
  };
  std::vector<Patch> patches;
  for (int seed = 0; seed < map.cell_count(); ++seed) {
    if (seen[seed] || !wanted(seed)) continue;
    Patch patch{{seed}, width, -1, height, -1};
    seen[seed] = 1;
    for (size_t i = 0; i < patch.cells.size(); ++i) {
      const int x = patch.cells[i] % width, y = patch.cells[i] / width;
      patch.min_x = std::min(patch.min_x, x);
      patch.max_x = std::max(patch.max_x, x);
      patch.min_y = std::min(patch.min_y, y);
      patch.max_y = std::max(patch.max_y, y);
      for (int dy = -1; dy <= 1; ++dy) {
        for (int dx = -1; dx <= 1; ++dx) {
          if (x + dx < 0 || y + dy < 0 || x + dx >= width || y + dy >= height) continue;
          const int next = (y + dy) * width + x + dx;
          if (seen[next] || !wanted(next)) continue;
          seen[next] = 1;
          patch.cells.push_back(next);
        }
      }
    }
    if (static_cast<int>(patch.cells.size()) >= kPatchCellsMin) patches.push_back(std::move(patch));
  }
  return patches;
}

/// Lays lanes over one patch, along x or along y.
class LaneLayer {
 public:
  LaneLayer(const FloorView& view, const Patch& patch, bool along_y)
      : view_(view), along_y_(along_y), width_(view.map().width()) {
    u0_ = along_y ? patch.min_y : patch.min_x;
    u1_ = along_y ? patch.max_y : patch.max_x;
    v0_ = along_y ? patch.min_x : patch.min_y;
    v1_ = along_y ? patch.max_x : patch.max_y;
    in_patch_.assign(static_cast<size_t>(u1_ - u0_ + 1) * (v1_ - v0_ + 1), 0);
    for (const int cell : patch.cells) {
      const int x = cell % width_, y = cell / width_;
      in_patch_[Local(along_y ? y : x, along_y ? x : y)] = 1;
    }
  }

  std::vector<SweepTask> Lay() {
    const int rows = v1_ - v0_ + 1;
    const int lanes =
        std::max(1, static_cast<int>(std::ceil((rows * kCell_m - 0.03) / kSpacing_m)));
    std::vector<SweepTask> tasks;
    for (int k = 0; k < lanes; ++k) {
      const int from = v0_ + rows * k / lanes, to = v0_ + rows * (k + 1) / lanes - 1;
      LayLane(from, to, tasks);
    }
    return tasks;
  }

 private:
  size_t Local(int u, int v) const {
    return static_cast<size_t>(v - v0_) * (u1_ - u0_ + 1) + (u - u0_);
  }
  int Cell(int u, int v) const { return along_y_ ? u * width_ + v : v * width_ + u; }
  bool Passable(int u, int v) const {
    const HomeMap& map = view_.map();
    const int u_max = along_y_ ? map.height() : map.width(),
              v_max = along_y_ ? map.width() : map.height();
    return u >= 0 && v >= 0 && u < u_max && v < v_max && view_.reachable(Cell(u, v));
  }

  void LayLane(int v_from, int v_to, std::vector<SweepTask>& tasks) {
    std::vector<uint8_t> want(u1_ - u0_ + 1, 0);
    for (int v = v_from; v <= v_to; ++v) {
      for (int u = u0_; u <= u1_; ++u) want[u - u0_] |= in_patch_[Local(u, v)];
    }
    for (int u = u0_; u <= u1_;) {
      if (!want[u - u0_]) {
        ++u;
        continue;
      }
      int last = u;
      for (int j = u; j <= u1_ && j - last <= kBridgeCells; ++j) {
        if (want[j - u0_]) last = j;
      }
      LayRun(u, last, v_from, v_to, tasks);
      u = last + 1;
    }
  }

  /// One lane from u to last: on the row where most of it is passable, cut where it isn't.
  void LayRun(int u, int last, int v_from, int v_to, std::vector<SweepTask>& tasks) {
    // Rows may be taken from the middle half way: the exact middle of an even band lies between two
    // rows.
    const double middle = (v_from + v_to) / 2.0;
    std::vector<int> row_order;
    const int middle_row = static_cast<int>(std::floor(middle));
    for (int shift = 0; shift <= kShiftCells; ++shift) {
      row_order.push_back(middle_row + shift);
      if (shift) row_order.push_back(middle_row - shift);
    }
    std::vector<uint8_t> done(last - u + 1, 0);
    for (const int row : row_order) {
      const double off =
          std::abs(row - middle) <= 0.5 ? middle - row : 0;  // In cells, across the lane.
      for (int a = u; a <= last;) {
        if (done[a - u] || !Passable(a, row)) {
          ++a;
          continue;
        }
        int b = a;
        while (b < last && !done[b + 1 - u] && Passable(b + 1, row)) ++b;
        for (int j = a; j <= b; ++j) done[j - u] = 1;
        AddTask(a, b, row, off, v_from, v_to, tasks);
        a = b + 1;
      }
    }
  }

  void AddTask(int a, int b, int row, double off, int v_from, int v_to,
               std::vector<SweepTask>& tasks) {
    SweepTask task;
    for (int v = std::max(v_from, v0_); v <= std::min(v_to, v1_); ++v) {
      for (int u = std::max(a, u0_); u <= std::min(b, u1_); ++u) {
        if (in_patch_[Local(u, v)]) task.targets.push_back(view_.map().CenterOf(Cell(u, v)));
      }
    }
    if (task.targets.size() < 2) return;
    // The body reaches ahead of its centre: the ends may be cut by a cell or so.
    if (b - a >= 7) {
      a += 2;
      b -= 2;
    }
    Point2 across = along_y_ ? Point2{off * kCell_m, 0} : Point2{0, off * kCell_m};
    if (view_.ClearanceAt(view_.map().CenterOf(Cell(a, row)) + across) < FloorView::kPassable_m ||
        view_.ClearanceAt(view_.map().CenterOf(Cell(b, row)) + across) < FloorView::kPassable_m) {
      across = {};
    }
    task.path = {view_.map().CenterOf(Cell(a, row)) + across};
    if (b > a) task.path.push_back(view_.map().CenterOf(Cell(b, row)) + across);
    tasks.push_back(std::move(task));
  }

  const FloorView& view_;
  bool along_y_;
  int width_, u0_, u1_, v0_, v1_;
  std::vector<uint8_t> in_patch_;
};

double Seconds(const std::vector<SweepTask>& tasks) {
  double seconds = 0;
  for (const SweepTask& task : tasks)
    seconds += kTurn_s + Distance(task.path.front(), task.path.back()) / kSpeed_m_s;
  return seconds;
}

}  // namespace

std::vector<SweepTask> PlanLanes(const FloorView& view, int region) {
  std::vector<SweepTask> tasks;
  for (const Patch& patch : FindPatches(view, region)) {
    std::vector<SweepTask> rows = LaneLayer(view, patch, false).Lay(),
                           columns = LaneLayer(view, patch, true).Lay();
    auto& better = Seconds(columns) < Seconds(rows) ? columns : rows;
    for (SweepTask& task : better) tasks.push_back(std::move(task));
  }
  return tasks;
}

int WantedCells(const FloorView& view, int region) {
  int count = 0;
  for (int index = 0; index < view.map().cell_count(); ++index) {
    count += view.wanted(index) && (!region || view.region(index) == region);
  }
  return count;
}

}  // namespace vacuum
