#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "hil/audit/internal/content.h"

/// Numbers written in text.
namespace dustproof::internal {

/// A whole text as one finite number.
std::optional<double> ParseNumber(std::string_view text);

struct TextNumber {
  double value = 0;
  int decimals = 0;
  ByteRange range;
};
/// Every decimal number, in order. A sign counts where no letter or digit stands before it.
std::vector<TextNumber> FindNumbers(std::string_view text);

/// The numbers of a text as series: all of them in a row, and by column where its lines are alike
/// (CSV).
std::vector<NumberSeries> FindTextNumbers(std::string_view text);

/// Cells of a run-length text such as "12F3W40F" or "F12 W3 F40"; empty where the text is none.
/// Needs at least 24 runs.
Bytes ExpandTextRuns(std::string_view text, std::vector<uint32_t>* table, size_t cells_max);

}  // namespace dustproof::internal
