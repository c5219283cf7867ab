#pragma once

#include <string>
#include <vector>

#include "hil/matrix/matrix.h"

/// What the tables of a matrix have across and down.
namespace dustproof {

/// Entries, and what they have in common.
struct MatrixColumn {
  std::string head;
  std::vector<const MatrixEntry*> entries;
};

/// One a cell where there are few; else one for each thing that a consent does.
std::vector<MatrixColumn> ColumnsOf(const MatrixResult& result);

/// Every category that is exercised in some cell, in the policy's order.
std::vector<std::string> CategoriesOf(const MatrixResult& result);

/// How many entries of a column say what of a category, under the deciding reading.
struct MatrixTally {
  size_t pass = 0, fail = 0, undetermined = 0;
  size_t accepted = 0;  ///< What fails there is accepted by the baseline.
};
MatrixTally TallyOf(const MatrixColumn& column, const std::string& category);

}  // namespace dustproof
