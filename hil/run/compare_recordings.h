#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sim/core/result.h"

namespace dustproof {

/// Where two recordings part: the first message that isn't the same in both.
struct Difference {
  uint64_t index = 0;  ///< Counts messages from 1.
  double time_s =
      0;  ///< Of the message in the first recording (or in the second where the first has ended).
  std::string first,
      second;  ///< The message in a line each; "nothing more" where that recording has ended.
};

/// Compares message by message, to the last bit. Nothing where they are the same.
Result<std::optional<Difference>> CompareRecordings(const std::string& first,
                                                    const std::string& second);

}  // namespace dustproof
