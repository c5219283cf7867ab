#include "hil/audit/internal/grid_guess.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <map>
#include <set>

namespace dustproof::internal {

namespace {

constexpr size_t kCellsMin = 400, kCellsMax = 8u << 20;
constexpr size_t kWidthMin = 12, kWidthMax = 2048;
constexpr double kEntropyMax = 6.0;  // Bits a byte; packed and random bytes have near eight.
// Of rows to the next, above chance. Of maps more than 0.8, of coarse ones somewhat less; packed
// text comes near 0.6, since its letters have bits in common.
constexpr double kLikenessMin = 0.55, kPackedLikenessMin = 0.7;
constexpr double kFarRowsDiffer = 1.6;  // Times as much as neighbours.
constexpr size_t kSamples = 6000;
constexpr size_t kGuessesMax = 24;
constexpr size_t kValuesMax = 8;
constexpr size_t kPackedBytesMax = 512 * 1024;

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

size_t Distinct(std::span<const std::byte> bytes) {
  std::array<bool, 256> seen{};
  for (const std::byte b : bytes) seen[static_cast<size_t>(b)] = true;
  return static_cast<size_t>(std::count(seen.begin(), seen.end(), true));
}

/// Equal bytes of two words.
size_t CountEqual(uint64_t a, uint64_t b) {
  constexpr uint64_t kLow = 0x7f7f7f7f7f7f7f7full;
  const uint64_t differs = a ^ b;
  // The highest bit of each byte that is not zero, then the number of the others.
  const uint64_t nonzero = (((differs & kLow) + kLow) | differs) & ~kLow;
  return 8 - static_cast<size_t>((nonzero >> 7) * 0x0101010101010101ull >> 56);
}

/// How much oftener than by chance a cell equals the one `width` further on.
class Likeness {
 public:
  explicit Likeness(std::span<const std::byte> cells)
      : cells_(cells), step_(std::max<size_t>(kWord, cells.size() / (kSamples / kWord))) {
    std::array<double, 256> counts{};
    for (const std::byte b : cells) ++counts[static_cast<size_t>(b)];
    for (const double count : counts) chance_ += count * count;
    chance_ /= static_cast<double>(cells.size()) * static_cast<double>(cells.size());
  }
  double At(size_t width) const {
    if (chance_ > 0.995 || width + kWord > cells_.size()) return 0;
    size_t equal = 0, count = 0;
    // An odd step shares few factors with rows, so that samples fall on all columns.
    const size_t step = step_ == kWord ? kWord : step_ | 1;
    for (size_t i = 0; i + width + kWord <= cells_.size(); i += step) {
      uint64_t here = 0, there = 0;
      std::memcpy(&here, cells_.data() + i, kWord);
      std::memcpy(&there, cells_.data() + i + width, kWord);
      equal += CountEqual(here, there);
      count += kWord;
    }
    return (static_cast<double>(equal) / static_cast<double>(count) - chance_) / (1 - chance_);
  }

 private:
  static constexpr size_t kWord = 8;
  std::span<const std::byte> cells_;
  size_t step_;
  double chance_ = 0;
};

/// Whether rows far apart are as like as neighbours: bytes with a period, of which no picture
/// comes.
bool Repeats(const Likeness& likeness, size_t size, size_t width) {
  const size_t rows_apart = std::max<size_t>(4, size / width / 4);
  return 1 - likeness.At(width * rows_apart) < kFarRowsDiffer * (1 - likeness.At(width));
}

/// Widths at which rows resemble each other, best first, and of multiples the smallest.
std::vector<size_t> GuessWidths(std::span<const std::byte> cells, double likeness_min) {
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
    if (at[w] >= likeness_min && at[w] >= at[w - 1] && at[w] >= at[w + 1] && at[w] > around + 0.02)
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
    const bool known = std::find(widths.begin(), widths.end(), smallest) != widths.end();
    if (!known && !Repeats(likeness, cells.size(), smallest)) widths.push_back(smallest);
  }
  return widths;
}

/// How far into the first row the picture's first column may stand, behind a header that shifts all
/// rows alike: nowhere; what is left over where it ends with the bytes; and where the picture
/// changes least, as at the margins around a whole home. A piece of one has no margins.
std::vector<size_t> GuessSeams(std::span<const std::byte> cells, size_t width) {
  std::vector<size_t> seams = {0};
  // A picture that is off by a fiftieth is found all the same.
  const auto add = [&](size_t seam) {
    const bool known = std::any_of(seams.begin(), seams.end(), [&](size_t other) {
      const size_t apart = seam > other ? seam - other : other - seam;
      return std::min(apart, width - apart) <= width / 50;
    });
    if (!known) seams.push_back(seam);
  };
  add(cells.size() % width);
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
  if (best_length > 0) add((best_end + 1 - best_length / 2) % width);
  return seams;
}

void AddGuesses(std::span<const std::byte> cells, const std::string& form, ByteRange range,
                double likeness_min, std::vector<GridGuess>* out) {
  if (cells.size() < kCellsMin || cells.size() > kCellsMax || out->size() >= kGuessesMax) return;
  for (const size_t width : GuessWidths(cells, likeness_min)) {
    for (const size_t seam : GuessSeams(cells, width)) {
      const auto rows = cells.subspan(seam, (cells.size() - seam) / width * width);
      out->push_back({Bytes(rows.begin(), rows.end()), width, form, range});
    }
  }
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
                     {offset, at}, kLikenessMin, out);
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
  if (entropy <= kEntropyMax) AddGuesses(bytes, "", all, kLikenessMin, &out);
  if (bytes.size() > kPackedBytesMax) return out;
  const size_t bare = out.size();
  AddRuns(bytes, &out);
  // A map of a byte a cell has few values; packed cells make many, and rows of them look alike too.
  const bool could_be_packed = out.size() == bare && (bare == 0 || Distinct(bytes) > kValuesMax);
  if (!could_be_packed) return out;
  for (const bool low_first : {false, true}) {
    for (const int bits : {1, 2, 4}) {
      const std::string form = std::to_string(bits) + (bits == 1 ? " bit a cell" : " bits a cell");
      AddGuesses(ExpandBits(bytes, bits, low_first), form, all, kPackedLikenessMin, &out);
    }
  }
  return out;
}

namespace {

/// Counts the values of a picture's cells, and makes masks of them.
class FloorGuesser {
 public:
  FloorGuesser(std::span<const std::byte> cells, size_t width)
      : cells_(cells), width_(width), height_(cells.size() / width) {
    for (const std::byte b : cells) ++counts_[static_cast<size_t>(b)];
    for (int v = 0; v < 256; ++v) {
      if (counts_[static_cast<size_t>(v)] * 50 >= cells.size())
        common_.emplace_back(counts_[static_cast<size_t>(v)], v);
    }
    std::sort(common_.rbegin(), common_.rend());
  }

  std::vector<FloorGuess> Run() {
    for (size_t i = 0; i < std::min<size_t>(common_.size(), 4); ++i) {
      const int value = common_[i].second;
      AddByValue([value](int v) { return v == value; });
    }
    const auto distinct =
        std::count_if(counts_.begin(), counts_.end(), [](size_t c) { return c > 0; });
    if (distinct > 4) {
      AddByValue([](int v) { return v < 64; });
      AddByValue([](int v) { return v >= 192 && v < 255; });
      AddByValue([](int v) { return v >= 128; });
    }
    // Everything known: the commonest value is what lies outside.
    if (common_.size() >= 2) {
      const int outside = common_[0].second;
      AddByValue([outside](int v) { return v != outside; });
    }
    for (int wall = 0; wall < 256 && height_ > 2 && guesses_.size() < kGuessesMax; ++wall) {
      const size_t count = counts_[static_cast<size_t>(wall)];
      if (count * 200 >= cells_.size() && count * 5 <= cells_.size()) AddEnclosed(wall);
    }
    return std::move(guesses_);
  }

 private:
  static constexpr size_t kGuessesMax = 8;

  /// Whether a mask could be a floor: neither nearly nothing nor nearly all; in pieces that are
  /// broader than their rims; with edges both ways. Stripes and dust are none: bytes with a period
  /// make many of them.
  bool Plausible(const std::vector<uint8_t>& floor) const {
    size_t count = 0, rim = 0, changes_x = 0, changes_y = 0;
    for (size_t y = 0; y + 1 < height_; ++y) {
      for (size_t x = 0; x + 1 < width_; ++x) {
        const size_t i = y * width_ + x;
        const bool right = floor[i] != floor[i + 1], up = floor[i] != floor[i + width_];
        count += floor[i];
        changes_x += right ? 1 : 0;
        changes_y += up ? 1 : 0;
        rim += right || up ? 1 : 0;
      }
    }
    return count * 40 >= cells_.size() && count * 100 <= cells_.size() * 99 && rim * 2 <= count &&
           std::min(changes_x, changes_y) * 12 >= std::max(changes_x, changes_y);
  }

  /// What the picture says nothing about: of what is no floor the commonest value by far, where
  /// another is left over for walls. -1 where there is none.
  template <typename F>
  int Background(F is_floor) const {
    size_t all = 0, most = 0;
    int value = -1;
    for (int v = 0; v < 256; ++v) {
      const size_t count = counts_[static_cast<size_t>(v)];
      if (is_floor(v)) continue;
      all += count;
      if (count > most) most = count, value = v;
    }
    const size_t walls = all - most;
    return most > walls && walls * 200 >= cells_.size() ? value : -1;
  }

  template <typename F>
  void AddByValue(F is_floor) {
    const int background = Background(is_floor);
    FloorGuess guess;
    guess.floor.resize(cells_.size());
    guess.known.resize(cells_.size());
    for (size_t i = 0; i < cells_.size(); ++i) {
      const auto v = static_cast<int>(cells_[i]);
      guess.floor[i] = is_floor(v) ? 1 : 0;
      guess.known[i] = v != background ? 1 : 0;
    }
    if (Plausible(guess.floor)) guesses_.push_back(std::move(guess));
  }

  /// What walls of one value enclose: cells that the picture's border does not reach.
  void AddEnclosed(int wall) {
    std::vector<uint8_t> outside(cells_.size(), 0);
    std::vector<size_t> open;
    const auto reach = [&](size_t i) {
      if (outside[i] == 0 && static_cast<int>(cells_[i]) != wall) outside[i] = 1, open.push_back(i);
    };
    for (size_t x = 0; x < width_; ++x) reach(x), reach((height_ - 1) * width_ + x);
    for (size_t y = 0; y < height_; ++y) reach(y * width_), reach(y * width_ + width_ - 1);
    while (!open.empty()) {
      const size_t i = open.back();
      open.pop_back();
      const size_t x = i % width_, y = i / width_;
      if (x > 0) reach(i - 1);
      if (x + 1 < width_) reach(i + 1);
      if (y > 0) reach(i - width_);
      if (y + 1 < height_) reach(i + width_);
    }
    FloorGuess guess;
    guess.floor.resize(cells_.size());
    for (size_t i = 0; i < cells_.size(); ++i)
      guess.floor[i] = outside[i] == 0 && static_cast<int>(cells_[i]) != wall ? 1 : 0;
    if (!Plausible(guess.floor)) return;
    guess.known.assign(cells_.size(), 1);
    guesses_.push_back(std::move(guess));
  }

  std::span<const std::byte> cells_;
  const size_t width_, height_;
  std::array<size_t, 256> counts_{};
  std::vector<std::pair<size_t, int>> common_;
  std::vector<FloorGuess> guesses_;
};

}  // namespace

std::vector<FloorGuess> FloorGuesses(std::span<const std::byte> cells, size_t width) {
  return FloorGuesser(cells, width).Run();
}

}  // namespace dustproof::internal
