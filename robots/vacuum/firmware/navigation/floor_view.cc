#include "robots/vacuum/firmware/navigation/floor_view.h"

#include <algorithm>
#include <cmath>
#include <queue>
#include <utility>

#include "robots/vacuum/firmware/navigation/distance_transform.h"

namespace vacuum {

namespace {

constexpr double kCell_m = HomeMap::kResolution_m;
constexpr double kSweep_m =
    0.165;  // Floor this near to the robot's centre counts as swept from there.
constexpr double kRoomCore_m = 0.47;  // Wider than a door (0.8 m) by this much: the core of a room.
constexpr int kCoreCellsMin = 120;    // A smaller core (0.3 m²) is a nook of its neighbour.
constexpr double kComfort_m = 0.26;   // Ways nearer to obstacles than this cost more.
constexpr int kNeighbours[8][3] = {{1, 0, 10}, {-1, 0, 10}, {0, 1, 10},  {0, -1, 10},
                                   {1, 1, 14}, {-1, 1, 14}, {1, -1, 14}, {-1, -1, 14}};

}  // namespace

FloorView::FloorView(const HomeMap& map, Point2 robot_M, double passable_m)
    : map_(&map),
      robot_M_(robot_M),
      passable_m_(passable_m),
      width_(map.width()),
      height_(map.height()) {
  min_x_ = width_;
  min_y_ = height_;
  max_x_ = max_y_ = -1;
  for (int y = 0; y < height_; ++y) {
    for (int x = 0; x < width_; ++x) {
      if (map.unknown(y * width_ + x)) continue;
      min_x_ = std::min(min_x_, x);
      max_x_ = std::max(max_x_, x);
      min_y_ = std::min(min_y_, y);
      max_y_ = std::max(max_y_, y);
    }
  }
  FindClearance();
  FindCosts();
  FindCoverable();
  FindRegions();
}

void FloorView::FindClearance() {
  clearance_.assign(map_->cell_count(), 0);
  if (max_x_ < min_x_) return;
  const int box_width = max_x_ - min_x_ + 1, box_height = max_y_ - min_y_ + 1;
  DistanceTransform transform(box_width, box_height);
  for (int y = 0; y < box_height; ++y) {
    for (int x = 0; x < box_width; ++x) {
      const int index = (y + min_y_) * width_ + x + min_x_;
      if (map_->free(index)) continue;
      Point2 at{double(x), double(y)};
      double radius = 0;
      if (map_->occupied(index)) {
        radius = map_->ObstacleRadius_m(index) / kCell_m;
        const Point2 off = map_->ObstacleIn(index) - map_->CenterOf(index);
        at = at + off * (1 / kCell_m);
      }
      transform.AddSource(x, y, at, radius);
    }
  }
  const std::vector<float> distances = transform.Run();
  for (int y = 0; y < box_height; ++y) {
    for (int x = 0; x < box_width; ++x) {
      const size_t from = static_cast<size_t>(y) * box_width + x;
      const int to_border =
          std::min(std::min(x, box_width - 1 - x), std::min(y, box_height - 1 - y)) + 1;
      clearance_[(y + min_y_) * width_ + x + min_x_] =
          static_cast<float>(std::min(distances[from], static_cast<float>(to_border)) * kCell_m);
    }
  }
}

double FloorView::ClearanceAt(Point2 p_M) const {
  const double fx = p_M.x / kCell_m - map_->origin_x_m() / kCell_m - 0.5,
               fy = p_M.y / kCell_m - map_->origin_y_m() / kCell_m - 0.5;
  const int x = static_cast<int>(std::floor(fx)), y = static_cast<int>(std::floor(fy));
  if (x < 0 || y < 0 || x + 1 >= width_ || y + 1 >= height_) return 0;
  const double kx = fx - x, ky = fy - y;
  const int i = y * width_ + x;
  return (1 - ky) * ((1 - kx) * clearance_[i] + kx * clearance_[i + 1]) +
         ky * ((1 - kx) * clearance_[i + width_] + kx * clearance_[i + width_ + 1]);
}

void FloorView::FindCosts() {
  cost_.assign(map_->cell_count(), kUnreached);
  parent_.assign(map_->cell_count(), -1);
  using Entry = std::pair<uint32_t, int>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<Entry>> open;
  // The robot may stand nearer to a wall than it plans to: begin from the passable cells around it,
  // the nearest ring first.
  const int start = map_->IndexOf(robot_M_);
  if (start < 0) return;
  const int sx = start % width_, sy = start / width_;
  for (int radius = 0; radius <= 7 && open.empty(); ++radius) {
    for (int y = std::max(sy - radius, 0); y <= std::min(sy + radius, height_ - 1); ++y) {
      for (int x = std::max(sx - radius, 0); x <= std::min(sx + radius, width_ - 1); ++x) {
        const int index = y * width_ + x;
        if (clearance_[index] < passable_m_) continue;
        const auto cost =
            static_cast<uint32_t>(Distance(map_->CenterOf(index), robot_M_) / kCell_m * 12);
        if (cost >= cost_[index]) continue;
        cost_[index] = cost;
        open.push({cost, index});
      }
    }
  }
  while (!open.empty()) {
    const auto [cost, index] = open.top();
    open.pop();
    if (cost != cost_[index]) continue;
    reached_.push_back(index);
    const int x = index % width_, y = index / width_;
    for (const auto& n : kNeighbours) {
      const int nx = x + n[0], ny = y + n[1];
      if (nx < min_x_ || ny < min_y_ || nx > max_x_ || ny > max_y_) continue;
      const int next = ny * width_ + nx;
      if (clearance_[next] < passable_m_) continue;
      uint32_t step = n[2];
      if (clearance_[next] < kComfort_m)
        step += step * static_cast<uint32_t>((kComfort_m - clearance_[next]) * 100) / 10;
      if (cost + step >= cost_[next]) continue;
      cost_[next] = cost + step;
      parent_[next] = index;
      open.push({cost + step, next});
    }
  }
}

void FloorView::FindCoverable() {
  coverable_.assign(map_->cell_count(), 0);
  if (max_x_ < min_x_) return;
  const int box_width = max_x_ - min_x_ + 1, box_height = max_y_ - min_y_ + 1;
  DistanceTransform transform(box_width, box_height);
  for (const int index : reached_) {
    const int x = index % width_ - min_x_, y = index / width_ - min_y_;
    transform.AddSource(x, y, {double(x), double(y)});
  }
  const std::vector<float> distances = transform.Run();
  for (int y = 0; y < box_height; ++y) {
    for (int x = 0; x < box_width; ++x) {
      const int index = (y + min_y_) * width_ + x + min_x_;
      if (distances[static_cast<size_t>(y) * box_width + x] * kCell_m > kSweep_m ||
          !map_->free(index))
        continue;
      coverable_[index] = 1;
      ++coverable_count_;
    }
  }
}

void FloorView::FindRegions() {
  region_.assign(map_->cell_count(), 0);
  // Cores: reachable cells with more room around them than a door has.
  std::vector<int> all, members;
  for (int y = min_y_; y <= max_y_; ++y) {
    for (int x = min_x_; x <= max_x_; ++x) {
      const int seed = y * width_ + x;
      if (region_[seed] || !reachable(seed) || clearance_[seed] < kRoomCore_m) continue;
      const auto label = static_cast<uint16_t>(region_count_ + 1);
      members.assign(1, seed);
      region_[seed] = label;
      for (size_t i = 0; i < members.size(); ++i) {
        for (const auto& n : kNeighbours) {
          const int next = members[i] + n[1] * width_ + n[0];
          if (region_[next] || !reachable(next) || clearance_[next] < kRoomCore_m) continue;
          region_[next] = label;
          members.push_back(next);
        }
      }
      if (static_cast<int>(members.size()) < kCoreCellsMin) {
        for (const int index : members) region_[index] = 0xFFFF;  // Looked at, and not a core.
        continue;
      }
      ++region_count_;
      all.insert(all.end(), members.begin(), members.end());
    }
  }
  for (auto& label : region_) label = label == 0xFFFF ? 0 : label;
  if (all.empty() && !reached_.empty()) {
    region_count_ = 1;
    region_[reached_.front()] = 1;
    all.push_back(reached_.front());
  }
  // Grow the cores at one speed over all that can be swept.
  for (size_t i = 0; i < all.size(); ++i) {
    const int x = all[i] % width_, y = all[i] / width_;
    for (int k = 0; k < 4; ++k) {
      const int nx = x + kNeighbours[k][0], ny = y + kNeighbours[k][1];
      if (nx < min_x_ || ny < min_y_ || nx > max_x_ || ny > max_y_) continue;
      const int next = ny * width_ + nx;
      if (region_[next] || !(coverable_[next] || reachable(next))) continue;
      region_[next] = region_[all[i]];
      all.push_back(next);
    }
  }
}

int FloorView::CheapestNear(Point2 p_M, double radius_m) const {
  const int center = map_->IndexOf(p_M);
  if (center < 0) return -1;
  const int cx = center % width_, cy = center / width_,
            r = static_cast<int>(radius_m / kCell_m) + 1;
  int best = -1;
  for (int y = std::max(cy - r, 0); y <= std::min(cy + r, height_ - 1); ++y) {
    for (int x = std::max(cx - r, 0); x <= std::min(cx + r, width_ - 1); ++x) {
      const int index = y * width_ + x;
      if (!reachable(index) || Distance(map_->CenterOf(index), p_M) > radius_m) continue;
      if (best < 0 || cost_[index] < cost_[best]) best = index;
    }
  }
  return best;
}

bool FloorView::LineFree(Point2 a_M, Point2 b_M, double clearance_m) const {
  const double length = Distance(a_M, b_M);
  const int steps = static_cast<int>(length / 0.03) + 1;
  for (int i = 0; i <= steps; ++i) {
    if (ClearanceAt(a_M + (b_M - a_M) * (double(i) / steps)) < clearance_m) return false;
  }
  return true;
}

std::vector<Point2> FloorView::PathTo(int index) const {
  std::vector<Point2> cells;
  for (int at = index; at >= 0; at = parent_[at]) cells.push_back(map_->CenterOf(at));
  cells.push_back(robot_M_);
  std::reverse(cells.begin(), cells.end());
  // Pull the string: from each kept point to the farthest one that is in straight free sight,
  // keeping the comfort that the cells between have.
  std::vector<Point2> path{cells.front()};
  for (size_t i = 0; i + 1 < cells.size();) {
    size_t next = i + 1;
    double least = 1;
    for (size_t j = i + 1; j < cells.size() && j < i + 200; ++j) {
      least = std::min(least, ClearanceAt(cells[j]));
      if (j > i + 1 && LineFree(cells[i], cells[j], std::min(least, kComfort_m) - 0.004)) next = j;
    }
    path.push_back(cells[next]);
    i = next;
  }
  return path;
}

}  // namespace vacuum
