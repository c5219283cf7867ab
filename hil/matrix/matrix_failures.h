#pragma once

#include <map>
#include <string>
#include <vector>

#include "hil/audit/baseline.h"
#include "hil/matrix/matrix.h"

/// What fails in a matrix, as the outputs for continuous integration say it: with the identities that single runs have.
namespace dustproof {

/// What fails in one cell, without where it was written.
std::vector<ListedFailure> ListFailures(const MatrixEntry& entry);

/// What fails in a matrix, each once, with the number of its cells.
std::vector<ListedFailure> ListFailures(const MatrixResult& result);

/// Notes in every entry, and every group of failures, what a baseline says of what fails.
void ApplyBaseline(BaselineUse& baseline, MatrixResult* result);

/// Whether the baseline accepts all that fails of a category for a party.
bool OnlyAccepted(const MatrixEntry& entry, const CellVerdict& verdict);

}  // namespace dustproof
