#include "robots/vacuum/firmware/navigation/home_map.h"

#include <algorithm>

namespace vacuum {

namespace {

constexpr int kStartCells = 160, kMarginCells = 20;
constexpr int kCellsMax = 1200;          // A side of 60 m: what lies farther is not a home.
constexpr double kRangeNoise_m = 0.012;  // The lidar's, with a little of the pose's.
constexpr double kCornerExtra_m = 0.012, kWiden_m = 0.012;
constexpr int kWidenMax = 3;
constexpr int kHitWeightMax = 24;  // The mean of hits forgets, so that a wall may be corrected.

int CellCoordinate(double m) { return static_cast<int>(std::floor(m / HomeMap::kResolution_m)); }

template <typename T>
std::vector<T> Moved(const std::vector<T>& from, int from_width, int from_height, int dx, int dy,
                     int width, int height) {
  std::vector<T> to(static_cast<size_t>(width) * height, T{});
  for (int y = 0; y < from_height; ++y) {
    std::copy_n(from.begin() + static_cast<long>(y) * from_width, from_width,
                to.begin() + static_cast<long>(y + dy) * width + dx);
  }
  return to;
}

}  // namespace

HomeMap::HomeMap() : origin_x_(0), origin_y_(0) {
  Resize(-kStartCells / 2, -kStartCells / 2, kStartCells / 2, kStartCells / 2);
}

void HomeMap::Resize(int min_x, int min_y, int max_x, int max_y) {
  const int width = max_x - min_x, height = max_y - min_y;
  const int dx = width_ ? origin_x_ - min_x : 0, dy = width_ ? origin_y_ - min_y : 0;
  odds_ = Moved(odds_, width_, height_, dx, dy, width, height);
  hit_x_ = Moved(hit_x_, width_, height_, dx, dy, width, height);
  hit_y_ = Moved(hit_y_, width_, height_, dx, dy, width, height);
  hit_xx_ = Moved(hit_xx_, width_, height_, dx, dy, width, height);
  hit_xy_ = Moved(hit_xy_, width_, height_, dx, dy, width, height);
  hit_yy_ = Moved(hit_yy_, width_, height_, dx, dy, width, height);
  hit_weight_ = Moved(hit_weight_, width_, height_, dx, dy, width, height);
  touched_ = Moved(touched_, width_, height_, dx, dy, width, height);
  covered_ = Moved(covered_, width_, height_, dx, dy, width, height);
  given_up_ = Moved(given_up_, width_, height_, dx, dy, width, height);
  widened_ = Moved(widened_, width_, height_, dx, dy, width, height);
  stamp_ = Moved(stamp_, width_, height_, dx, dy, width, height);
  origin_x_ = min_x;
  origin_y_ = min_y;
  width_ = width;
  height_ = height;
}

void HomeMap::Include(Point2 p_M) {
  const int x = CellCoordinate(p_M.x), y = CellCoordinate(p_M.y);
  int min_x = origin_x_, min_y = origin_y_, max_x = origin_x_ + width_, max_y = origin_y_ + height_;
  if (x < min_x + 2) min_x = x - kMarginCells;
  if (y < min_y + 2) min_y = y - kMarginCells;
  if (x >= max_x - 2) max_x = x + kMarginCells;
  if (y >= max_y - 2) max_y = y + kMarginCells;
  const bool same = min_x == origin_x_ && min_y == origin_y_ && max_x == origin_x_ + width_ &&
                    max_y == origin_y_ + height_;
  if (same || max_x - min_x > kCellsMax || max_y - min_y > kCellsMax) return;
  Resize(min_x, min_y, max_x, max_y);
}

int HomeMap::IndexOf(Point2 p_M) const {
  const int x = CellCoordinate(p_M.x) - origin_x_, y = CellCoordinate(p_M.y) - origin_y_;
  if (x < 0 || y < 0 || x >= width_ || y >= height_) return -1;
  return y * width_ + x;
}

Point2 HomeMap::CenterOf(int index) const {
  return {(origin_x_ + index % width_ + 0.5) * kResolution_m,
          (origin_y_ + index / width_ + 0.5) * kResolution_m};
}

Point2 HomeMap::ObstacleIn(int index) const {
  if (!hit_weight_[index]) return CenterOf(index);
  return {hit_x_[index], hit_y_[index]};
}

double HomeMap::ObstacleRadius_m(int index) const {
  if (hit_weight_[index] < 6) return 0;
  const double extra = (IsCorner(index) ? kCornerExtra_m : 0) + widened_[index] * kWiden_m;
  // The smaller eigenvalue of the hits' covariance, less the lidar's own noise.
  const double half_trace = (hit_xx_[index] + hit_yy_[index]) / 2,
               half_gap = (hit_xx_[index] - hit_yy_[index]) / 2;
  const double minor =
      half_trace - std::sqrt(half_gap * half_gap + double(hit_xy_[index]) * hit_xy_[index]);
  return std::min(1.3 * std::sqrt(std::max(0.0, minor - kRangeNoise_m * kRangeNoise_m)),
                  kResolution_m * 0.7) +
         extra;
}

bool HomeMap::IsCorner(int index) const {
  const int x = index % width_, y = index / width_;
  if (x < 1 || y < 1 || x + 1 >= width_ || y + 1 >= height_) return false;
  // A wall goes on to both sides: two occupied neighbours at least 135° apart on the ring.
  const int ring[8] = {index + 1, index + width_ + 1, index + width_, index + width_ - 1,
                       index - 1, index - width_ - 1, index - width_, index - width_ + 1};
  for (int a = 0; a < 8; ++a) {
    if (!lidar_occupied(ring[a])) continue;
    for (int apart = 3; apart <= 5; ++apart) {
      if (lidar_occupied(ring[(a + apart) % 8])) return false;
    }
  }
  return true;
}

void HomeMap::Widen(int index) {
  widened_[index] = static_cast<uint8_t>(std::min(widened_[index] + 1, kWidenMax));
}

void HomeMap::AddHit(int index, Point2 hit) {
  const float weight = 1.0f / hit_weight_[index];
  if (hit_weight_[index] == 1) {
    hit_x_[index] = static_cast<float>(hit.x);
    hit_y_[index] = static_cast<float>(hit.y);
    hit_xx_[index] = hit_xy_[index] = hit_yy_[index] = 0;
    return;
  }
  const auto dx = static_cast<float>(hit.x - hit_x_[index]),
             dy = static_cast<float>(hit.y - hit_y_[index]);
  hit_x_[index] += dx * weight;
  hit_y_[index] += dy * weight;
  hit_xx_[index] += (dx * dx - hit_xx_[index]) * weight;
  hit_xy_[index] += (dx * dy - hit_xy_[index]) * weight;
  hit_yy_[index] += (dy * dy - hit_yy_[index]) * weight;
}

void HomeMap::AddScan(const Pose2& X_MR, const Scan& scan) {
  ++scan_number_;
  std::vector<Point2> hits_M(scan.hits_R.size());
  for (size_t i = 0; i < hits_M.size(); ++i) {
    hits_M[i] = X_MR * scan.hits_R[i];
    Include(hits_M[i]);
  }
  // Hits first: a beam that grazes a wall must not wear away what another beam of the turn has just
  // seen.
  for (const Point2& hit : hits_M) {
    const int index = IndexOf(hit);
    if (index < 0) continue;
    if (stamp_[index] != scan_number_) {
      stamp_[index] = scan_number_;
      odds_[index] = static_cast<int8_t>(std::min(odds_[index] + kHit, kOddsMax));
    }
    hit_weight_[index] = static_cast<uint8_t>(std::min<int>(hit_weight_[index] + 1, kHitWeightMax));
    AddHit(index, hit);
  }
  for (size_t i = 0; i < hits_M.size(); ++i) Carve(X_MR * scan.origins_R[i], hits_M[i]);
}

void HomeMap::Carve(Point2 from_M, Point2 to_M) {
  // Walks the cells that the beam crosses (Amanatides and Woo), up to the last before the hit.
  const double length = Distance(from_M, to_M);
  if (length < kResolution_m) return;
  const Point2 d = (to_M - from_M) * (1 / length);
  int x = CellCoordinate(from_M.x), y = CellCoordinate(from_M.y);
  const int end_x = CellCoordinate(to_M.x), end_y = CellCoordinate(to_M.y);
  const int step_x = d.x > 0 ? 1 : -1, step_y = d.y > 0 ? 1 : -1;
  const double never = 1e9;
  const double delta_x = d.x != 0 ? kResolution_m / std::abs(d.x) : never;
  const double delta_y = d.y != 0 ? kResolution_m / std::abs(d.y) : never;
  double next_x = d.x != 0 ? ((x + (step_x > 0)) * kResolution_m - from_M.x) / d.x : never;
  double next_y = d.y != 0 ? ((y + (step_y > 0)) * kResolution_m - from_M.y) / d.y : never;
  while (x != end_x || y != end_y) {
    const int cell_x = x - origin_x_, cell_y = y - origin_y_;
    if (cell_x < 0 || cell_y < 0 || cell_x >= width_ || cell_y >= height_) return;
    const int index = cell_y * width_ + cell_x;
    if (stamp_[index] != scan_number_) {
      stamp_[index] = scan_number_;
      odds_[index] = static_cast<int8_t>(std::max(odds_[index] + kMiss, kOddsMin));
      if (odds_[index] <= 0) hit_weight_[index] = 0;
      any_free_ = true;
    }
    if (std::min(next_x, next_y) > length) return;
    if (next_x < next_y) {
      x += step_x;
      next_x += delta_x;
    } else {
      y += step_y;
      next_y += delta_y;
    }
  }
}

void HomeMap::MarkTouched(Point2 p_M) {
  Include(p_M);
  const int index = IndexOf(p_M);
  if (index >= 0) touched_[index] = 1;
}

void HomeMap::ForgetWidths() { std::fill(widened_.begin(), widened_.end(), 0); }

void HomeMap::ForgetTouches() { std::fill(touched_.begin(), touched_.end(), 0); }

void HomeMap::MarkCovered(Point2 p_M, double radius_m) {
  Include(p_M);
  const int x0 = CellCoordinate(p_M.x - radius_m) - origin_x_,
            x1 = CellCoordinate(p_M.x + radius_m) - origin_x_;
  const int y0 = CellCoordinate(p_M.y - radius_m) - origin_y_,
            y1 = CellCoordinate(p_M.y + radius_m) - origin_y_;
  for (int y = std::max(y0, 0); y <= std::min(y1, height_ - 1); ++y) {
    for (int x = std::max(x0, 0); x <= std::min(x1, width_ - 1); ++x) {
      const int index = y * width_ + x;
      const double d = Distance(CenterOf(index), p_M);
      if (d > radius_m) continue;
      if (!covered_[index]) ++covered_count_;
      covered_[index] = 1;
      // The body stands here, so nothing else does: a touch was marked a little off.
      if (d < radius_m - 0.03) touched_[index] = 0;
    }
  }
}

void HomeMap::ClearCovered() {
  std::fill(covered_.begin(), covered_.end(), 0);
  std::fill(given_up_.begin(), given_up_.end(), 0);
  covered_count_ = 0;
}

void HomeMap::Restore(int width, int height, double origin_x_m, double origin_y_m,
                      const std::vector<uint8_t>& cells) {
  *this = HomeMap();
  const int min_x = static_cast<int>(std::lround(origin_x_m / kResolution_m));
  const int min_y = static_cast<int>(std::lround(origin_y_m / kResolution_m));
  Resize(std::min(min_x, origin_x_), std::min(min_y, origin_y_),
         std::max(min_x + width, origin_x_ + width_),
         std::max(min_y + height, origin_y_ + height_));
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const uint8_t cell = cells[static_cast<size_t>(y) * width + x];
      const int index = (y + min_y - origin_y_) * width_ + x + min_x - origin_x_;
      odds_[index] = cell == 1 ? kOddsMax / 2 : cell == 0 ? kOddsMin / 2 : 0;
      any_free_ |= cell == 0;
    }
  }
}

}  // namespace vacuum
