#include "hil/audit/internal/grid_guess.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <set>

namespace dustproof::internal {

namespace {

constexpr size_t kCellsMin = 400, kCellsMax = 8u << 20;
constexpr size_t kWidthMin = 12, kWidthMax = 2048;
constexpr double kEntropyMax = 6.0;    // Bits a byte; packed and random bytes have near eight.
constexpr double kLikenessMin = 0.45;  // Of rows to the next, above chance.
constexpr size_t kSamples = 6000;
constexpr size_t kGuessesMax = 12;

double Entropy(std::span<const std::byte> bytes) {
  std::array<size_t, 256> counts{};
  for (const std::byte b : bytes) ++counts[static_cast<size_t>(b)];
  double bits = 0;
  for (const size_t count : counts) {
    if (count == 0) continue;
    const double share = static_cast<double>(count) / static_cast<double>(bytes.size());
    bits -= share * std::log2(share);
  }
  return bits;
}

/// How much oftener than by chance a cell equals the one `width` further on.
class Likeness {
 public:
  explicit Likeness(std::span<const std::byte> cells)
      : cells_(cells), step_(std::max<size_t>(1, cells.size() / kSamples)) {
    std::array<double, 256> counts{};
    for (const std::byte b : cells) ++counts[static_cast<size_t>(b)];
    for (const double count : counts) chance_ += count * count;
    chance_ /= static_cast<double>(cells.size()) * static_cast<double>(cells.size());
  }
  double At(size_t width) const {
    if (chance_ > 0.995 || width >= cells_.size()) return 0;
    size_t equal = 0, count = 0;
    // A step that shares no factor with rows, so that samples fall on all columns.
    for (size_t i = 0; i + width < cells_.size(); i += step_ | 1) {
      equal += cells_[i] == cells_[i + width] ? 1 : 0;
      ++count;
    }
    return count == 0 ? 0
                      : (static_cast<double>(equal) / static_cast<double>(count) - chance_) /
                            (1 - chance_);
  }

 private:
  std::span<const std::byte> cells_;
  size_t step_;
  double chance_ = 0;
};

/// Widths at which rows resemble each other, best first, and of multiples the smallest.
std::vector<size_t> GuessWidths(std::span<const std::byte> cells) {
  const Likeness likeness(cells);
  const size_t width_max = std::min(kWidthMax, cells.size() / 8);
  if (width_max < kWidthMin + 2) return {};
  std::vector<double> at(width_max + 2, 0);
  for (size_t w = kWidthMin - 1; w <= width_max; ++w) at[w] = likeness.At(w);
  std::vector<std::pair<double, size_t>> peaks;
  for (size_t w = kWidthMin; w < width_max; ++w) {
    // A peak stands out from its surroundings: likeness falls off to both sides, over a few cells.
    const size_t away = std::max<size_t>(3, w / 4);
    const double around =
        std::max(at[w - std::min(away, w - kWidthMin + 1)], at[std::min(w + away, width_max)]);
    if (at[w] >= kLikenessMin && at[w] >= at[w - 1] && at[w] >= at[w + 1] && at[w] > around + 0.02)
      peaks.emplace_back(at[w], w);
  }
  std::sort(peaks.begin(), peaks.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  std::vector<size_t> widths;
  for (const auto& [score, width] : peaks) {
    if (widths.size() >= 2 || score < peaks.front().first * 0.9) break;
    // The row itself rather than two rows.
    size_t smallest = width;
    for (const auto& [other_score, other] : peaks) {
      if (other < smallest && other_score >= score * 0.93 && width % other <= 1) smallest = other;
    }
    if (std::find(widths.begin(), widths.end(), smallest) == widths.end())
      widths.push_back(smallest);
  }
  return widths;
}

/// Rolls each row so that its seam lies where the picture changes least: a header shifts all rows
/// alike.
Bytes Unroll(std::span<const std::byte> cells, size_t width) {
  const size_t height = cells.size() / width;
  std::vector<size_t> changes(width, 0);
  for (size_t y = 0; y < height; ++y) {
    for (size_t x = 0; x < width; ++x) {
      const size_t at = y * width + x;
      if (at + 1 < cells.size() && cells[at] != cells[at + 1]) ++changes[x];
    }
  }
  // The middle of the longest quiet stretch, around the end of the row too.
  const size_t least = *std::min_element(changes.begin(), changes.end());
  size_t best_length = 0, best_end = 0, length = 0;
  for (size_t i = 0; i < 2 * width; ++i) {
    length = changes[i % width] <= least ? length + 1 : 0;
    if (length > best_length && length <= width) best_length = length, best_end = i;
  }
  if (best_length == 0)
    return Bytes(cells.begin(), cells.begin() + static_cast<ptrdiff_t>(width * height));
  const size_t seam = (best_end + 1 - best_length / 2) % width;
  Bytes out(width * height);
  for (size_t i = 0; i + seam < width * height; ++i) out[i] = cells[i + seam];
  return out;
}

void AddGuesses(std::span<const std::byte> cells, const std::string& form, ByteRange range,
                std::vector<GridGuess>* out) {
  if (cells.size() < kCellsMin || cells.size() > kCellsMax || out->size() >= kGuessesMax) return;
  for (const size_t width : GuessWidths(cells))
    out->push_back({Unroll(cells, width), width, form, range});
}

Bytes ExpandBits(std::span<const std::byte> bytes, int bits, bool low_first) {
  Bytes cells;
  cells.reserve(bytes.size() * 8 / static_cast<size_t>(bits));
  const int per_byte = 8 / bits, mask = (1 << bits) - 1;
  for (const std::byte b : bytes) {
    for (int i = 0; i < per_byte; ++i) {
      const int shift = bits * (low_first ? i : per_byte - 1 - i);
      cells.push_back(static_cast<std::byte>(static_cast<int>(b) >> shift & mask));
    }
  }
  return cells;
}

/// Runs as (value, count) or (count, value), counts of one or two bytes, behind a header of up to
/// 40 bytes.
void AddRuns(std::span<const std::byte> bytes, std::vector<GridGuess>* out) {
  for (const bool value_first : {true, false}) {
    for (const size_t count_bytes : {size_t{1}, size_t{2}}) {
      const size_t stride = 1 + count_bytes;
      for (size_t offset = 0; offset < std::min<size_t>(40, bytes.size()); ++offset) {
        Bytes cells;
        std::set<std::byte> values;
        size_t at = offset, runs = 0;
        std::byte last{};
        for (; at + stride <= bytes.size(); at += stride) {
          const std::byte value = bytes[at + (value_first ? 0 : count_bytes)];
          const size_t first = at + (value_first ? 1 : 0);
          size_t count = static_cast<size_t>(bytes[first]);
          if (count_bytes == 2) count |= static_cast<size_t>(bytes[first + 1]) << 8;
          values.insert(value);
          // Neighbouring runs differ, but for runs longer than a count can say.
          const bool repeats =
              runs > 0 && value == last && count_bytes == 1 && cells.size() >= 255 && count != 0;
          if (count == 0 || values.size() > 6 || (runs > 0 && value == last && !repeats) ||
              cells.size() + count > kCellsMax)
            break;
          last = value;
          ++runs;
          cells.insert(cells.end(), count, value);
        }
        const bool nearly_all = at + 64 >= bytes.size() || (at - offset) * 2 > bytes.size();
        if (runs >= 40 && values.size() >= 2 && cells.size() >= runs * 3 && nearly_all) {
          AddGuesses(cells, count_bytes == 1 ? "run lengths" : "run lengths of two bytes",
                     {offset, at}, out);
          break;
        }
      }
    }
  }
}

}  // namespace

std::vector<GridGuess> GuessGrids(std::span<const std::byte> bytes) {
  std::vector<GridGuess> out;
  if (bytes.size() < 64 || bytes.size() > kCellsMax) return out;
  const double entropy = Entropy(bytes);
  if (entropy > 7.5) return out;
  const ByteRange all{0, bytes.size()};
  if (entropy <= kEntropyMax) AddGuesses(bytes, "", all, &out);
  if (out.empty() && bytes.size() <= 512 * 1024) {
    for (const bool low_first : {false, true}) {
      for (const int bits : {1, 2, 4}) {
        const std::string form =
            std::to_string(bits) + (bits == 1 ? " bit a cell" : " bits a cell");
        AddGuesses(ExpandBits(bytes, bits, low_first), form, all, &out);
      }
    }
  }
  if (bytes.size() <= 512 * 1024) AddRuns(bytes, &out);
  return out;
}

std::vector<std::vector<uint8_t>> FloorGuesses(std::span<const std::byte> cells, size_t width) {
  std::array<size_t, 256> counts{};
  for (const std::byte b : cells) ++counts[static_cast<size_t>(b)];
  std::vector<std::pair<size_t, int>> common;
  for (int v = 0; v < 256; ++v) {
    if (counts[static_cast<size_t>(v)] * 50 >= cells.size())
      common.emplace_back(counts[static_cast<size_t>(v)], v);
  }
  std::sort(common.rbegin(), common.rend());
  std::vector<std::vector<uint8_t>> guesses;
  const auto add = [&](auto is_floor) {
    std::vector<uint8_t> mask(cells.size());
    size_t count = 0;
    for (size_t i = 0; i < cells.size(); ++i)
      count += mask[i] = is_floor(i, static_cast<int>(cells[i])) ? 1 : 0;
    if (count * 40 >= cells.size() && count * 100 <= cells.size() * 99)
      guesses.push_back(std::move(mask));
  };
  for (size_t i = 0; i < std::min<size_t>(common.size(), 4); ++i) {
    add([&](size_t, int v) { return v == common[i].second; });
  }
  const size_t distinct = static_cast<size_t>(
      std::count_if(counts.begin(), counts.end(), [](size_t c) { return c > 0; }));
  if (distinct > 4) {
    add([](size_t, int v) { return v < 64; });
    add([](size_t, int v) { return v >= 192 && v < 255; });
    add([](size_t, int v) { return v >= 128; });
  }
  // Everything known: the commonest value is what lies outside.
  if (common.size() >= 2) add([&](size_t, int v) { return v != common[0].second; });
  // What walls of one value enclose: cells that the picture's border does not reach.
  const size_t height = cells.size() / width;
  for (int wall = 0; wall < 256 && height > 2; ++wall) {
    const size_t count = counts[static_cast<size_t>(wall)];
    if (count * 200 < cells.size() || count * 5 > cells.size()) continue;
    std::vector<uint8_t> outside(cells.size(), 0);
    std::vector<size_t> open;
    const auto reach = [&](size_t i) {
      if (outside[i] == 0 && static_cast<int>(cells[i]) != wall) outside[i] = 1, open.push_back(i);
    };
    for (size_t x = 0; x < width; ++x) reach(x), reach((height - 1) * width + x);
    for (size_t y = 0; y < height; ++y) reach(y * width), reach(y * width + width - 1);
    while (!open.empty()) {
      const size_t i = open.back();
      open.pop_back();
      const size_t x = i % width, y = i / width;
      if (x > 0) reach(i - 1);
      if (x + 1 < width) reach(i + 1);
      if (y > 0) reach(i - width);
      if (y + 1 < height) reach(i + width);
    }
    add([&](size_t i, int v) { return outside[i] == 0 && v != wall; });
    if (guesses.size() >= 8) break;
  }
  return guesses;
}

}  // namespace dustproof::internal
