#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "hil/audit/internal/content.h"
#include "hil/capture/messages.h"

namespace dustproof::internal {

struct ScanMatch {
  ByteRange range;  ///< Of the bytes, or of the numbers by index.
  SimTime scan_time;
  size_t beams = 0;  ///< How many ranges agree one after another.
};

/// Finds the lidar's own readings: runs of ranges that equal those of a recorded turn, in
/// millimetres or centimetres, as numbers or as 16-bit integers. A run of six ranges to the
/// millimetre does not come about by chance.
class ScanMatcher {
 public:
  explicit ScanMatcher(const std::vector<ScanSample>& scans);

  std::optional<ScanMatch> FindInBytes(std::span<const std::byte> bytes) const;
  std::optional<ScanMatch> FindInNumbers(const std::vector<double>& values) const;

 private:
  void SortEntries();
  template <typename F>
  std::optional<ScanMatch> FindRun(size_t count, F value_at) const;

  struct Entry {
    uint64_t key;
    uint32_t scan;
    bool operator<(const Entry& other) const {
      return key != other.key ? key < other.key : scan < other.scan;
    }
  };
  std::vector<Entry> entries_;  ///< Hashes of four ranges in a row.
  std::vector<uint64_t> bitmap_;
  std::vector<SimTime> times_;
};

}  // namespace dustproof::internal
