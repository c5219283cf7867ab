#include "robots/vacuum/firmware/navigation/explorer.h"

#include <algorithm>

namespace vacuum {

namespace {

constexpr int kCellsMin = 7;         // Narrower openings (0.35 m) don't let the body through.
constexpr double kLookFrom_m = 0.6;  // The robot goes this near.
constexpr double kDoneNear_m = 0.4;

bool OnFrontier(const HomeMap& map, int index) {
  if (!map.free(index)) return false;
  const int width = map.width(), x = index % width, y = index / width;
  if (x < 1 || y < 1 || x + 1 >= width || y + 1 >= map.height()) return false;
  for (const int next : {index - 1, index + 1, index - width, index + width}) {
    if (map.unknown(next)) return true;
  }
  return false;
}

}  // namespace

std::vector<Frontier> FindFrontiers(const FloorView& view, const std::vector<Point2>& done) {
  const HomeMap& map = view.map();
  const int width = map.width();
  std::vector<uint8_t> seen(map.cell_count(), 0);
  std::vector<Frontier> frontiers;
  std::vector<int> members;
  for (int seed = width; seed < map.cell_count() - width; ++seed) {
    if (seen[seed] || !OnFrontier(map, seed)) continue;
    members.assign(1, seed);
    seen[seed] = 1;
    for (size_t i = 0; i < members.size(); ++i) {
      for (int dy = -1; dy <= 1; ++dy) {
        for (int dx = -1; dx <= 1; ++dx) {
          const int next = members[i] + dy * width + dx;
          if (next < 0 || next >= map.cell_count() || seen[next] || !OnFrontier(map, next))
            continue;
          seen[next] = 1;
          members.push_back(next);
        }
      }
    }
    if (static_cast<int>(members.size()) < kCellsMin) continue;
    Frontier frontier;
    frontier.cells = static_cast<int>(members.size());
    Point2 sum;
    for (const int index : members) sum = sum + map.CenterOf(index);
    frontier.center_M = sum * (1.0 / members.size());
    for (size_t i = 0; i < members.size(); i += 3) {
      const Point2 p = map.CenterOf(members[i]);
      const bool skip = std::any_of(done.begin(), done.end(),
                                    [&](Point2 d) { return Distance(d, p) < kDoneNear_m; });
      if (skip) continue;
      const int target = view.CheapestNear(p, kLookFrom_m);
      if (target < 0 || !view.LineFree(map.CenterOf(target), p, 0.02)) continue;
      if (frontier.target < 0 || view.Cost(target) < frontier.cost_s) {
        frontier.target = target;
        frontier.cost_s = view.Cost(target);
        frontier.center_M = p;
      }
    }
    if (frontier.target >= 0) frontiers.push_back(frontier);
  }
  std::stable_sort(frontiers.begin(), frontiers.end(),
                   [](const Frontier& a, const Frontier& b) { return a.cost_s < b.cost_s; });
  return frontiers;
}

}  // namespace vacuum
