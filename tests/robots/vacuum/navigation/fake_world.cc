#include "tests/robots/vacuum/navigation/fake_world.h"

#include <algorithm>
#include <cmath>
#include <fstream>

namespace vacuum::test {

FakeWorld::FakeWorld(double width_m, double height_m)
    : width_(static_cast<int>(std::lround(width_m / kCell_m))),
      height_(static_cast<int>(std::lround(height_m / kCell_m))),
      cells_(static_cast<size_t>(width_) * height_, kFloor) {}

void FakeWorld::Fill(double x0_m, double y0_m, double x1_m, double y1_m, Cell cell) {
  const auto index = [](double m) { return static_cast<int>(std::lround(m / kCell_m)); };
  for (int y = std::max(0, index(y0_m)); y < std::min(height_, index(y1_m)); ++y) {
    for (int x = std::max(0, index(x0_m)); x < std::min(width_, index(x1_m)); ++x)
      cells_[static_cast<size_t>(y) * width_ + x] = cell;
  }
}

void FakeWorld::Walls(double x0_m, double y0_m, double x1_m, double y1_m, double thick_m) {
  Fill(x0_m, y0_m, x1_m, y0_m + thick_m, kWall);
  Fill(x0_m, y1_m - thick_m, x1_m, y1_m, kWall);
  Fill(x0_m, y0_m, x0_m + thick_m, y1_m, kWall);
  Fill(x1_m - thick_m, y0_m, x1_m, y1_m, kWall);
}

FakeWorld FakeWorld::FromPgm(const std::string& image, double resolution_m) {
  std::ifstream in(image, std::ios::binary);
  std::string magic;
  in >> magic;
  const auto number = [&] {
    std::string word;
    while (in >> word && word[0] == '#') std::getline(in, word);
    return word.empty() ? 0 : std::stoi(word);
  };
  const int width = number(), height = number();
  number();
  in.get();
  std::vector<uint8_t> pixels(static_cast<size_t>(width) * height, 205);
  if (magic == "P5") {
    in.read(reinterpret_cast<char*>(pixels.data()), static_cast<long>(pixels.size()));
  } else {
    for (auto& p : pixels) p = static_cast<uint8_t>(number());
  }
  int x0 = width, y0 = height, x1 = -1, y1 = -1;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      if (pixels[static_cast<size_t>(y) * width + x] > 100) continue;
      x0 = std::min(x0, x);
      x1 = std::max(x1, x);
      y0 = std::min(y0, y);
      y1 = std::max(y1, y);
    }
  }
  FakeWorld world((x1 - x0 + 5) * resolution_m, (y1 - y0 + 5) * resolution_m);
  for (int y = y0; y <= y1; ++y) {
    for (int x = x0; x <= x1; ++x) {
      if (pixels[static_cast<size_t>(y) * width + x] > 100) continue;
      const double left = (x - x0 + 2) * resolution_m, bottom = (y1 - y + 2) * resolution_m;
      world.Fill(left, bottom, left + resolution_m, bottom + resolution_m, kWall);
    }
  }
  return world;
}

FakeWorld FakeWorld::TwoBedroomFlat() {
  FakeWorld world(9.4, 7.4);
  world.Walls(0.2, 0.2, 9.2, 7.2, 0.1);
  // A corridor across the middle; two bedrooms and a bath above, living room and kitchen below.
  world.Fill(0.2, 3.2, 9.2, 3.3, kWall);
  world.Fill(0.2, 4.4, 9.2, 4.5, kWall);
  world.Fill(3.6, 4.4, 3.7, 7.2, kWall);
  world.Fill(5.6, 4.4, 5.7, 7.2, kWall);
  world.Fill(5.9, 0.2, 6.0, 3.3, kWall);
  world.Fill(1.8, 4.4, 2.6, 4.5, kFloor);
  world.Fill(4.2, 4.4, 5.0, 4.5, kFloor);
  world.Fill(7.0, 4.4, 7.8, 4.5, kFloor);
  world.Fill(2.0, 3.2, 3.2, 3.3, kFloor);
  world.Fill(7.2, 3.2, 8.0, 3.3, kFloor);
  // Beds, wardrobes, sofa, table legs, kitchen units, a low threshold of a carpet frame.
  world.Fill(0.3, 5.4, 2.3, 7.1, kWall);
  world.Fill(7.4, 5.6, 9.1, 7.1, kWall);
  world.Fill(5.7, 6.5, 6.9, 7.1, kWall);
  world.Fill(3.7, 6.3, 4.3, 7.1, kWall);
  world.Fill(0.3, 0.3, 1.2, 2.3, kWall);
  for (double x : {3.0, 4.2}) {
    for (double y : {1.2, 2.0}) world.Fill(x, y, x + 0.05, y + 0.05, kWall);
  }
  for (double x : {3.3, 3.8}) {
    for (double y : {0.9, 1.3}) world.Fill(x, y, x + 0.05, y + 0.05, kWall);
  }
  world.Fill(8.5, 0.3, 9.1, 3.2, kWall);
  world.Fill(6.0, 0.3, 8.5, 0.9, kWall);
  world.Fill(4.9, 0.3, 5.3, 0.6, kLow);
  return world;
}

FakeWorld::Cell FakeWorld::AtPoint(Point2 p) const {
  return at(static_cast<int>(std::floor(p.x / kCell_m)),
            static_cast<int>(std::floor(p.y / kCell_m)));
}

double FakeWorld::CastRay(Point2 from, double angle, double max_m) const {
  const double dx = std::cos(angle), dy = std::sin(angle), never = 1e9;
  int x = static_cast<int>(std::floor(from.x / kCell_m)),
      y = static_cast<int>(std::floor(from.y / kCell_m));
  const int step_x = dx > 0 ? 1 : -1, step_y = dy > 0 ? 1 : -1;
  const double delta_x = dx != 0 ? kCell_m / std::abs(dx) : never,
               delta_y = dy != 0 ? kCell_m / std::abs(dy) : never;
  double next_x = dx != 0 ? ((x + (step_x > 0)) * kCell_m - from.x) / dx : never;
  double next_y = dy != 0 ? ((y + (step_y > 0)) * kCell_m - from.y) / dy : never;
  double at_m = 0;
  while (at_m < max_m) {
    if (x < 0 || y < 0 || x >= width_ || y >= height_) return max_m;
    if (at(x, y) == kWall) return at_m;
    if (next_x < next_y) {
      at_m = next_x;
      next_x += delta_x;
      x += step_x;
    } else {
      at_m = next_y;
      next_y += delta_y;
      y += step_y;
    }
  }
  return max_m;
}

bool FakeWorld::Touch(Point2 p, double radius_m, Point2* contact) const {
  const int x0 = static_cast<int>(std::floor((p.x - radius_m) / kCell_m)),
            x1 = static_cast<int>(std::floor((p.x + radius_m) / kCell_m));
  const int y0 = static_cast<int>(std::floor((p.y - radius_m) / kCell_m)),
            y1 = static_cast<int>(std::floor((p.y + radius_m) / kCell_m));
  double best = radius_m;
  bool touched = false;
  for (int y = y0; y <= y1; ++y) {
    for (int x = x0; x <= x1; ++x) {
      if (!Solid(x, y)) continue;
      const Point2 nearest{std::clamp(p.x, x * kCell_m, (x + 1) * kCell_m),
                           std::clamp(p.y, y * kCell_m, (y + 1) * kCell_m)};
      const double d = Distance(p, nearest);
      if (d >= best) continue;
      best = d;
      touched = true;
      if (contact) *contact = nearest;
    }
  }
  return touched;
}

Pose2 FakeWorld::FindDock() const {
  // The place with the largest sweepable floor, nearest to the middle of the map, nose to a wall on
  // one of four sides.
  Pose2 best;
  double best_score = -1e9;
  std::vector<uint8_t> looked(cells_.size(), 0);
  std::vector<int> room_size;
  std::vector<int> room(cells_.size(), -1);
  for (int y = 8; y + 8 < height_; y += 1) {
    for (int x = 8; x + 8 < width_; x += 1) {
      const int seed = y * width_ + x;
      if (room[seed] >= 0 || looked[seed]) continue;
      const auto center = [&](int i) {
        return Point2{(i % width_ + 0.5) * kCell_m, (i / width_ + 0.5) * kCell_m};
      };
      std::vector<int> open;
      const auto visit = [&](int i) {
        if (looked[i]) return;
        looked[i] = 1;
        const int cx = i % width_, cy = i / width_;
        if (cx < 8 || cy < 8 || cx + 8 >= width_ || cy + 8 >= height_ || !Fits(center(i), 0.172))
          return;
        room[i] = static_cast<int>(room_size.size());
        open.push_back(i);
      };
      visit(seed);
      if (room[seed] < 0) continue;
      for (size_t k = 0; k < open.size(); ++k) {
        for (int next : {open[k] - 1, open[k] + 1, open[k] - width_, open[k] + width_}) visit(next);
      }
      room_size.push_back(static_cast<int>(open.size()));
    }
  }
  for (int i = 0; i < static_cast<int>(cells_.size()); ++i) {
    if (room[i] < 0) continue;
    const Point2 p{(i % width_ + 0.5) * kCell_m, (i / width_ + 0.5) * kCell_m};
    for (int k = 0; k < 4; ++k) {
      const double yaw = k * kPi / 2;
      const Pose2 X_WR{p.x, p.y, yaw};
      bool wall = true, open = true;
      for (double side = -0.3; side <= 0.3; side += 0.02)
        wall &= AtPoint(X_WR * Point2{0.17 + 0.026, side}) == kWall;
      for (double back = 0; back <= 1.0 && open; back += 0.05)
        open = Fits(X_WR * Point2{-back, 0}, back > 0.3 ? 0.25 : 0.172);
      if (!wall || !open) continue;
      const Point2 middle{width_ * kCell_m / 2, height_ * kCell_m / 2};
      const double score = room_size[room[i]] - Distance(p, middle);
      if (score > best_score) {
        best_score = score;
        best = X_WR;
      }
    }
  }
  return best;
}

std::vector<uint8_t> FakeWorld::Coverable(Point2 from, double radius_m) const {
  std::vector<uint8_t> reached(cells_.size(), 0), covered(cells_.size(), 0);
  const auto center = [&](int i) {
    return Point2{(i % width_ + 0.5) * kCell_m, (i / width_ + 0.5) * kCell_m};
  };
  std::vector<int> open{static_cast<int>(from.y / kCell_m) * width_ +
                        static_cast<int>(from.x / kCell_m)};
  reached[open[0]] = 1;
  const int r = static_cast<int>(radius_m / kCell_m) + 1;
  for (size_t k = 0; k < open.size(); ++k) {
    const int x = open[k] % width_, y = open[k] / width_;
    for (int dy = -r; dy <= r; ++dy) {
      for (int dx = -r; dx <= r; ++dx) {
        if ((dx * dx + dy * dy) * kCell_m * kCell_m > radius_m * radius_m) continue;
        if (at(x + dx, y + dy) == kFloor)
          covered[static_cast<size_t>(y + dy) * width_ + x + dx] = 1;
      }
    }
    for (int next : {open[k] - 1, open[k] + 1, open[k] - width_, open[k] + width_}) {
      if (next < 0 || next >= static_cast<int>(cells_.size()) || reached[next] ||
          !Fits(center(next), radius_m))
        continue;
      const int nx = next % width_, ny = next / width_;
      if (nx < 8 || ny < 8 || nx + 8 >= width_ || ny + 8 >= height_) continue;
      if (at(nx, ny) == kDrop) continue;
      reached[next] = 1;
      open.push_back(next);
    }
  }
  return covered;
}

}  // namespace vacuum::test
