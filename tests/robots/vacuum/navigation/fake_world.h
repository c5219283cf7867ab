#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "robots/vacuum/firmware/navigation/geometry.h"

namespace vacuum::test {

/// A flat world of 2.5 cm cells for driving the navigator without the simulator: walls, things
/// below the lidar's plane, drops.
class FakeWorld {
 public:
  static constexpr double kCell_m = 0.025;
  enum Cell : uint8_t { kFloor = 0, kWall = 1, kLow = 2, kDrop = 3 };

  FakeWorld(double width_m, double height_m);
  /// A ROS map (P5, 0 occupied); nothing where it can't be read. `image` is the .pgm.
  static FakeWorld FromPgm(const std::string& image, double resolution_m);
  /// Rooms of our own: a furnished flat of two bedrooms, 9 × 7 m.
  static FakeWorld TwoBedroomFlat();

  void Fill(double x0_m, double y0_m, double x1_m, double y1_m, Cell cell);
  void Walls(double x0_m, double y0_m, double x1_m, double y1_m, double thick_m);

  int width() const { return width_; }
  int height() const { return height_; }
  Cell at(int x, int y) const {
    return x < 0 || y < 0 || x >= width_ || y >= height_
               ? kWall
               : static_cast<Cell>(cells_[static_cast<size_t>(y) * width_ + x]);
  }
  bool Solid(int x, int y) const {
    const Cell c = at(x, y);
    return c == kWall || c == kLow;
  }
  Cell AtPoint(Point2 p) const;

  /// Metres to the first wall along `angle`, at most `max_m`.
  double CastRay(Point2 from, double angle, double max_m) const;
  /// Nearest solid point to `p` within `radius_m`: true and the point where there is one.
  bool Touch(Point2 p, double radius_m, Point2* contact) const;
  bool Fits(Point2 p, double radius_m) const { return !Touch(p, radius_m, nullptr); }

  /// A docked pose (nose to a straight piece of wall, free floor behind), by scanning for the first
  /// such place near the middle of the largest floor.
  Pose2 FindDock() const;
  /// Floor that a disc swept from `from` covers; one flag a cell.
  std::vector<uint8_t> Coverable(Point2 from, double radius_m) const;

 private:
  int width_, height_;
  std::vector<uint8_t> cells_;
};

}  // namespace vacuum::test
