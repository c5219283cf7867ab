#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "sim/core/result.h"

namespace dustproof {

/// A row of a covering array: a level for each factor; `kOpen` where none is chosen yet.
using LevelRow = std::vector<size_t>;
inline constexpr size_t kOpen = static_cast<size_t>(-1);

/// Factors with a level each that can't all come together in a row. Empty: no row is feasible.
using LevelClash = std::vector<std::pair<size_t, size_t>>;

struct CoveringArray {
  std::vector<LevelRow> rows;    ///< None where no row is feasible.
  size_t tuples = 0;             ///< Ways to choose levels for `strength` factors;
  size_t infeasible_tuples = 0;  ///< of which no row allows these; every other one is in some row.
};

/// Rows in which every feasible choice of levels for any `strength` factors is met at least once. A row is feasible where
/// it has none of the clashes; a choice where some feasible row has it.
///
/// Greedy, a row at a time, the best of several candidates each (after Cohen, Dalal, Fredman and Patton, "The AETG
/// System", IEEE Trans. Software Eng. 23(7), 1997). The same factors give the same rows.
/// `levels`: how many each factor has, at least one each. `strength` from 1 to the count of factors. Fails, at once, where
/// the tuples are more than can be covered in reasonable time; the message says how many there are, and which strength does.
Result<CoveringArray> CoverTuples(const std::vector<size_t>& levels, size_t strength, const std::vector<LevelClash>& clashes);

}  // namespace dustproof
