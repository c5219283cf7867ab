#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "hil/matrix/cell_group.h"
#include "hil/run/inputs.h"
#include "hil/run/run_sources.h"
#include "sim/core/result.h"

namespace dustproof {

/// What a user asks of `dustproof matrix`. Paths may be relative to the working folder.
struct MatrixOptions {
  std::vector<std::string> scenarios;
  std::string consents;  ///< "own", "all", "pairwise", "3-wise" … or a file; "": see `PlanMatrix`.
  std::optional<uint64_t> seed_first, seed_last;  ///< Both or none: the scenario's.
  std::string home, firmware, kind;               ///< Instead of the scenarios'.
  std::optional<SimDuration> until;
  std::string out;  ///< Folder for the results, new or empty; "" makes a fresh one under `runs/`.
  bool resume = false;  ///< Goes on in `out`.
  size_t workers = 0;   ///< 0: as many as this machine has cores.
  std::string scheduler = "";  ///< HOST:PORT of a Dask scheduler instead.
  KeepRecordings keep = KeepRecordings::kFailing;
  BaselineUse* baseline = nullptr;  ///< Failures that are accepted; borrowed. Null for none.
};

/// What a matrix consists of.
struct MatrixPlan {
  std::vector<MatrixCell> cells;         ///< In the order of the reports: by scenario, seed, configuration.
  std::vector<RunRequest> requests;      ///< Of the cell at the same place: what its group has in common.
  std::vector<SimDuration> durations;    ///< Of the cell at the same place, at most.
  std::vector<SimTime> answers_at;       ///< From when its answers count.
  std::map<std::string, RunSources> sources = {};  ///< By scenario.
  std::vector<std::string> warnings;
  std::vector<std::string> notes;        ///< Which configurations were taken where nobody said, and why.
};

/// Loads every scenario, reckons its configurations, and names the cells. Where nobody says which: those that the scenario
/// runs by default; for firmware that can't be branched pairwise, if the scenario lists consents. Where a firmware's ways out are shown by no
/// configuration that grants everything from the start, one more cell does (`control`).
Result<MatrixPlan> PlanMatrix(const MatrixOptions& options);

/// Hash of all that decides what a cell's run does and how it is judged, for `MatrixCell::key`.
std::string KeyOf(const RunInputs& inputs, const MatrixCell& cell, const std::optional<SimDuration>& until);

/// Cells that can share a past, cut into pieces that keep `workers` busy to the end. By index; `undone`: those to do.
std::vector<std::vector<size_t>> GroupCells(const MatrixPlan& plan, const std::vector<size_t>& undone, size_t workers);

/// Simulated time that cells take when what they have in common is simulated once. @pre all of one scenario and seed
SimDuration SharedTime(const MatrixPlan& plan, const std::vector<size_t>& cells);

}  // namespace dustproof
