#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace dustproof::internal {

/// Cells that are set or not, 64 a word, row by row; x grows to the right, y from row to row.
class BitGrid {
 public:
  BitGrid() = default;
  BitGrid(int width, int height)
      : width_(width),
        height_(height),
        words_((width + 63) / 64),
        bits_(static_cast<size_t>(words_) * static_cast<size_t>(height), 0) {}

  int width() const { return width_; }
  int height() const { return height_; }
  int words() const { return words_; }  ///< Of a row.
  const uint64_t* row(int y) const {
    return bits_.data() + static_cast<size_t>(y) * static_cast<size_t>(words_);
  }
  bool Has(int x, int y) const { return x >= 0 && y >= 0 && x < width_ && y < height_; }
  /// False outside of the grid.
  bool Get(int x, int y) const { return Has(x, y) && (row(y)[x >> 6] >> (x & 63) & 1) != 0; }
  /// Does nothing outside of the grid.
  void Set(int x, int y);
  size_t Count() const;

  /// Every cell that is set, or touches one that is, corners included.
  BitGrid Grown() const;
  /// Every cell that is set and whose eight neighbours are; beyond the grid nothing is set.
  BitGrid Shrunk() const;
  /// Every cell one of whose four neighbours is set.
  BitGrid Beside() const;
  /// The cells that are set in both. @pre both are of one size
  BitGrid And(const BitGrid& other) const;
  /// The cells that are set here and not there. @pre both are of one size
  BitGrid Without(const BitGrid& other) const;
  /// One of the eight ways to lay a sheet on squared paper: mirrored in x where `orientation` is 4
  /// or more, then turned by `orientation % 4` quarters, counter-clockwise.
  BitGrid Laid(int orientation) const;

 private:
  uint64_t* row(int y) {
    return bits_.data() + static_cast<size_t>(y) * static_cast<size_t>(words_);
  }
  /// Word `w` of row `y` with every cell's left or right neighbour in its place; beyond the grid
  /// nothing is set.
  uint64_t Left(int y, int w) const;
  uint64_t Right(int y, int w) const;
  /// Clears what lies in the last words beyond the width.
  void Trim();

  int width_ = 0, height_ = 0, words_ = 0;
  std::vector<uint64_t> bits_;
};

/// A grid moved by `dx` columns, to be held against many rows of another.
class MovedGrid {
 public:
  MovedGrid(const BitGrid& grid, int dx);
  MovedGrid() = default;

  /// Cells that are set in `below` and, moved down by `dy` rows, here.
  size_t CountCommon(const BitGrid& below, int dy) const;

 private:
  int height_ = 0, words_ = 0, first_word_ = 0;
  std::vector<uint64_t> bits_;
};

}  // namespace dustproof::internal
