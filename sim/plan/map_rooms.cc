#include "sim/plan/map_rooms.h"

#include <algorithm>
#include <cmath>
#include <deque>
#include <map>
#include <string>
#include <tuple>

#include "sim/plan/map_grid.h"

namespace dustproof {
namespace {

constexpr double kObstacle_m_max = 0.4;
constexpr double kCore_m = 0.5;
constexpr double kRoom_m2_min = 2;
constexpr double kOpenBorder_m_max = 1.4;
constexpr size_t kRoomsMax = 60;
constexpr size_t kCoresMax = 2000;

// The floor with small obstacles filled in.
Grid WithoutSmallObstacles(const Grid& floor) {
  int32_t count = 0;
  const std::vector<int32_t> labels =
      LabelComponents(floor, 0, Neighbours::kEdgesAndCorners, &count);
  std::vector<Bounds> bounds(static_cast<size_t>(count) + 1);
  for (int y = 0; y < floor.height; ++y) {
    for (int x = 0; x < floor.width; ++x) {
      const int32_t label = labels[floor.Index(x, y)];
      if (label > 0) bounds[static_cast<size_t>(label)].Add(Vec2(x, y));
    }
  }
  Grid filled = floor;
  const double cells_max = kObstacle_m_max / floor.resolution_m;
  for (size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] == 0) continue;
    const Bounds& box = bounds[static_cast<size_t>(labels[i])];
    const bool at_rim = box.min.x() == 0 || box.min.y() == 0 || box.max.x() == floor.width - 1 ||
                        box.max.y() == floor.height - 1;
    if (!at_rim && (box.max - box.min).maxCoeff() + 1 <= cells_max) filled.cells[i] = 1;
  }
  return filled;
}

// Labels every cell of `floor` with its room, from 1 on; empty where nothing is wide enough for a
// core.
class Grower {
 public:
  explicit Grower(const Grid& floor) : floor_(floor) {
    Grid walls = floor;
    for (uint8_t& cell : walls.cells) cell = cell == 0 ? 1 : 0;
    squared_ = SquaredDistances(walls);
  }

  std::vector<int32_t> Run() {
    const double core_cells = kCore_m / floor_.resolution_m;
    Grid cores = floor_;
    for (size_t i = 0; i < cores.cells.size(); ++i)
      cores.cells[i] = squared_[i] >= core_cells * core_cells ? 1 : 0;
    int32_t count = 0;
    labels_ = LabelComponents(cores, 1, Neighbours::kEdgesAndCorners, &count);
    if (count == 0) return {};
    open_.resize(static_cast<size_t>(core_cells * core_cells) + 2);
    for (int y = 0; y < floor_.height; ++y) {
      for (int x = 0; x < floor_.width; ++x) {
        if (labels_[floor_.Index(x, y)] != 0) PushNeighbours(x, y);
      }
    }
    // The widest place first, then the earliest: one queue for each squared distance from a wall.
    for (size_t width = open_.size(); width-- > 0;) {
      while (!open_[width].empty()) {
        const Step step = open_[width].front();
        open_[width].pop_front();
        int32_t& label = labels_[floor_.Index(step.x, step.y)];
        if (label != 0) continue;
        label = step.label;
        width = std::max(width, PushNeighbours(step.x, step.y));
      }
    }
    return labels_;
  }

 private:
  struct Step {
    int x, y;
    int32_t label;
  };
  // Returns the widest queue that got something, or 0.
  size_t PushNeighbours(int x, int y) {
    size_t widest = 0;
    for (const auto& [dx, dy] : {std::pair{1, 0}, {-1, 0}, {0, 1}, {0, -1}}) {
      const int nx = x + dx, ny = y + dy;
      if (!floor_.Has(nx, ny) || floor_.At(nx, ny) == 0 || labels_[floor_.Index(nx, ny)] != 0)
        continue;
      const size_t width =
          std::min(open_.size() - 1, static_cast<size_t>(squared_[floor_.Index(nx, ny)]));
      open_[width].push_back({nx, ny, labels_[floor_.Index(x, y)]});
      widest = std::max(widest, width);
    }
    return widest;
  }

  const Grid& floor_;
  std::vector<int32_t> squared_;
  std::vector<int32_t> labels_;
  std::vector<std::deque<Step>> open_;
};

struct Shares {
  std::map<int32_t, int64_t> cells;                             // Of each label.
  std::map<std::pair<int32_t, int32_t>, int64_t> border_edges;  // Between labels, both ways.
};

Shares Measure(const Grid& floor, const std::vector<int32_t>& labels) {
  Shares shares;
  std::vector<int64_t> cells(1, 0);
  for (int y = 0; y < floor.height; ++y) {
    for (int x = 0; x < floor.width; ++x) {
      const int32_t a = labels[floor.Index(x, y)];
      if (a == 0) continue;
      if (static_cast<size_t>(a) >= cells.size()) cells.resize(static_cast<size_t>(a) + 1, 0);
      ++cells[static_cast<size_t>(a)];
      for (const auto& [dx, dy] : {std::pair{1, 0}, {0, 1}}) {
        if (!floor.Has(x + dx, y + dy)) continue;
        const int32_t b = labels[floor.Index(x + dx, y + dy)];
        if (b == 0 || a == b) continue;
        ++shares.border_edges[{a, b}];
        ++shares.border_edges[{b, a}];
      }
    }
  }
  for (size_t label = 1; label < cells.size(); ++label) {
    if (cells[label] > 0) shares.cells[static_cast<int32_t>(label)] = cells[label];
  }
  return shares;
}

void Relabel(int32_t from, int32_t to, std::vector<int32_t>* labels) {
  std::replace(labels->begin(), labels->end(), from, to);
}

// Adds what `from` has to `to` and forgets `from`.
void Join(int32_t from, int32_t to, Shares* shares) {
  shares->cells[to] += shares->cells[from];
  shares->cells.erase(from);
  std::vector<std::pair<int32_t, int64_t>> borders;
  for (auto it = shares->border_edges.lower_bound({from, 0});
       it != shares->border_edges.end() && it->first.first == from;
       it = shares->border_edges.erase(it)) {
    borders.push_back({it->first.second, it->second});
  }
  for (const auto& [other, edges] : borders) {
    shares->border_edges.erase({other, from});
    if (other == to) continue;
    shares->border_edges[{to, other}] += edges;
    shares->border_edges[{other, to}] += edges;
  }
}

// The next pair to join, as (from, to), or (0, 0).
std::pair<int32_t, int32_t> NextJoin(const Shares& shares, double resolution_m) {
  for (const auto& [pair, edges] : shares.border_edges) {
    if (static_cast<double>(edges) * resolution_m > kOpenBorder_m_max)
      return {pair.second, pair.first};
  }
  for (const auto& [label, cells] : shares.cells) {
    if (static_cast<double>(cells) * resolution_m * resolution_m >= kRoom_m2_min) continue;
    std::pair<int32_t, int32_t> best{0, 0};
    int64_t best_edges = 0;
    for (const auto& [pair, edges] : shares.border_edges) {
      if (pair.first == label && edges > best_edges)
        std::tie(best, best_edges) = std::tuple(std::pair{label, pair.second}, edges);
    }
    if (best_edges > 0) return best;
  }
  return {0, 0};
}

Polygon OutlineOf(const Grid& floor, const std::vector<int32_t>& labels, int32_t label) {
  Grid cells = floor;
  int first_x = -1, first_y = -1;
  for (int y = 0; y < floor.height; ++y) {
    for (int x = 0; x < floor.width; ++x) {
      const bool inside = labels[floor.Index(x, y)] == label;
      cells.At(x, y) = inside ? 1 : 0;
      if (inside && first_x < 0) std::tie(first_x, first_y) = std::tie(x, y);
    }
  }
  Polygon polygon;
  for (const Vec2& corner : TraceOutline(cells, first_x, first_y))
    polygon.push_back(floor.X_WG * (corner * floor.resolution_m));
  return polygon;
}

// A label that lies within `polygon` beside `own`, or 0.
int32_t Enclosed(const Grid& floor, const std::vector<int32_t>& labels, const Polygon& polygon,
                 int32_t own) {
  int32_t found = 0;
  ForEachCellInside(polygon, floor, [&](int x, int y) {
    const int32_t label = labels[floor.Index(x, y)];
    if (label != 0 && label != own) found = label;
  });
  return found;
}

}  // namespace

std::vector<Room> DivideIntoRooms(const Grid& floor) {
  const Grid filled = WithoutSmallObstacles(floor);
  std::vector<int32_t> labels = Grower(filled).Run();
  std::map<int32_t, int64_t> cells;
  if (!labels.empty()) {
    Shares shares = Measure(filled, labels);
    std::map<int32_t, int32_t> joined;  // Into what.
    if (shares.cells.size() <= kCoresMax) {
      for (auto [from, to] = NextJoin(shares, floor.resolution_m); from != 0;
           std::tie(from, to) = NextJoin(shares, floor.resolution_m)) {
        Join(from, to, &shares);
        joined[from] = to;
      }
    }
    for (int32_t& label : labels) {
      for (auto it = joined.find(label); it != joined.end(); it = joined.find(label))
        label = it->second;
    }
    cells = shares.cells;
  }
  if (cells.empty() || cells.size() > kRoomsMax) {
    labels.assign(filled.cells.begin(), filled.cells.end());
    cells = Measure(filled, labels).cells;
  }
  std::map<int32_t, Polygon> outlines;
  for (auto it = cells.begin(); it != cells.end();) {
    const Polygon outline = OutlineOf(filled, labels, it->first);
    const int32_t inner = Enclosed(filled, labels, outline, it->first);
    if (inner != 0) {
      Relabel(inner, it->first, &labels);
      it->second += cells[inner];
      cells.erase(inner);
      outlines.erase(inner);
      continue;  // Once more, with the grown room.
    }
    outlines[it->first] = outline;
    ++it;
  }
  std::vector<std::pair<int64_t, int32_t>> order;
  for (const auto& [label, count] : cells) order.push_back({-count, label});
  std::sort(order.begin(), order.end());
  std::vector<Room> rooms;
  for (const auto& [count, label] : order) {
    rooms.push_back(
        {"room " + std::to_string(rooms.size() + 1), outlines[label], FloorMaterial::kHard});
  }
  return rooms;
}

}  // namespace dustproof
