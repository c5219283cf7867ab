// Lines of equal clearance around everything solid, by marching squares over the clearance field.
#include <algorithm>
#include <array>

#include "robots/vacuum/firmware/navigation/coverage.h"

namespace vacuum {

namespace {

constexpr double kEdgeClearance_m =
    0.188;  // Centre to wall on the edge pass: 18 mm beside the body.
constexpr double kStep_m = 0.05;
constexpr double kSweep_m = 0.165;
constexpr int kGainMin =
    3;  // Wanted cells under the body for a point of the line to be worth driving.
constexpr int kSmoothPasses = 3;
constexpr double kBridge_m = 0.40;  // Gaps shorter than this are driven through.
constexpr int kPieceGainMin = 5;

/// Finds crossings of the level with the lattice of cell centres, and links them into lines.
class LevelLines {
 public:
  explicit LevelLines(const FloorView& view)
      : view_(view),
        width_(view.map().width()),
        links_(2 * size_t(view.map().cell_count()), {-1, -1}) {}

  std::vector<std::vector<Point2>> Find() {
    for (int y = 0; y + 1 < view_.map().height(); ++y) {
      for (int x = 0; x + 1 < width_; ++x) AddSquare(y * width_ + x);
    }
    std::vector<std::vector<Point2>> lines;
    std::vector<uint8_t> used(links_.size(), 0);
    for (const bool loops : {false, true}) {
      for (size_t edge = 0; edge < links_.size(); ++edge) {
        const auto& link = links_[edge];
        if (used[edge] || link[0] < 0 || (!loops && link[1] >= 0)) continue;
        lines.push_back(Walk(static_cast<int>(edge), used));
      }
    }
    return lines;
  }

 private:
  bool Above(int cell) const { return view_.clearance_m(cell) >= kEdgeClearance_m; }

  void AddSquare(int cell) {
    const int corner[4] = {cell, cell + 1, cell + 1 + width_, cell + width_};
    int above = 0;
    bool reachable = false;
    for (const int c : corner) {
      above += Above(c);
      reachable |= view_.reachable(c);
    }
    if (above == 0 || above == 4 || !reachable) return;
    // Edges of the square: bottom, right, top, left; each named by its first cell and direction.
    const int edge[4] = {2 * corner[0], 2 * corner[1] + 1, 2 * corner[3], 2 * corner[0] + 1};
    int crossed[4], count = 0;
    for (int k = 0; k < 4; ++k) {
      if (Above(corner[k]) != Above(corner[(k + 1) % 4])) crossed[count++] = edge[k];
    }
    if (count == 2) Link(crossed[0], crossed[1]);
    if (count == 4) {  // A saddle: cut off the corners that are too near, so that lines stay on
                       // passable floor.
      const bool first_above = Above(corner[0]);
      Link(crossed[0], crossed[first_above ? 1 : 3]);
      Link(crossed[2], crossed[first_above ? 3 : 1]);
    }
  }

  void Link(int a, int b) {
    (links_[a][0] < 0 ? links_[a][0] : links_[a][1]) = b;
    (links_[b][0] < 0 ? links_[b][0] : links_[b][1]) = a;
  }

  Point2 Crossing(int edge) const {
    const int a = edge / 2, b = a + (edge % 2 ? width_ : 1);
    const double va = view_.clearance_m(a), vb = view_.clearance_m(b);
    const double k = std::clamp((kEdgeClearance_m - va) / (vb - va), 0.0, 1.0);
    return view_.map().CenterOf(a) + (view_.map().CenterOf(b) - view_.map().CenterOf(a)) * k;
  }

  std::vector<Point2> Walk(int edge, std::vector<uint8_t>& used) const {
    std::vector<Point2> line;
    const int first = edge;
    int last = edge;
    while (edge >= 0 && !used[edge]) {
      used[edge] = 1;
      last = edge;
      line.push_back(Crossing(edge));
      const auto& link = links_[edge];
      edge = link[0] >= 0 && !used[link[0]] ? link[0] : link[1];
    }
    if (line.size() > 2 && (links_[first][0] == last || links_[first][1] == last))
      line.push_back(line.front());
    return line;
  }

  const FloorView& view_;
  int width_;
  std::vector<std::array<int, 2>> links_;
};

std::vector<Point2> Resampled(const std::vector<Point2>& line) {
  std::vector<Point2> out{line.front()};
  double left = kStep_m;
  for (size_t i = 1; i < line.size(); ++i) {
    Point2 at = line[i - 1];
    double length = Distance(at, line[i]);
    while (length >= left) {
      at = at + (line[i] - at) * (left / length);
      out.push_back(at);
      length -= left;
      left = kStep_m;
    }
    left -= length;
  }
  return out;
}

/// Takes the cells' jitter out of a line, since each kink would slow the robot down, and pushes
/// back what came too near.
std::vector<Point2> Smoothed(const FloorView& view, std::vector<Point2> line) {
  const size_t n = line.size();
  for (int pass = 0; pass < kSmoothPasses && n > 2; ++pass) {
    std::vector<Point2> next = line;
    for (size_t i = 1; i + 1 < n; ++i)
      next[i] = line[i - 1] * 0.25 + line[i] * 0.5 + line[i + 1] * 0.25;
    line = std::move(next);
  }
  for (Point2& p : line) {
    const double lacking = kEdgeClearance_m - view.ClearanceAt(p);
    if (lacking < 0.002) continue;
    constexpr double kH = 0.03;
    const Point2 away{view.ClearanceAt(p + Point2{kH, 0}) - view.ClearanceAt(p - Point2{kH, 0}),
                      view.ClearanceAt(p + Point2{0, kH}) - view.ClearanceAt(p - Point2{0, kH})};
    if (Norm(away) > 1e-3) p = p + away * (std::min(lacking, 0.03) / Norm(away));
  }
  return line;
}

/// Wanted cells under the body at a point, added to `targets`; only those of `region`, where it
/// isn't 0.
int GainAt(const FloorView& view, Point2 p, int region, std::vector<Point2>* targets) {
  const HomeMap& map = view.map();
  const int center = map.IndexOf(p);
  if (center < 0) return 0;
  const int cx = center % map.width(), cy = center / map.width();
  int gain = 0;
  for (int y = std::max(cy - 4, 0); y <= std::min(cy + 4, map.height() - 1); ++y) {
    for (int x = std::max(cx - 4, 0); x <= std::min(cx + 4, map.width() - 1); ++x) {
      const int index = y * map.width() + x;
      if (!view.wanted(index) || (region && view.region(index) != region)) continue;
      // Only the strip along the edge: what lies farther in is for the lanes.
      if (view.clearance_m(index) > 0.20 || Distance(map.CenterOf(index), p) > kSweep_m) continue;
      ++gain;
      if (targets) targets->push_back(map.CenterOf(index));
    }
  }
  return gain;
}

}  // namespace

std::vector<SweepTask> PlanEdges(const FloorView& view, int region) {
  std::vector<SweepTask> tasks;
  for (const auto& raw : LevelLines(view).Find()) {
    if (raw.size() < 2) continue;
    const std::vector<Point2> line = Smoothed(view, Resampled(raw));
    const bool loop = Distance(raw.front(), raw.back()) < 1e-6;
    const int n = static_cast<int>(line.size());
    std::vector<uint8_t> worth(n);
    int first_gap = -1;
    for (int i = 0; i < n; ++i) {
      worth[i] = GainAt(view, line[i], region, nullptr) >= kGainMin;
      if (!worth[i] && first_gap < 0) first_gap = i;
    }
    // A loop is opened at a gap, so that no stretch is cut in two by where the line happened to
    // begin.
    const int begin = loop && first_gap > 0 ? first_gap : 0;
    const auto at = [&](int i) { return (i + begin) % n; };
    for (int i = 0; i < n;) {
      if (!worth[at(i)]) {
        ++i;
        continue;
      }
      int last = i;
      for (int j = i; j < n && (j - last) * kStep_m <= kBridge_m; ++j) {
        if (worth[at(j)]) last = j;
      }
      SweepTask task;
      task.edge = true;
      for (int j = i; j <= last; ++j) {
        task.path.push_back(line[at(j)]);
        GainAt(view, line[at(j)], region, &task.targets);
      }
      const auto before = [](Point2 a, Point2 b) { return a.y != b.y ? a.y < b.y : a.x < b.x; };
      const auto same = [](Point2 a, Point2 b) { return a.x == b.x && a.y == b.y; };
      std::sort(task.targets.begin(), task.targets.end(), before);
      task.targets.erase(std::unique(task.targets.begin(), task.targets.end(), same),
                         task.targets.end());
      if (static_cast<int>(task.targets.size()) >= kPieceGainMin) tasks.push_back(std::move(task));
      i = last + 1;
    }
  }
  return tasks;
}

}  // namespace vacuum
