#include "hil/audit/internal/number_text.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <map>

namespace dustproof::internal {

namespace {
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsAlpha(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }
constexpr size_t kFlatCountMin = 8;
constexpr size_t kLinesMin = 4;
constexpr size_t kRunsMin = 24;
}  // namespace

std::optional<double> ParseNumber(std::string_view text) {
  double value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
    return std::nullopt;
  return value;
}

std::vector<TextNumber> FindNumbers(std::string_view text) {
  std::vector<TextNumber> numbers;
  for (size_t i = 0; i < text.size();) {
    if (!IsDigit(text[i])) {
      ++i;
      continue;
    }
    const bool sign =
        i > 0 && text[i - 1] == '-' && (i < 2 || !(IsDigit(text[i - 2]) || IsAlpha(text[i - 2])));
    // In a list like "5-3" or "L-3" the minus is a sign too when a letter precedes: paths are
    // written so.
    const bool sign_after_letter = i > 1 && text[i - 1] == '-' && IsAlpha(text[i - 2]);
    TextNumber number;
    number.range.begin = i - (sign || sign_after_letter ? 1 : 0);
    while (i < text.size() && IsDigit(text[i])) ++i;
    if (i + 1 < text.size() && text[i] == '.' && IsDigit(text[i + 1])) {
      const size_t point = i++;
      while (i < text.size() && IsDigit(text[i])) ++i;
      number.decimals = static_cast<int>(i - point - 1);
    }
    number.range.end = i;
    const auto value = ParseNumber(text.substr(number.range.begin, number.range.size()));
    if (!value) continue;
    number.value = *value;
    numbers.push_back(number);
  }
  return numbers;
}

std::vector<NumberSeries> FindTextNumbers(std::string_view text) {
  std::vector<NumberSeries> all;
  const std::vector<TextNumber> numbers = FindNumbers(text);
  if (numbers.size() < kFlatCountMin) return all;
  NumberSeries flat{"numbers", {}, {numbers.front().range.begin, numbers.back().range.end}, 0};
  for (const TextNumber& number : numbers) flat.values.push_back(number.value);

  // Rows: the commonest count of numbers in a line, of the lines that have it.
  std::vector<std::pair<size_t, size_t>> rows;  // (first number, count)
  size_t next = 0;
  for (size_t line = 0; line < text.size();) {
    const size_t line_end = std::min(text.find('\n', line), text.size());
    const size_t first = next;
    while (next < numbers.size() && numbers[next].range.begin < line_end) ++next;
    if (next > first) rows.emplace_back(first, next - first);
    line = line_end + 1;
  }
  std::map<size_t, size_t> tally;
  for (const auto& [first, count] : rows) ++tally[count];
  size_t width = 0;
  for (const auto& [count, lines] : tally) {
    if (lines > tally[width]) width = count;
  }
  if (width >= 2 && width <= 64 && tally[width] >= kLinesMin &&
      tally[width] * 10 >= rows.size() * 6) {
    for (size_t column = 0; column < width; ++column) {
      NumberSeries series{"column " + std::to_string(column + 1), {}, {}, 0};
      bool first_row = true;
      for (const auto& [first, count] : rows) {
        if (count != width) continue;
        if (first_row) series.range.begin = numbers[first].range.begin;
        first_row = false;
        series.values.push_back(numbers[first + column].value);
        series.range.end = numbers[first + count - 1].range.end;
      }
      all.push_back(std::move(series));
    }
    flat.row_length = tally[width] == rows.size() ? width : 0;
  }
  all.push_back(std::move(flat));
  return all;
}

namespace {

struct TextRun {
  size_t count = 0;
  char symbol = 0;
  ByteRange range;
};

/// Alternating numbers and symbols; `count_first` says which comes first. Separators between runs
/// are skipped.
std::vector<TextRun> ReadRuns(std::string_view text, size_t at, bool count_first) {
  std::vector<TextRun> runs;
  auto skip = [&] {
    while (at < text.size() && (text[at] == ' ' || text[at] == ',' || text[at] == ';' ||
                                text[at] == ':' || text[at] == '\n'))
      ++at;
  };
  while (at < text.size()) {
    skip();
    TextRun run;
    run.range.begin = at;
    if (!count_first) {
      if (at >= text.size() || IsDigit(text[at])) break;
      run.symbol = text[at++];
      skip();
    }
    size_t digits = 0;
    while (at < text.size() && IsDigit(text[at]) && digits < 7) {
      run.count = run.count * 10 + static_cast<size_t>(text[at++] - '0');
      ++digits;
    }
    if (digits == 0) break;
    if (count_first) {
      skip();
      if (at >= text.size() || IsDigit(text[at])) break;
      run.symbol = text[at++];
    }
    run.range.end = at;
    runs.push_back(run);
  }
  return runs;
}

bool FewSymbols(const std::vector<TextRun>& runs) {
  std::map<char, size_t> symbols;
  for (const TextRun& run : runs) ++symbols[run.symbol];
  return symbols.size() >= 2 && symbols.size() <= 8;
}

}  // namespace

Bytes ExpandTextRuns(std::string_view text, std::vector<uint32_t>* table, size_t cells_max) {
  for (size_t at = 0; at < text.size(); ++at) {
    const bool digit = IsDigit(text[at]);
    if (digit && at > 0 && IsDigit(text[at - 1])) continue;
    const std::vector<TextRun> runs = ReadRuns(text, at, digit);
    if (runs.size() < kRunsMin || !FewSymbols(runs)) continue;
    size_t total = 0;
    for (const TextRun& run : runs) total += run.count;
    if (total > cells_max || total < 256) return {};
    Bytes cells;
    cells.reserve(total);
    table->clear();
    for (const TextRun& run : runs) {
      cells.insert(cells.end(), run.count, static_cast<std::byte>(run.symbol));
      table->insert(table->end(), run.count, static_cast<uint32_t>(run.range.begin));
    }
    table->push_back(static_cast<uint32_t>(runs.back().range.end));
    return cells;
  }
  return {};
}

}  // namespace dustproof::internal
