#pragma once

#include <span>
#include <string>
#include <vector>

#include "hil/audit/internal/content.h"

namespace dustproof::internal {

/// Bytes read as a grid.
struct GridGuess {
  Bytes cells;
  size_t width = 0;
  std::string form;  ///< "one bit a cell", "runs of value and count", empty for one byte a cell.
  ByteRange range;   ///< Where it stands.
};

/// Ways to read bytes as a picture: a byte, nibble, two bits or one bit a cell, or run lengths;
/// with the widths at which rows resemble the rows beside them. Empty for what is no picture, such
/// as text and random bytes.
std::vector<GridGuess> GuessGrids(std::span<const std::byte> bytes);

/// Cells of a picture, 0 or 1 each.
struct FloorGuess {
  std::vector<uint8_t> floor;
  std::vector<uint8_t> known;  ///< Whether the picture says what is there; floor always is.
};

/// Ways to tell a picture's floor from the rest: each common value, ranges of values, and what
/// walls enclose.
std::vector<FloorGuess> FloorGuesses(std::span<const std::byte> cells, size_t width);

}  // namespace dustproof::internal
