#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/core/result.h"

namespace dustproof {

/// A grey picture, 8 bits a pixel; row 0 is the top.
struct GrayImage {
  int width = 0;
  int height = 0;
  std::vector<uint8_t> pixels;
  std::vector<uint8_t>
      transparent;  ///< 1 where a pixel can't be seen at all; empty where the picture has no alpha.
};

/// Reads a PGM (plain P2 or binary P5, 8 or 16 bits) or a PNG of any kind; colours become their
/// mean. At most 64 million pixels. The file's first bytes decide, not its name.
Result<GrayImage> LoadImage(const std::string& path);

}  // namespace dustproof
