#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hil/audit/internal/content.h"

namespace dustproof::internal {

/// A PNG picture as the audit needs it: its samples row by row, one byte a pixel (the first
/// channel's, or the palette index), and its text chunks.
struct PngPicture {
  uint32_t width = 0, height = 0;
  Bytes pixels;           ///< Empty where the pixels can't be read (interlaced, damaged).
  ByteRange pixel_range;  ///< Of the IDAT chunks.
  struct Text {
    std::string keyword;
    ByteRange range;  ///< Of the text, packed or not.
    Bytes unpacked;   ///< Where it was packed.
  };
  std::vector<Text> texts;
  size_t size = 0;  ///< Bytes of the file.
};

/// The PNG file that begins at the first byte.
std::optional<PngPicture> ReadPng(std::span<const std::byte> in, size_t bytes_max);

}  // namespace dustproof::internal
