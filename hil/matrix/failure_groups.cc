#include "hil/matrix/failure_groups.h"

#include <algorithm>
#include <map>
#include <set>

namespace dustproof {
namespace {

// What a configuration does with one consent, for people: "C_DEVID denied", "C_MAP_UPLOAD granted/withdrawn@6min10s".
std::set<std::string> TraitsOf(const MatrixCell& cell) {
  std::set<std::string> traits;
  std::map<std::string, std::string> words;
  const std::string text = ToText(cell.consents);
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    std::string trait = text.substr(begin, end - begin);
    trait[trait.find('=')] = ' ';
    traits.insert(trait);
    begin = end + 1;
  }
  return traits;
}

using Members = std::set<size_t>;

// The members of every trait that some run entry has.
std::map<std::string, Members> MembersByTrait(const std::vector<MatrixEntry>& entries, Members* run) {
  std::map<std::string, Members> members;
  for (size_t i = 0; i < entries.size(); ++i) {
    if (!entries[i].result) continue;
    run->insert(i);
    for (const std::string& trait : TraitsOf(entries[i].cell)) members[trait].insert(i);
  }
  return members;
}

// The one trait, or the two, that exactly the failing cells have.
std::string Explain(const Members& failing, const Members& run, const std::map<std::string, Members>& by_trait) {
  if (failing == run) return run.size() > 1 ? "in every cell" : "";
  for (const auto& [trait, members] : by_trait) {
    if (members == failing) return "where " + trait;
  }
  for (auto a = by_trait.begin(); a != by_trait.end(); ++a) {
    if (!std::includes(a->second.begin(), a->second.end(), failing.begin(), failing.end())) continue;
    for (auto b = std::next(a); b != by_trait.end(); ++b) {
      Members both;
      std::set_intersection(a->second.begin(), a->second.end(), b->second.begin(), b->second.end(), std::inserter(both, both.end()));
      if (both == failing) return "where " + a->first + " and " + b->first;
    }
  }
  return "";
}

}  // namespace

std::vector<MatrixFailure> GroupFailures(const std::vector<MatrixEntry>& entries) {
  Members run;
  const std::map<std::string, Members> by_trait = MembersByTrait(entries, &run);
  std::vector<MatrixFailure> failures;
  for (size_t i = 0; i < entries.size(); ++i) {
    if (!entries[i].result) continue;
    for (const std::string& signature : entries[i].result->Signatures()) {
      auto known = std::find_if(failures.begin(), failures.end(), [&](const MatrixFailure& f) { return f.signature == signature; });
      if (known == failures.end()) known = failures.insert(known, {signature, {}, "", {}});
      known->cells.push_back(i);
    }
  }
  for (MatrixFailure& failure : failures)
    failure.when = Explain({failure.cells.begin(), failure.cells.end()}, run, by_trait);
  std::stable_sort(failures.begin(), failures.end(),
                   [](const MatrixFailure& a, const MatrixFailure& b) { return a.cells.size() > b.cells.size(); });
  return failures;
}

}  // namespace dustproof
