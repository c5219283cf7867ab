#include "sim/plan/map_grid.h"

#include <algorithm>
#include <cmath>

namespace dustproof {
namespace {

constexpr int32_t kFar = 1 << 29;

// One line of the distance transform after Felzenszwalb and Huttenlocher (2012): the lower envelope
// of parabolas.
void TransformLine(const std::vector<int32_t>& f, std::vector<int32_t>* d) {
  const int n = static_cast<int>(f.size());
  std::vector<int> v(static_cast<size_t>(n));
  std::vector<double> z(static_cast<size_t>(n) + 1);
  int k = -1;
  for (int q = 0; q < n; ++q) {
    const size_t qi = static_cast<size_t>(q);
    if (f[qi] >= kFar) continue;
    double s = -1e18;
    while (k >= 0) {
      const int p = v[static_cast<size_t>(k)];
      s = (static_cast<double>(f[qi]) + static_cast<double>(q) * q - f[static_cast<size_t>(p)] -
           static_cast<double>(p) * p) /
          (2.0 * (q - p));
      if (s > z[static_cast<size_t>(k)]) break;
      --k;
      s = -1e18;
    }
    ++k;
    v[static_cast<size_t>(k)] = q;
    z[static_cast<size_t>(k)] = s;
    z[static_cast<size_t>(k) + 1] = 1e18;
  }
  if (k < 0) {
    std::fill(d->begin(), d->end(), kFar);
    return;
  }
  int j = 0;
  for (int q = 0; q < n; ++q) {
    while (z[static_cast<size_t>(j) + 1] < q) ++j;
    const int p = v[static_cast<size_t>(j)];
    (*d)[static_cast<size_t>(q)] = (q - p) * (q - p) + f[static_cast<size_t>(p)];
  }
}

}  // namespace

std::vector<int32_t> SquaredDistances(const Grid& grid) {
  std::vector<int32_t> squared(grid.cells.size());
  for (size_t i = 0; i < squared.size(); ++i) squared[i] = grid.cells[i] != 0 ? 0 : kFar;
  std::vector<int32_t> line(static_cast<size_t>(grid.height)), out(line.size());
  for (int x = 0; x < grid.width; ++x) {
    for (int y = 0; y < grid.height; ++y) line[static_cast<size_t>(y)] = squared[grid.Index(x, y)];
    TransformLine(line, &out);
    for (int y = 0; y < grid.height; ++y) squared[grid.Index(x, y)] = out[static_cast<size_t>(y)];
  }
  line.resize(static_cast<size_t>(grid.width));
  out.resize(line.size());
  for (int y = 0; y < grid.height; ++y) {
    for (int x = 0; x < grid.width; ++x) line[static_cast<size_t>(x)] = squared[grid.Index(x, y)];
    TransformLine(line, &out);
    for (int x = 0; x < grid.width; ++x) squared[grid.Index(x, y)] = out[static_cast<size_t>(x)];
  }
  return squared;
}

std::vector<int32_t> LabelComponents(const Grid& grid, uint8_t value, Neighbours neighbours,
                                     int32_t* count) {
  std::vector<int32_t> labels(grid.cells.size(), 0);
  std::vector<Eigen::Vector2i> open;
  *count = 0;
  for (int y0 = 0; y0 < grid.height; ++y0) {
    for (int x0 = 0; x0 < grid.width; ++x0) {
      if (grid.At(x0, y0) != value || labels[grid.Index(x0, y0)] != 0) continue;
      labels[grid.Index(x0, y0)] = ++*count;
      open.push_back({x0, y0});
      while (!open.empty()) {
        const Eigen::Vector2i cell = open.back();
        open.pop_back();
        for (int dy = -1; dy <= 1; ++dy) {
          for (int dx = -1; dx <= 1; ++dx) {
            if (neighbours == Neighbours::kEdges && dx != 0 && dy != 0) continue;
            const int x = cell.x() + dx, y = cell.y() + dy;
            if (!grid.Has(x, y) || grid.At(x, y) != value || labels[grid.Index(x, y)] != 0)
              continue;
            labels[grid.Index(x, y)] = *count;
            open.push_back({x, y});
          }
        }
      }
    }
  }
  return labels;
}

std::vector<CellRect> MergeRectangles(const Grid& grid) {
  Grid left = grid;
  const auto row_free = [&](int x, int y, int width) {
    for (int i = 0; i < width; ++i) {
      if (!left.Has(x + i, y) || left.At(x + i, y) == 0) return false;
    }
    return true;
  };
  const auto column_free = [&](int x, int y, int height) {
    for (int i = 0; i < height; ++i) {
      if (!left.Has(x, y + i) || left.At(x, y + i) == 0) return false;
    }
    return true;
  };
  std::vector<CellRect> rects;
  for (int y = 0; y < grid.height; ++y) {
    for (int x = 0; x < grid.width; ++x) {
      if (left.At(x, y) == 0) continue;
      CellRect wide{x, y, 1, 1}, tall{x, y, 1, 1};
      while (row_free(x + wide.width, y, 1)) ++wide.width;
      while (row_free(x, y + wide.height, wide.width)) ++wide.height;
      while (column_free(x, y + tall.height, 1)) ++tall.height;
      while (column_free(x + tall.width, y, tall.height)) ++tall.width;
      const CellRect& best = static_cast<int64_t>(tall.width) * tall.height >
                                     static_cast<int64_t>(wide.width) * wide.height
                                 ? tall
                                 : wide;
      for (int dy = 0; dy < best.height; ++dy) {
        for (int dx = 0; dx < best.width; ++dx) left.At(x + dx, y + dy) = 0;
      }
      rects.push_back(best);
    }
  }
  return rects;
}

std::vector<Vec2> TraceOutline(const Grid& grid, int x, int y) {
  const auto filled = [&](int cx, int cy) { return grid.Has(cx, cy) && grid.At(cx, cy) != 0; };
  // Steps along grid lines with the filled cell on the left. Directions: 0 +x, 1 +y, 2 -x, 3 -y.
  constexpr int kDx[] = {1, 0, -1, 0}, kDy[] = {0, 1, 0, -1};
  constexpr double kCut = 0.01;  // Of a cell.
  std::vector<Vec2> outline;
  int px = x, py = y, direction = 0;
  do {
    px += kDx[direction];
    py += kDy[direction];
    // The two cells ahead of the corner (px, py), left and right of the line.
    bool left = false, right = false;
    switch (direction) {
      case 0:
        left = filled(px, py), right = filled(px, py - 1);
        break;
      case 1:
        left = filled(px - 1, py), right = filled(px, py);
        break;
      case 2:
        left = filled(px - 1, py - 1), right = filled(px - 1, py);
        break;
      default:
        left = filled(px, py - 1), right = filled(px - 1, py - 1);
        break;
    }
    if (left && !right) continue;
    const int before = direction;
    // Cells that only share a corner don't connect, so the path turns left there.
    direction = !left ? (direction + 1) % 4 : (direction + 3) % 4;
    if (!left && right) {  // It comes by here a second time.
      outline.push_back(Vec2(px - kCut * kDx[before], py - kCut * kDy[before]));
      outline.push_back(Vec2(px + kCut * kDx[direction], py + kCut * kDy[direction]));
    } else {
      outline.push_back(Vec2(px, py));
    }
  } while (px != x || py != y || direction != 0);
  return outline;
}

}  // namespace dustproof
