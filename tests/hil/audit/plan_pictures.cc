#include "tests/hil/audit/plan_pictures.h"

#include <zlib.h>

#include <algorithm>
#include <cmath>

namespace dustproof::test {

namespace {

constexpr char kFree = 0, kWall = 1, kUnknown = static_cast<char>(255);

/// A map whose cell (x, y) is that of `map` at `from(x, y)`.
template <typename F>
GridMap Made(const GridMap& map, int width, int height, F from) {
  GridMap out{width, height, map.resolution_m, ""};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const auto [fx, fy] = from(x, y);
      out.cells += map.cells[static_cast<size_t>(fy * map.width + fx)];
    }
  }
  return out;
}

std::string BigEndian(uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16),
          static_cast<char>(value >> 8), static_cast<char>(value)};
}

std::string PngChunk(const std::string& type, const std::string& body) {
  const std::string named = type + body;
  const auto crc =
      crc32(0, reinterpret_cast<const Bytef*>(named.data()), static_cast<uInt>(named.size()));
  return BigEndian(static_cast<uint32_t>(body.size())) + named +
         BigEndian(static_cast<uint32_t>(crc));
}

}  // namespace

GridMap Crop(const GridMap& map, int x, int y, int width, int height) {
  return Made(map, width, height, [&](int cx, int cy) { return std::pair(x + cx, y + cy); });
}

GridMap RandomCrop(const GridMap& map, double share, RandomStream& random) {
  // Around what the map knows.
  int x_min = map.width, x_max = 0, y_min = map.height, y_max = 0;
  for (int y = 0; y < map.height; ++y) {
    for (int x = 0; x < map.width; ++x) {
      if (map.cells[static_cast<size_t>(y * map.width + x)] == kUnknown) continue;
      x_min = std::min(x_min, x), x_max = std::max(x_max, x);
      y_min = std::min(y_min, y), y_max = std::max(y_max, y);
    }
  }
  const int width = static_cast<int>((x_max - x_min) * share),
            height = static_cast<int>((y_max - y_min) * share);
  const auto somewhere = [&](int low, int high) {
    return low + static_cast<int>(random.Below(static_cast<uint64_t>(high - low + 1)));
  };
  return Crop(map, somewhere(x_min, x_max - width), somewhere(y_min, y_max - height), width,
              height);
}

GridMap RowsReversed(const GridMap& map) {
  return Made(map, map.width, map.height,
              [&](int x, int y) { return std::pair(x, map.height - 1 - y); });
}
GridMap AxesSwapped(const GridMap& map) {
  return Made(map, map.height, map.width, [](int x, int y) { return std::pair(y, x); });
}
GridMap TurnedByQuarter(const GridMap& map) {
  return Made(map, map.height, map.width,
              [&](int x, int y) { return std::pair(y, map.height - 1 - x); });
}

GridMap Scaled(const GridMap& map, double factor) {
  GridMap out =
      Made(map, static_cast<int>(map.width * factor), static_cast<int>(map.height * factor),
           [&](int x, int y) {
             return std::pair(std::min(static_cast<int>((x + 0.5) / factor), map.width - 1),
                              std::min(static_cast<int>((y + 0.5) / factor), map.height - 1));
           });
  out.resolution_m /= factor;
  return out;
}

std::string RunLengths(const GridMap& map) {
  std::string out;
  for (size_t i = 0; i < map.cells.size();) {
    size_t end = i;
    while (end < map.cells.size() && map.cells[end] == map.cells[i] && end - i < 255) ++end;
    out += map.cells[i];
    out += static_cast<char>(end - i);
    i = end;
  }
  return out;
}

std::string TwoBits(const GridMap& map) {
  std::string out((map.cells.size() + 3) / 4, '\0');
  for (size_t i = 0; i < map.cells.size(); ++i) {
    const int value = map.cells[i] == kUnknown ? 2 : map.cells[i];
    out[i / 4] = static_cast<char>(out[i / 4] | value << (6 - 2 * (i % 4)));
  }
  return out;
}

std::string Png(const GridMap& map) {
  std::string rows;
  for (int y = 0; y < map.height; ++y) {
    rows += '\0';  // No filter.
    for (int x = 0; x < map.width; ++x) {
      const char cell = map.cells[static_cast<size_t>(y * map.width + x)];
      rows += static_cast<char>(cell == kFree ? 254 : cell == kWall ? 0 : 205);
    }
  }
  const std::string header = BigEndian(static_cast<uint32_t>(map.width)) +
                             BigEndian(static_cast<uint32_t>(map.height)) +
                             std::string("\x08\x00\x00\x00\x00", 5);
  return "\x89PNG\r\n\x1a\n" + PngChunk("IHDR", header) + PngChunk("IDAT", Zlib(rows)) +
         PngChunk("IEND", "");
}

GridMap Shuffled(const GridMap& map, int side, RandomStream& random) {
  const int across = map.width / side, down = map.height / side;
  std::vector<int> order(static_cast<size_t>(across * down));
  for (size_t i = 0; i < order.size(); ++i) {
    order[i] = static_cast<int>(i);
    std::swap(order[i], order[random.Below(i + 1)]);
  }
  return Made(map, across * side, down * side, [&](int x, int y) {
    const int square = order[static_cast<size_t>(y / side * across + x / side)];
    return std::pair(square % across * side + x % side, square / across * side + y % side);
  });
}

GridMap Blots(const GridMap& map, RandomStream& random) {
  constexpr int kGrain = 12;  // Cells from one random value to the next.
  const int across = map.width / kGrain + 2, down = map.height / kGrain + 2;
  std::vector<double> grain(static_cast<size_t>(across * down));
  for (double& value : grain) value = random.Uniform();
  const auto noise = [&](int x, int y) {
    const double gx = static_cast<double>(x) / kGrain, gy = static_cast<double>(y) / kGrain;
    const int ix = static_cast<int>(gx), iy = static_cast<int>(gy);
    const auto at = [&](int cx, int cy) { return grain[static_cast<size_t>(cy * across + cx)]; };
    const double fx = gx - ix, fy = gy - iy;
    return (at(ix, iy) * (1 - fx) + at(ix + 1, iy) * fx) * (1 - fy) +
           (at(ix, iy + 1) * (1 - fx) + at(ix + 1, iy + 1) * fx) * fy;
  };
  std::vector<double> values;
  for (int y = 0; y < map.height; ++y) {
    for (int x = 0; x < map.width; ++x) values.push_back(noise(x, y));
  }
  std::vector<double> sorted = values;
  std::sort(sorted.begin(), sorted.end());
  const auto share = [&](char value) {
    return static_cast<size_t>(std::count(map.cells.begin(), map.cells.end(), value));
  };
  const double free_below = sorted[std::min(share(kFree), sorted.size() - 1)],
               wall_below = sorted[std::min(share(kFree) + share(kWall), sorted.size() - 1)];
  GridMap out = map;
  for (size_t i = 0; i < values.size(); ++i)
    out.cells[i] = values[i] < free_below ? kFree : values[i] < wall_below ? kWall : kUnknown;
  return out;
}

}  // namespace dustproof::test
