#include "hil/audit/internal/bit_grid.h"

#include <algorithm>

#include "sim/core/check.h"

namespace dustproof::internal {

namespace {

// The baseline x86-64 has no instruction that counts bits, and counting is most of what a
// registration does: so there are two bodies of one loop. Both count alike.
using CountRows = size_t (*)(const uint64_t* a, size_t a_stride, const uint64_t* b, size_t b_stride,
                             size_t words, size_t rows);

template <typename CountWord>
inline size_t CountRowsWith(const uint64_t* a, size_t a_stride, const uint64_t* b, size_t b_stride,
                            size_t words, size_t rows, CountWord count_word) {
  size_t count = 0;
  for (size_t row = 0; row < rows; ++row, a += a_stride, b += b_stride) {
    for (size_t word = 0; word < words; ++word) count += count_word(a[word] & b[word]);
  }
  return count;
}

size_t CountRowsPlain(const uint64_t* a, size_t a_stride, const uint64_t* b, size_t b_stride,
                      size_t words, size_t rows) {
  return CountRowsWith(a, a_stride, b, b_stride, words, rows, [](uint64_t v) {
    v -= v >> 1 & 0x5555555555555555ull;
    v = (v & 0x3333333333333333ull) + (v >> 2 & 0x3333333333333333ull);
    v = (v + (v >> 4)) & 0x0f0f0f0f0f0f0f0full;
    return static_cast<size_t>((v * 0x0101010101010101ull) >> 56);
  });
}

#if defined(__x86_64__)
__attribute__((target("popcnt"))) size_t CountRowsPopcnt(const uint64_t* a, size_t a_stride,
                                                         const uint64_t* b, size_t b_stride,
                                                         size_t words, size_t rows) {
  size_t count = 0;
  for (size_t row = 0; row < rows; ++row, a += a_stride, b += b_stride) {
    for (size_t word = 0; word < words; ++word)
      count += static_cast<size_t>(__builtin_popcountll(a[word] & b[word]));
  }
  return count;
}
const CountRows kCountRows = __builtin_cpu_supports("popcnt") ? CountRowsPopcnt : CountRowsPlain;
#else
const CountRows kCountRows = CountRowsPlain;
#endif

}  // namespace

void BitGrid::Set(int x, int y) {
  if (Has(x, y)) row(y)[x >> 6] |= uint64_t{1} << (x & 63);
}

size_t BitGrid::Count() const {
  const auto words = static_cast<size_t>(words_);
  return kCountRows(bits_.data(), words, bits_.data(), words, words, static_cast<size_t>(height_));
}

uint64_t BitGrid::Left(int y, int w) const {
  return row(y)[w] << 1 | (w > 0 ? row(y)[w - 1] >> 63 : 0);
}

uint64_t BitGrid::Right(int y, int w) const {
  return row(y)[w] >> 1 | (w + 1 < words_ ? row(y)[w + 1] << 63 : 0);
}

void BitGrid::Trim() {
  if (width_ % 64 == 0) return;
  const uint64_t inside = (uint64_t{1} << (width_ % 64)) - 1;
  for (int y = 0; y < height_; ++y) row(y)[words_ - 1] &= inside;
}

BitGrid BitGrid::Grown() const {
  BitGrid wide(width_, height_), out(width_, height_);
  for (int y = 0; y < height_; ++y) {
    for (int w = 0; w < words_; ++w) wide.row(y)[w] = row(y)[w] | Left(y, w) | Right(y, w);
  }
  for (int y = 0; y < height_; ++y) {
    for (int w = 0; w < words_; ++w) {
      out.row(y)[w] = wide.row(y)[w] | (y > 0 ? wide.row(y - 1)[w] : 0) |
                      (y + 1 < height_ ? wide.row(y + 1)[w] : 0);
    }
  }
  out.Trim();
  return out;
}

BitGrid BitGrid::Shrunk() const {
  BitGrid narrow(width_, height_), out(width_, height_);
  for (int y = 0; y < height_; ++y) {
    for (int w = 0; w < words_; ++w) narrow.row(y)[w] = row(y)[w] & Left(y, w) & Right(y, w);
  }
  for (int y = 1; y + 1 < height_; ++y) {
    for (int w = 0; w < words_; ++w)
      out.row(y)[w] = narrow.row(y - 1)[w] & narrow.row(y)[w] & narrow.row(y + 1)[w];
  }
  return out;
}

BitGrid BitGrid::Beside() const {
  BitGrid out(width_, height_);
  for (int y = 0; y < height_; ++y) {
    for (int w = 0; w < words_; ++w) {
      out.row(y)[w] = Left(y, w) | Right(y, w) | (y > 0 ? row(y - 1)[w] : 0) |
                      (y + 1 < height_ ? row(y + 1)[w] : 0);
    }
  }
  out.Trim();
  return out;
}

BitGrid BitGrid::And(const BitGrid& other) const {
  DP_CHECK(width_ == other.width_ && height_ == other.height_);
  BitGrid out = *this;
  for (size_t i = 0; i < bits_.size(); ++i) out.bits_[i] &= other.bits_[i];
  return out;
}

BitGrid BitGrid::Without(const BitGrid& other) const {
  DP_CHECK(width_ == other.width_ && height_ == other.height_);
  BitGrid out = *this;
  for (size_t i = 0; i < bits_.size(); ++i) out.bits_[i] &= ~other.bits_[i];
  return out;
}

BitGrid BitGrid::Laid(int orientation) const {
  const int turns = orientation % 4;
  const bool upright = turns % 2 == 0;
  BitGrid out(upright ? width_ : height_, upright ? height_ : width_);
  for (int y = 0; y < height_; ++y) {
    for (int at = 0; at < width_; ++at) {
      if (!Get(at, y)) continue;
      const int x = orientation >= 4 ? width_ - 1 - at : at;
      if (turns == 0) out.Set(x, y);
      if (turns == 1) out.Set(height_ - 1 - y, x);
      if (turns == 2) out.Set(width_ - 1 - x, height_ - 1 - y);
      if (turns == 3) out.Set(y, width_ - 1 - x);
    }
  }
  return out;
}

MovedGrid::MovedGrid(const BitGrid& grid, int dx)
    : height_(grid.height()),
      words_(grid.words() + 1),
      first_word_(dx >= 0 ? dx / 64 : -((63 - dx) / 64)),
      bits_(static_cast<size_t>(words_) * static_cast<size_t>(height_), 0) {
  const int shift = dx - first_word_ * 64;
  for (int y = 0; y < height_; ++y) {
    const uint64_t* from = grid.row(y);
    uint64_t* to = bits_.data() + static_cast<size_t>(y) * static_cast<size_t>(words_);
    for (int w = 0; w < grid.words(); ++w) {
      to[w] |= from[w] << shift;
      if (shift > 0) to[w + 1] |= from[w] >> (64 - shift);
    }
  }
}

size_t MovedGrid::CountCommon(const BitGrid& below, int dy) const {
  const int row_begin = std::max(0, dy), row_end = std::min(below.height(), height_ + dy);
  const int word_begin = std::max(0, first_word_),
            word_end = std::min(below.words(), first_word_ + words_);
  if (row_begin >= row_end || word_begin >= word_end) return 0;
  const uint64_t* mine = bits_.data() +
                         static_cast<size_t>(row_begin - dy) * static_cast<size_t>(words_) +
                         (word_begin - first_word_);
  return kCountRows(below.row(row_begin) + word_begin, static_cast<size_t>(below.words()), mine,
                    static_cast<size_t>(words_), static_cast<size_t>(word_end - word_begin),
                    static_cast<size_t>(row_end - row_begin));
}

}  // namespace dustproof::internal
