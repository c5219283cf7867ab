#include "hil/matrix/matrix_columns.h"

#include <algorithm>
#include <map>

#include "hil/matrix/matrix_failures.h"

namespace dustproof {
namespace {

constexpr size_t kColumnsOfCells = 10;  // More cells than this are gathered by what consents do.

bool AreOfOneScenarioAndSeed(const std::vector<MatrixEntry>& entries) {
  const MatrixCell& first = entries.front().cell;
  return std::all_of(entries.begin(), entries.end(), [&](const MatrixEntry& entry) {
    return entry.cell.scenario == first.scenario && entry.cell.seed == first.seed;
  });
}

}  // namespace

std::vector<MatrixColumn> ColumnsOf(const MatrixResult& result) {
  std::vector<MatrixColumn> columns;
  if (result.entries.empty()) return columns;
  if (result.entries.size() <= kColumnsOfCells) {
    const bool alike = AreOfOneScenarioAndSeed(result.entries);
    for (const MatrixEntry& entry : result.entries) columns.push_back({alike ? entry.cell.consents.name : entry.cell.name, {&entry}});
    return columns;
  }
  std::map<std::string, std::vector<const MatrixEntry*>> by_trait;
  for (const MatrixEntry& entry : result.entries) {
    const std::string text = ToText(entry.cell.consents);
    for (size_t begin = 0; begin < text.size();) {
      const size_t end = std::min(text.find(',', begin), text.size());
      by_trait[text.substr(begin, end - begin)].push_back(&entry);
      begin = end + 1;
    }
  }
  for (auto& [trait, entries] : by_trait) {
    if (entries.size() < result.entries.size()) columns.push_back({trait, std::move(entries)});
  }
  return columns;
}

std::vector<std::string> CategoriesOf(const MatrixResult& result) {
  std::vector<std::string> categories;
  for (const MatrixEntry& entry : result.entries) {
    if (!entry.result) continue;
    for (const CellVerdict& v : entry.result->verdicts) {
      const bool exercised = v.by_reading[0] != Verdict::kNotExercised;
      if (exercised && std::find(categories.begin(), categories.end(), v.category) == categories.end()) categories.push_back(v.category);
    }
  }
  return categories;
}

MatrixTally TallyOf(const MatrixColumn& column, const std::string& category) {
  MatrixTally tally;
  for (const MatrixEntry* entry : column.entries) {
    if (!entry->result) continue;
    bool good = false, bad = false, unsure = false, known = false;
    for (const CellVerdict& v : entry->result->verdicts) {
      if (v.category != category) continue;
      good = good || v.by_reading[0] == Verdict::kPass;
      const bool fails = v.by_reading[0] == Verdict::kFail, accepted = fails && OnlyAccepted(*entry, v);
      known = known || accepted;
      bad = bad || (fails && !accepted);
      unsure = unsure || v.by_reading[0] == Verdict::kUndetermined;
    }
    tally.fail += bad;
    tally.accepted += !bad && known;
    tally.undetermined += !bad && !known && unsure;
    tally.pass += !bad && !known && !unsure && good;
  }
  return tally;
}

}  // namespace dustproof
