#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hil/run/compare_recordings.h"
#include "sim/core/result.h"
#include "sim/core/time.h"

namespace dustproof {

/// A part of the run's state, and the first instant at which its hash was seen to differ.
struct PartDifference {
  std::string part;  ///< "physics", "firmware", "task main".
  SimTime time;
};

/// Where the states of two runs part, as far as their recordings tell: they hold the parts' hashes
/// every few seconds.
struct HashExplanation {
  std::string first_hash, second_hash;  ///< At the runs' ends; "" where a run died.
  uint64_t instants = 0;                ///< How many both recordings hold.
  std::optional<SimTime> last_equal;    ///< The last instant before the first difference.
  std::optional<SimTime> first_unequal;
  std::vector<PartDifference>
      parts;  ///< Those that differ sooner or later: by time, then in the order of hashing.
  std::vector<std::string> equal_parts;  ///< Those that never do.
  RecordingComparison recordings;        ///< The first message that differs, for the exact instant.

  bool same() const {
    return first_hash == second_hash && parts.empty() && !first_unequal && recordings.same();
  }
};

/// Fails where a file can't be read at all.
Result<HashExplanation> ExplainHash(const std::string& first, const std::string& second);

}  // namespace dustproof
