#include "robots/vacuum/firmware/cloud/map_file.h"

#include <zlib.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace vacuum {
namespace {

// Written before the cells are compressed.
constexpr uint8_t kVersion = 1;
constexpr uint8_t kFlags = 0;

int32_t Millimetres(double metres) { return static_cast<int32_t>(std::lround(metres * 1000.0)); }

bool Fits(const GridMap& map) {
  const int resolution_mm = Millimetres(map.resolution_m);
  return map.width > 0 && map.height > 0 && map.width <= 0xFFFF && map.height <= 0xFFFF &&
         resolution_mm > 0 && resolution_mm <= 0xFFFF &&
         map.cells.size() == static_cast<size_t>(map.width) * static_cast<size_t>(map.height);
}

// Adds the steps from (x, y) to the point, each within an i16.
uint32_t AddSteps(int32_t dx, int32_t dy, ByteWriter& steps) {
  const int32_t reach = std::max(std::abs(dx), std::abs(dy));
  const int32_t count = std::max(1, (reach + 32766) / 32767);
  int32_t done_x = 0, done_y = 0;
  for (int32_t i = 1; i <= count; ++i) {
    const auto to_x = static_cast<int32_t>(int64_t{dx} * i / count);
    const auto to_y = static_cast<int32_t>(int64_t{dy} * i / count);
    steps.I16(static_cast<int16_t>(to_x - done_x));
    steps.I16(static_cast<int16_t>(to_y - done_y));
    done_x = to_x;
    done_y = to_y;
  }
  return static_cast<uint32_t>(count);
}

}  // namespace

Bytes WriteMapFile(const GridMap& map, const std::vector<PathPoint>& path) {
  if (!Fits(map)) return {};
  uLongf compressed_bytes = compressBound(map.cells.size());
  Bytes compressed(compressed_bytes);
  if (compress2(compressed.data(), &compressed_bytes, map.cells.data(), map.cells.size(),
                Z_DEFAULT_COMPRESSION) != Z_OK) {
    return {};
  }
  ByteWriter file;
  file.Raw("DPMP", 4);
  file.U8(kVersion);
  file.U8(kFlags);
  file.U16(static_cast<uint16_t>(map.width));
  file.U16(static_cast<uint16_t>(map.height));
  file.U16(static_cast<uint16_t>(Millimetres(map.resolution_m)));
  file.I32(Millimetres(map.origin_x_m));
  file.I32(Millimetres(map.origin_y_m));
  file.U32(static_cast<uint32_t>(compressed_bytes));
  file.Raw(compressed.data(), compressed_bytes);

  ByteWriter steps;
  uint32_t point_count = 0;
  int32_t x_mm = 0, y_mm = 0;
  for (const PathPoint& point : path) {
    const int32_t to_x_mm = Millimetres(point.x_m);
    const int32_t to_y_mm = Millimetres(point.y_m);
    point_count += AddSteps(to_x_mm - x_mm, to_y_mm - y_mm, steps);
    x_mm = to_x_mm;
    y_mm = to_y_mm;
  }
  file.U32(point_count);
  file.Raw(steps.bytes().data(), steps.bytes().size());
  file.U32(Crc32(file.bytes().data(), file.bytes().size()));
  return file.Take();
}

}  // namespace vacuum
