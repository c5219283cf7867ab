#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "hil/protocol/stream_core.h"
#include "sim/core/result.h"

namespace dustproof {

/// A robot's map as the app shows it: chapter 4 of robots/vacuum/firmware/PROTOCOL.md.
struct ShownMap {
  uint16_t width = 0, height = 0;
  uint16_t resolution_mm = 0;
  int32_t origin_x_mm = 0, origin_y_mm = 0;
  std::vector<uint8_t> cells;  ///< 0 free, 1 occupied, 255 unknown; row 0 at the bottom.
  struct Point {
    int32_t x_mm = 0, y_mm = 0;
  };
  std::vector<Point> path;
  uint32_t checksum = 0;  ///< The file's own CRC-32: tells one map from another.

  size_t CountCells(uint8_t value) const;
};

/// Reads a map file, or says what is wrong with it.
Result<ShownMap> DecodeMapFile(std::span<const std::byte> file);

}  // namespace dustproof
