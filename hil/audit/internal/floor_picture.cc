#include "hil/audit/internal/floor_picture.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace dustproof::internal {

namespace {

constexpr double kScaleBase_m = 0.05;
constexpr double kStraightEnough_rad = 0.012;  // Half a cell in forty.
constexpr double kStray = 0.01;
constexpr double kCellsMax = 120'000;

size_t At(int x, int y, int width) {
  return static_cast<size_t>(y) * static_cast<size_t>(width) + static_cast<size_t>(x);
}

/// First and last of the bins between which all but a share of the counts lies.
std::pair<int, int> Trimmed(const std::vector<size_t>& counts, size_t total) {
  const auto stray = static_cast<size_t>(static_cast<double>(total) * kStray);
  int first = 0, last = static_cast<int>(counts.size()) - 1;
  for (size_t left = 0; first < last && (left += counts[static_cast<size_t>(first)]) <= stray;)
    ++first;
  for (size_t left = 0; first < last && (left += counts[static_cast<size_t>(last)]) <= stray;)
    --last;
  return {first, last};
}

}  // namespace

double MainDirection(int width, int height, const std::vector<uint8_t>& cells) {
  // Gradients of a Gaussian, which has no preferred direction of its own as a box has.
  constexpr int kReach = 4;
  double weights[kReach + 1];
  for (int d = 0; d <= kReach; ++d) weights[d] = std::exp(-d * d / 4.5);
  // By direction modulo a quarter turn, half a degree each: edges that differ by quarter turns add
  // up. Not their mean, which slanted furniture would draw aside.
  constexpr int kBins = 180;
  constexpr double kQuarter = std::numbers::pi / 2, kBin = kQuarter / kBins;
  std::vector<double> bins(kBins, 0);
  for (int y = kReach; y + kReach < height; ++y) {
    for (int x = kReach; x + kReach < width; ++x) {
      const uint8_t* here = &cells[At(x, y, width)];
      const bool rim =
          here[1] != *here || here[-1] != *here || here[width] != *here || here[-width] != *here;
      if (!rim) continue;
      double gx = 0, gy = 0;
      for (int dy = -kReach; dy <= kReach; ++dy) {
        for (int dx = -kReach; dx <= kReach; ++dx) {
          const double weight =
              here[dy * width + dx] * weights[std::abs(dx)] * weights[std::abs(dy)];
          gx += dx * weight, gy += dy * weight;
        }
      }
      const double angle = std::atan2(gy, gx) + 2 * std::numbers::pi;
      bins[static_cast<size_t>(std::fmod(angle, kQuarter) / kBin) % kBins] += gx * gx + gy * gy;
    }
  }
  // The window of five degrees that holds most, and the mean within it.
  constexpr int kHalf = 5;
  const auto at = [&](int bin) { return bins[static_cast<size_t>((bin + kBins) % kBins)]; };
  int best = 0;
  double most = -1;
  for (int bin = 0; bin < kBins; ++bin) {
    double held = 0;
    for (int d = -kHalf; d <= kHalf; ++d) held += at(bin + d);
    if (held > most) most = held, best = bin;
  }
  double mean = 0;
  for (int d = -kHalf; d <= kHalf; ++d) mean += d * at(best + d);
  if (most > 0) mean /= most;
  return std::fmod((best + 0.5 + mean) * kBin + kQuarter, kQuarter);
}

namespace {

/// One cell for each square of `side` cells: set where at least half of them are.
std::vector<uint8_t> Reduced(const std::vector<uint8_t>& cells, int width, int height, int side) {
  const int out_width = width / side, out_height = height / side;
  std::vector<uint8_t> out(static_cast<size_t>(out_width) * static_cast<size_t>(out_height), 0);
  for (int y = 0; y < out_height; ++y) {
    for (int x = 0; x < out_width; ++x) {
      int set = 0;
      for (int dy = 0; dy < side; ++dy) {
        for (int dx = 0; dx < side; ++dx) set += cells[At(x * side + dx, y * side + dy, width)];
      }
      out[At(x, y, out_width)] = 2 * set >= side * side ? 1 : 0;
    }
  }
  return out;
}

}  // namespace

FloorPicture::FloorPicture(int width, int height, const std::vector<uint8_t>& floor,
                           const std::vector<uint8_t>& known) {
  // More cells than this only cost time: the finest squares are larger.
  const double cells = static_cast<double>(width) * height;
  cell_ = std::max(1, static_cast<int>(std::sqrt(cells / kCellsMax) + 0.999));
  if (cell_ == 1) {
    Straighten(floor, known, width, height);
  } else {
    Straighten(Reduced(floor, width, height, cell_), Reduced(known, width, height, cell_),
               width / cell_, height / cell_);
  }
}

double FloorPicture::floor_count() const {
  return static_cast<double>(floor_count_) * cell_ * cell_;
}
double FloorPicture::long_side() const { return long_side_ * cell_; }
double FloorPicture::short_side() const { return short_side_ * cell_; }

/// Turns the picture so that its walls lie along its sides, and sums it up.
void FloorPicture::Straighten(const std::vector<uint8_t>& floor, const std::vector<uint8_t>& known,
                              int width, int height) {
  const double quarter = std::numbers::pi / 2;
  double turn = MainDirection(width, height, floor);
  if (turn > quarter / 2) turn -= quarter;
  std::vector<uint8_t> turned_floor, turned_known;
  const std::vector<uint8_t>*straight_floor = &floor, *straight_known = &known;
  int out_width = width, out_height = height;
  if (std::abs(turn) > kStraightEnough_rad) {
    const double c = std::cos(turn), s = std::sin(turn);
    out_width = static_cast<int>(std::abs(c) * width + std::abs(s) * height) + 1;
    out_height = static_cast<int>(std::abs(s) * width + std::abs(c) * height) + 1;
    turned_floor.assign(static_cast<size_t>(out_width) * static_cast<size_t>(out_height), 0);
    turned_known = turned_floor;
    for (int y = 0; y < out_height; ++y) {
      for (int x = 0; x < out_width; ++x) {
        const double from_x = x + 0.5 - out_width / 2.0, from_y = y + 0.5 - out_height / 2.0;
        const auto px = static_cast<int>(std::floor(c * from_x - s * from_y + width / 2.0)),
                   py = static_cast<int>(std::floor(s * from_x + c * from_y + height / 2.0));
        if (px < 0 || py < 0 || px >= width || py >= height) continue;
        turned_floor[At(x, y, out_width)] = floor[At(px, py, width)];
        turned_known[At(x, y, out_width)] = known[At(px, py, width)];
      }
    }
    straight_floor = &turned_floor, straight_known = &turned_known;
  }
  Measure(*straight_floor, out_width, out_height);
  sums_.width = out_width, sums_.height = out_height;
  const int row = out_width + 1;
  const auto sum_up = [&](const std::vector<uint8_t>& cells, std::vector<uint32_t>* sums) {
    sums->assign(static_cast<size_t>(row) * static_cast<size_t>(out_height + 1), 0);
    for (int y = 0; y < out_height; ++y) {
      uint32_t line = 0;
      for (int x = 0; x < out_width; ++x) {
        line += cells[At(x, y, out_width)];
        (*sums)[At(x + 1, y + 1, row)] = (*sums)[At(x + 1, y, row)] + line;
      }
    }
  };
  sum_up(*straight_floor, &sums_.floor);
  sum_up(*straight_known, &sums_.known);
}

void FloorPicture::Measure(const std::vector<uint8_t>& floor, int width, int height) {
  std::vector<size_t> columns(static_cast<size_t>(width), 0), rows(static_cast<size_t>(height), 0);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const size_t set = floor[At(x, y, width)];
      columns[static_cast<size_t>(x)] += set;
      rows[static_cast<size_t>(y)] += set;
      floor_count_ += set;
    }
  }
  const auto [left, right] = Trimmed(columns, floor_count_);
  const auto [bottom, top] = Trimmed(rows, floor_count_);
  long_side_ = std::max(right - left, top - bottom) + 1;
  short_side_ = std::min(right - left, top - bottom) + 1;
}

double FloorPicture::ScaleAt(int scale_step) {
  return kScaleBase_m * std::pow(1 + kStep, scale_step);
}

int FloorPicture::StepNear(double scale_m) {
  return static_cast<int>(std::lround(std::log(scale_m / kScaleBase_m) / std::log(1 + kStep)));
}

uint32_t FloorPicture::Sums::Of(const std::vector<uint32_t>& sums, const Box& box) const {
  const int row = width + 1;
  return sums[At(box.x1, box.y1, row)] - sums[At(box.x0, box.y1, row)] -
         sums[At(box.x1, box.y0, row)] + sums[At(box.x0, box.y0, row)];
}

const PictureLayers& FloorPicture::Layers(int scale_step, int turn_step, double square_m) const {
  const auto [entry, is_new] =
      layers_.try_emplace(std::make_tuple(scale_step, turn_step, square_m));
  if (is_new) entry->second = MakeLayers(ScaleAt(scale_step), turn_step * kStep, square_m);
  return entry->second;
}

PictureLayers FloorPicture::MakeLayers(double scale_m, double turn_rad, double square_m) const {
  const double c = std::cos(turn_rad), s = std::sin(turn_rad);
  const double reach_x = std::abs(c) * sums_.width + std::abs(s) * sums_.height,
               reach_y = std::abs(s) * sums_.width + std::abs(c) * sums_.height;
  const double square = square_m / (scale_m * cell_);  // In the kept cells.
  const int width = std::max(1, static_cast<int>(std::ceil(reach_x / square))),
            height = std::max(1, static_cast<int>(std::ceil(reach_y / square)));
  PictureLayers out;
  out.floor = BitGrid(width, height);
  out.known = BitGrid(width, height);
  // Whole cells nearest to the square's sides, at least one.
  const auto span = [&](double middle) {
    const auto first = static_cast<int>(std::floor(middle - square / 2 + 0.5));
    return std::pair(first,
                     std::max(first + 1, static_cast<int>(std::floor(middle + square / 2 + 0.5))));
  };
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double from_x = (x + 0.5 - width / 2.0) * square,
                   from_y = (y + 0.5 - height / 2.0) * square;
      const auto [x0, x1] = span(c * from_x + s * from_y + sums_.width / 2.0);
      const auto [y0, y1] = span(-s * from_x + c * from_y + sums_.height / 2.0);
      const auto area = static_cast<uint32_t>((x1 - x0) * (y1 - y0));
      const Sums::Box box{std::clamp(x0, 0, sums_.width), std::clamp(y0, 0, sums_.height),
                          std::clamp(x1, 0, sums_.width), std::clamp(y1, 0, sums_.height)};
      if (2 * sums_.Of(sums_.known, box) < area) continue;
      out.known.Set(x, y);
      if (2 * sums_.Of(sums_.floor, box) < area) continue;
      out.floor.Set(x, y);
      out.x_min = std::min(out.x_min, x), out.x_max = std::max(out.x_max, x);
      out.y_min = std::min(out.y_min, y), out.y_max = std::max(out.y_max, y);
    }
  }
  out.rim = out.known.Without(out.floor).Beside().And(out.floor);
  out.inner = out.known.Shrunk();
  out.rim_grown = out.rim.Grown().And(out.inner);
  out.floor_count = out.floor.Count();
  out.rim_count = out.rim.Count();
  return out;
}

}  // namespace dustproof::internal
