#include "robots/vacuum/firmware/navigation/distance_transform.h"

#include <cmath>

namespace vacuum {

void DistanceTransform::Offer(int x, int y, int from_x, int from_y) {
  if (from_x < 0 || from_y < 0 || from_x >= width_ || from_y >= height_) return;
  const int source = source_[static_cast<size_t>(from_y) * width_ + from_x];
  if (source < 0) return;
  const size_t to = static_cast<size_t>(y) * width_ + x;
  if (source_[to] == source) return;
  const float distance = DistanceTo(discs_[source], x, y);
  if (distance >= distance_[to]) return;
  distance_[to] = distance;
  source_[to] = source;
}

float DistanceTransform::DistanceTo(const Disc& disc, int x, int y) const {
  const float dx = disc.x - static_cast<float>(x), dy = disc.y - static_cast<float>(y);
  return std::sqrt(dx * dx + dy * dy) - disc.radius;
}

std::vector<float> DistanceTransform::Run() {
  distance_.assign(source_.size(), 1e6f);
  for (int y = 0; y < height_; ++y) {
    for (int x = 0; x < width_; ++x) {
      const size_t index = static_cast<size_t>(y) * width_ + x;
      if (source_[index] >= 0) distance_[index] = DistanceTo(discs_[source_[index]], x, y);
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
  return distance_;
}

}  // namespace vacuum
