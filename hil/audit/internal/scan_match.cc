#include "hil/audit/internal/scan_match.h"

#include <algorithm>
#include <cmath>

namespace dustproof::internal {

namespace {

constexpr size_t kWindow = 4;
constexpr size_t kRunMin = 12;     // Windows that must hit within a stretch of twice as many.
constexpr int64_t kValueMin = 40;  // Small numbers stand everywhere.
constexpr size_t kBitmapBits = 25;
constexpr size_t kScansMax = 1500;  // More are thinned: a leak sends whole turns, and sends many.

uint64_t Hash4(const int64_t* v) {
  uint64_t hash = 0x9E3779B97F4A7C15ull;
  for (size_t i = 0; i < kWindow; ++i) {
    hash = (hash ^ static_cast<uint64_t>(v[i])) * 0xBF58476D1CE4E5B9ull;
    hash ^= hash >> 29;
  }
  return hash;
}

/// Walls at a constant range say nothing: at least three values must differ.
bool Telling(const int64_t* v) {
  int distinct = 1;
  for (size_t i = 1; i < kWindow; ++i) {
    if (v[i] < kValueMin) return false;
    distinct += std::find(v, v + i, v[i]) == v + i ? 1 : 0;
  }
  return v[0] >= kValueMin && distinct >= 3;
}

}  // namespace

ScanMatcher::ScanMatcher(const std::vector<ScanSample>& scans)
    : bitmap_((size_t{1} << kBitmapBits) / 64, 0) {
  const size_t step = std::max<size_t>(1, (scans.size() + kScansMax - 1) / kScansMax);
  for (size_t s = 0; s < scans.size(); s += step) {
    const auto scan = static_cast<uint32_t>(times_.size());
    times_.push_back(scans[s].time);
    for (const double scale : {1000.0, 100.0}) {
      std::vector<int64_t> values;
      for (const float range : scans[s].range_m) values.push_back(std::llround(range * scale));
      for (size_t i = 0; i + kWindow <= values.size(); ++i) {
        if (!Telling(&values[i])) continue;
        const uint64_t key = Hash4(&values[i]);
        entries_.push_back({key, scan});
        bitmap_[key >> (64 - kBitmapBits) >> 6] |= uint64_t{1} << (key >> (64 - kBitmapBits) & 63);
      }
    }
  }
  SortEntries();
}

// Keys are hashes, so that their upper bits spread them evenly: a count for each, then a few in each to sort.
void ScanMatcher::SortEntries() {
  constexpr int kBucketBits = 16;
  const auto bucket_of = [](const Entry& entry) { return entry.key >> (64 - kBucketBits); };
  std::vector<size_t> begins((size_t{1} << kBucketBits) + 1, 0);
  for (const Entry& entry : entries_) ++begins[bucket_of(entry) + 1];
  for (size_t i = 1; i < begins.size(); ++i) begins[i] += begins[i - 1];
  std::vector<Entry> sorted(entries_.size());
  std::vector<size_t> next(begins.begin(), begins.end() - 1);
  for (const Entry& entry : entries_) sorted[next[bucket_of(entry)]++] = entry;
  for (size_t i = 0; i + 1 < begins.size(); ++i)
    std::sort(sorted.begin() + static_cast<ptrdiff_t>(begins[i]), sorted.begin() + static_cast<ptrdiff_t>(begins[i + 1]));
  entries_ = std::move(sorted);
}

template <typename F>
std::optional<ScanMatch> ScanMatcher::FindRun(size_t count, F value_at) const {
  if (entries_.empty() || count < kRunMin + kWindow) return std::nullopt;
  size_t hits = 0, first = 0, last = 0;
  uint32_t scan = 0;
  int64_t window[kWindow];
  for (size_t i = 0; i + kWindow <= count; ++i) {
    for (size_t k = 0; k < kWindow; ++k) window[k] = value_at(i + k);
    if (!Telling(window)) continue;
    const uint64_t key = Hash4(window);
    const uint64_t slot = key >> (64 - kBitmapBits);
    if ((bitmap_[slot >> 6] >> (slot & 63) & 1) == 0) continue;
    const auto entry = std::lower_bound(entries_.begin(), entries_.end(), Entry{key, 0});
    if (entry == entries_.end() || entry->key != key) continue;
    // All of one turn: a pattern that stands in many turns stands in other things too.
    const bool same_turn =
        hits > 0 && std::binary_search(entries_.begin(), entries_.end(), Entry{key, scan});
    if (hits > 2 && !same_turn && i <= last + 2 * kRunMin) continue;
    if (hits == 0 || !same_turn || i > last + 2 * kRunMin) {
      hits = 0;
      first = i;
      scan = entry->scan;
    }
    last = i;
    if (++hits >= kRunMin)
      return ScanMatch{{first, last + kWindow}, times_[scan], hits + kWindow - 1};
  }
  return std::nullopt;
}

std::optional<ScanMatch> ScanMatcher::FindInBytes(std::span<const std::byte> bytes) const {
  for (size_t stride : {size_t{2}, size_t{3}, size_t{4}, size_t{5}}) {
    for (size_t phase = 0; phase < stride; ++phase) {
      for (const bool big_endian : {false, true}) {
        if (bytes.size() < phase + stride) continue;
        const size_t count = (bytes.size() - phase - 2) / stride + 1;
        auto match = FindRun(count, [&](size_t i) {
          const auto a = static_cast<int64_t>(bytes[phase + i * stride]);
          const auto b = static_cast<int64_t>(bytes[phase + i * stride + 1]);
          return big_endian ? a << 8 | b : b << 8 | a;
        });
        if (!match) continue;
        match->range = {phase + match->range.begin * stride,
                        phase + (match->range.end - 1) * stride + 2};
        return match;
      }
    }
  }
  return std::nullopt;
}

std::optional<ScanMatch> ScanMatcher::FindInNumbers(const std::vector<double>& values) const {
  for (const double scale : {1.0, 1000.0, 100.0}) {
    if (auto match = FindRun(values.size(), [&](size_t i) {
          return std::llround(std::clamp(values[i] * scale, -1e9, 1e9));
        })) {
      return match;
    }
  }
  return std::nullopt;
}

}  // namespace dustproof::internal
