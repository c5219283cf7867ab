#include "robots/vacuum/firmware/navigation/reporter.h"

#include <algorithm>

namespace vacuum {

namespace {

constexpr double kMapPeriod_s = 10, kPathStep_m = 0.1;
constexpr int kMapReadyScans = 25;  // Five seconds of driving have drawn a room.

}  // namespace

void Reporter::DataReady(const char* category, bool& said) {
  if (said) return;
  said = true;
  if (hal_.diagnostics) hal_.diagnostics->data_ready(category);
}

void Reporter::AfterScan(bool moving) {
  const Pose2 X_MR = localization_.X_MR();
  if (hal_.diagnostics) hal_.diagnostics->pose(X_MR.x, X_MR.y, X_MR.yaw);
  DataReady("lidar_environment", said_environment_);
  if (!moving) return;
  const PathPoint at{static_cast<float>(X_MR.x), static_cast<float>(X_MR.y)};
  if (path_.empty() ||
      std::hypot(at.x_m - path_.back().x_m, at.y_m - path_.back().y_m) >= kPathStep_m)
    path_.push_back(at);
  if (path_.size() > 2) DataReady("robot_path", said_path_);
  if (localization_.scan_count() >= kMapReadyScans && localization_.map().any_free()) {
    map_ready_ = true;
    DataReady("home_map", said_map_);
  }
  if (hal_.now_s() - map_sent_s_ >= kMapPeriod_s) SendMap();
}

void Reporter::SendMap() {
  if (!hal_.diagnostics) return;
  map_sent_s_ = hal_.now_s();
  const GridMap grid = ToGridMap(localization_.map());
  if (grid.cells.empty()) return;
  std::vector<int8_t> cells(grid.cells.size());
  std::transform(grid.cells.begin(), grid.cells.end(), cells.begin(), [](uint8_t c) -> int8_t {
    return c == 255 ? -1 : c == 1 ? 100 : 0;
  });
  hal_.diagnostics->map(grid.width, grid.height, grid.resolution_m, grid.origin_x_m,
                        grid.origin_y_m, cells.data());
}

void Reporter::State(const char* word) {
  if (hal_.diagnostics) hal_.diagnostics->state(word);
  hal_.Log(DP_LOG_INFO, std::string("state: ") + word);
}

void Reporter::Forget() {
  path_.clear();
  map_ready_ = said_map_ = said_path_ = said_environment_ = false;
}

GridMap ToGridMap(const HomeMap& map) {
  int min_x = map.width(), min_y = map.height(), max_x = -1, max_y = -1;
  for (int y = 0; y < map.height(); ++y) {
    for (int x = 0; x < map.width(); ++x) {
      if (map.unknown(y * map.width() + x)) continue;
      min_x = std::min(min_x, x);
      max_x = std::max(max_x, x);
      min_y = std::min(min_y, y);
      max_y = std::max(max_y, y);
    }
  }
  GridMap grid;
  grid.resolution_m = HomeMap::kResolution_m;
  if (max_x < min_x) return grid;
  grid.width = max_x - min_x + 1;
  grid.height = max_y - min_y + 1;
  grid.origin_x_m = map.origin_x_m() + min_x * grid.resolution_m;
  grid.origin_y_m = map.origin_y_m() + min_y * grid.resolution_m;
  grid.cells.reserve(static_cast<size_t>(grid.width) * grid.height);
  for (int y = min_y; y <= max_y; ++y) {
    for (int x = min_x; x <= max_x; ++x) {
      const int index = y * map.width() + x;
      grid.cells.push_back(map.occupied(index) ? 1 : map.free(index) ? 0 : 255);
    }
  }
  return grid;
}

}  // namespace vacuum
