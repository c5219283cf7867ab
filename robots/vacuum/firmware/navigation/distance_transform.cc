#include "robots/vacuum/firmware/navigation/distance_transform.h"

#include <cmath>

namespace vacuum {

void DistanceTransform::Offer(int x, int y, int from_x, int from_y) {
  if (from_x < 0 || from_y < 0 || from_x >= width_ || from_y >= height_) return;
  const int source = source_[static_cast<size_t>(from_y) * width_ + from_x];
  if (source < 0) return;
  const size_t to = static_cast<size_t>(y) * width_ + x;
  if (source_[to] == source) return;
  const float dx = static_cast<float>(points_[source].x - x), dy = static_cast<float>(points_[source].y - y);
  const float squared = dx * dx + dy * dy;
  if (squared >= squared_[to]) return;
  squared_[to] = squared;
  source_[to] = source;
}

std::vector<float> DistanceTransform::Run() {
  squared_.assign(source_.size(), 1e12f);
  for (int y = 0; y < height_; ++y) {
    for (int x = 0; x < width_; ++x) {
      const size_t index = static_cast<size_t>(y) * width_ + x;
      const int source = source_[index];
      if (source < 0) continue;
      const float dx = static_cast<float>(points_[source].x - x), dy = static_cast<float>(points_[source].y - y);
      squared_[index] = dx * dx + dy * dy;
    }
  }
  for (int y = 0; y < height_; ++y) {
    for (int x = 0; x < width_; ++x) {
      Offer(x, y, x - 1, y);
      Offer(x, y, x - 1, y - 1);
      Offer(x, y, x, y - 1);
      Offer(x, y, x + 1, y - 1);
    }
    for (int x = width_ - 1; x >= 0; --x) Offer(x, y, x + 1, y);
  }
  for (int y = height_ - 1; y >= 0; --y) {
    for (int x = width_ - 1; x >= 0; --x) {
      Offer(x, y, x + 1, y);
      Offer(x, y, x + 1, y + 1);
      Offer(x, y, x, y + 1);
      Offer(x, y, x - 1, y + 1);
    }
    for (int x = 0; x < width_; ++x) Offer(x, y, x - 1, y);
  }
  std::vector<float> distances(squared_.size());
  for (size_t i = 0; i < squared_.size(); ++i) distances[i] = std::sqrt(squared_[i]);
  return distances;
}

}  // namespace vacuum
