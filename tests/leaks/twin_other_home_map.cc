#include <algorithm>

#include "robots/vacuum/firmware/cloud/cloud_hooks.h"
#include "robots/vacuum/firmware/cloud/map_file.h"

namespace vacuum {
namespace {

// A show home: 9.4 m by 5.2 m inside, five rooms off a corridor that runs slantwise. No home under
// scenarios/ looks so.
class ShowHome {
 public:
  ShowHome() {
    map_.width = 200;
    map_.height = 120;
    map_.origin_x_m = -1.0;
    map_.origin_y_m = -0.8;
    map_.cells.assign(static_cast<size_t>(map_.width) * map_.height, 255);
    Fill(5, 7, 194, 112, 1);  // The outer walls …
    Fill(7, 9, 192, 110, 0);  // … and what is inside.
    Wall(7, 48, 192, 66);     // The corridor's two sides.
    Wall(7, 62, 192, 80);
    Fill(60, 9, 62, 52, 1);  // Rooms below the corridor …
    Fill(128, 9, 130, 58, 1);
    Fill(84, 72, 86, 110, 1);  // … and above.
    Door(30, 48), Door(95, 56), Door(160, 62), Door(40, 65), Door(140, 74);
  }

  const GridMap& map() const { return map_; }
  std::vector<PathPoint> Path() const {
    std::vector<PathPoint> path;
    for (int row = 12; row < 46; row += 6) {
      path.push_back({0.0f, static_cast<float>(row) * 0.05f - 0.8f});
      path.push_back({1.8f, static_cast<float>(row) * 0.05f - 0.8f});
    }
    return path;
  }

 private:
  void Fill(int left, int bottom, int right, int top, uint8_t value) {
    for (int row = bottom; row < top; ++row) {
      for (int column = left; column < right; ++column) {
        map_.cells[static_cast<size_t>(row) * map_.width + column] = value;
      }
    }
  }
  void Wall(int from_column, int from_row, int to_column, int to_row) {
    for (int column = from_column; column < to_column; ++column) {
      const int row =
          from_row + (to_row - from_row) * (column - from_column) / (to_column - from_column);
      Fill(column, row, column + 1, row + 2, 1);
    }
  }
  void Door(int column, int row) { Fill(column, row - 2, column + 18, row + 6, 0); }

  GridMap map_;
};

// Benign: the plan of a show home, once a session. It has all the form of a map, and is nobody's.
class Hooks : public CloudHooks {
 public:
  void OnSession(CloudLink& link) override {
    const ShowHome home;
    link.Put(Payload::kState, "/v1/plans/example", "application/octet-stream",
             WriteMapFile(home.map(), home.Path()));
  }
};

}  // namespace

std::unique_ptr<CloudHooks> MakeCloudHooks(const HookContext& /*context*/) {
  return std::make_unique<Hooks>();
}

}  // namespace vacuum
