#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "sim/core/result.h"

namespace dustproof {

/// A row of a covering array: a level for each factor; `kOpen` where none is chosen yet.
using LevelRow = std::vector<size_t>;
inline constexpr size_t kOpen = static_cast<size_t>(-1);

struct CoveringArray {
  std::vector<LevelRow> rows;
  size_t tuples = 0;             ///< Ways to choose levels for `strength` factors;
  size_t infeasible_tuples = 0;  ///< of which no row allows these; every other one is in some row.
};

/// Rows in which every feasible choice of levels for any `strength` factors is met at least once.
///
/// Greedy, a row at a time, the best of several candidates each (after Cohen, Dalal, Fredman and Patton, "The AETG
/// System", IEEE Trans. Software Eng. 23(7), 1997). The same factors give the same rows.
/// `levels`: how many each factor has, at least one each. `strength` from 1 to the count of factors. `allowed`: whether
/// a row, of which some may be open, can still become feasible; it must be true of an open row's every extension that is
/// feasible. Fails where no row is feasible, or the tuples are more than can be told apart in reasonable time.
Result<CoveringArray> CoverTuples(const std::vector<size_t>& levels, size_t strength,
                                  const std::function<bool(const LevelRow&)>& allowed);

}  // namespace dustproof
