#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "hil/matrix/cell.h"
#include "hil/matrix/matrix_plan.h"
#include "sim/core/result.h"

namespace dustproof {

/// A cell with what came of it.
struct MatrixEntry {
  MatrixCell cell;
  std::optional<CellResult> result;  ///< Nothing where it is infeasible, or could not be run.
  std::string recording = "";        ///< Kept, relative to the matrix's folder; "" where it was not.
  std::string command;               ///< Repeats its run.
  std::map<std::string, Acceptance> acceptances = {};  ///< What the baseline says of what fails, by fingerprint.
};

/// Cells that fail in the same way.
struct MatrixFailure {
  std::string signature;      ///< `CellFailure::Signature` and its like.
  std::vector<size_t> cells;  ///< Indices of entries.
  std::string when;           ///< What all of these cells have and no other has: "C_DEVID denied"; "" where nothing simple does.
  std::optional<Acceptance> acceptance = {};  ///< What the baseline says: where it accepts some and not others, of those.
};

struct MatrixResult {
  std::string folder;
  std::vector<MatrixEntry> entries;  ///< In the plan's order; controls, which nobody asked for, are not among them.
  std::vector<MatrixFailure> failures;
  std::map<std::string, RunSources> sources = {};  ///< By scenario.
  std::vector<std::string> warnings;
  std::string problem;       ///< Why cells were left undone; "" where none was.
  bool bad_input = false;    ///< And whether somebody's file is to blame.
  bool interrupted = false;

  size_t Count(bool (*is)(const MatrixEntry&)) const;
};

/// Whether an entry was run and nothing is wrong with it that no baseline accepts, or something is.
bool Passed(const MatrixEntry& entry);
bool Failed(const MatrixEntry& entry);
bool Infeasible(const MatrixEntry& entry);
bool Undone(const MatrixEntry& entry);

/// What a matrix is about to do.
struct MatrixCost {
  size_t cells = 0, done = 0, infeasible = 0, groups = 0;
  SimDuration simulated;  ///< With the past shared;
  SimDuration unshared;   ///< without.
  std::vector<std::string> notes, warnings;  ///< The plan's.
};

/// Told how things go.
struct MatrixObserver {
  std::function<void(const std::string& folder, const MatrixCost& cost)> on_start;
  /// `share`: of the simulated time, 0–1.
  std::function<void(double share, size_t done, size_t all, size_t failed)> on_progress;
  std::function<void(const CellResult& result)> on_failure;
  std::function<void(const std::string& text)> on_warning;
};

/// Runs every cell of a matrix that is not done yet, in groups that share their past, on this machine or a cluster, and
/// gathers the results. Each cell's result is a file from the moment it is there: killed at any instant, the matrix goes
/// on from there (`resume`).
Result<MatrixResult> RunMatrix(const MatrixOptions& options, const MatrixObserver& observer);

/// The same for a plan of the caller's own; of `options` counts where and how, not what.
Result<MatrixResult> RunPlan(const MatrixPlan& plan, const MatrixOptions& options, const MatrixObserver& observer);

/// Only reckons.
Result<MatrixCost> ReckonMatrix(const MatrixOptions& options);

/// `matrix --dry-run --json`: the cells of a plan, but for controls, which nobody asked for.
std::string RenderPlanJson(const MatrixPlan& plan);

/// The table of a terminal: personal data down, consents across.
std::string RenderMatrixTable(const MatrixResult& result, bool colour);
/// "128 cells: 120 pass, 8 fail, 0 infeasible, 0 undone"
std::string RenderMatrixSummary(const MatrixResult& result);
/// matrix.html: one self-contained page without scripts, that opens from disk.
std::string RenderMatrixPage(const MatrixResult& result);
/// junit.xml: a test suite for each scenario, a test case for each cell.
std::string RenderMatrixJunit(const MatrixResult& result);
/// summary.md, for a job's summary: at most 60 kB.
std::string RenderMatrixMarkdown(const MatrixResult& result);
/// SARIF, GitHub's and GitLab's annotations: as of single runs, with the fingerprints that those have.
std::string RenderMatrixSarif(const MatrixResult& result);
std::string RenderMatrixGithubAnnotations(const MatrixResult& result);
std::string RenderMatrixGitlabCodeQuality(const MatrixResult& result);
/// `matrix --json` and matrix.json. The same cells give the same bytes, wherever and in whatever order they were run.
std::string RenderMatrixJson(const MatrixResult& result);

}  // namespace dustproof
