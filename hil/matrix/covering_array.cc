#include "hil/matrix/covering_array.h"

#include <algorithm>
#include <set>

#include "sim/core/random.h"

namespace dustproof {
namespace {

constexpr size_t kTuplesMax = 2'000'000;
constexpr int kCandidates = 24;  // Of each row: more makes arrays hardly smaller.

// Factors and a level for each.
struct Tuple {
  std::vector<size_t> factors, levels;
  auto operator<=>(const Tuple&) const = default;
};

class Coverer {
 public:
  Coverer(const std::vector<size_t>& levels, size_t strength, const std::function<bool(const LevelRow&)>& allowed)
      : levels_(levels), strength_(strength), allowed_(allowed) {}

  Result<CoveringArray> Cover() {
    if (LevelRow any(levels_.size(), kOpen); !Complete(&any))
      return Error::BadInput("no configuration satisfies the policy's constraints between consents");
    std::vector<size_t> factors;
    if (!Collect(0, &factors)) return Error::BadInput("there are more than " + std::to_string(kTuplesMax) + " combinations to cover; take a lower strength, or fewer levels");
    while (!open_.empty()) AddRow();
    return std::move(array_);
  }

 private:
  // Every choice of `strength` factors, and every choice of levels for them.
  bool Collect(size_t from, std::vector<size_t>* factors) {
    if (factors->size() == strength_) {
      LevelRow row(levels_.size(), kOpen);
      return CollectLevels(*factors, 0, &row);
    }
    for (size_t factor = from; factor < levels_.size(); ++factor) {
      factors->push_back(factor);
      if (!Collect(factor + 1, factors)) return false;
      factors->pop_back();
    }
    return true;
  }

  bool CollectLevels(const std::vector<size_t>& factors, size_t at, LevelRow* row) {
    if (at == factors.size()) {
      if (++array_.tuples > kTuplesMax) return false;
      LevelRow whole = *row;
      if (!allowed_(*row) || !Complete(&whole)) {
        ++array_.infeasible_tuples;
      } else {
        open_.insert(TupleOf(*row, factors));
      }
      return true;
    }
    for (size_t level = 0; level < levels_[factors[at]]; ++level) {
      (*row)[factors[at]] = level;
      if (!CollectLevels(factors, at + 1, row)) return false;
    }
    (*row)[factors[at]] = kOpen;
    return true;
  }

  static Tuple TupleOf(const LevelRow& row, const std::vector<size_t>& factors) {
    Tuple tuple{factors, {}};
    for (const size_t factor : factors) tuple.levels.push_back(row[factor]);
    return tuple;
  }

  // Fills what is open, by trial and return; false where nothing fits.
  bool Complete(LevelRow* row) const {
    const auto open = std::find(row->begin(), row->end(), kOpen);
    if (open == row->end()) return allowed_(*row);
    const auto factor = static_cast<size_t>(open - row->begin());
    for (size_t level = 0; level < levels_[factor]; ++level) {
      (*row)[factor] = level;
      if (allowed_(*row) && Complete(row)) return true;
    }
    (*row)[factor] = kOpen;
    return false;
  }

  void AddRow() {
    LevelRow best;
    size_t most = 0;
    for (int candidate = 0; candidate < kCandidates; ++candidate) {
      const LevelRow row = Candidate(candidate);
      const size_t gain = Gain(row, nullptr);
      if (gain > most) most = gain, best = row;
    }
    Gain(best, &open_);
    array_.rows.push_back(std::move(best));
  }

  // Begins with a tuple that is open yet, then takes one factor after the other, each at the level that meets most.
  LevelRow Candidate(int number) {
    LevelRow row(levels_.size(), kOpen);
    auto first = open_.begin();
    if (number > 0) std::advance(first, static_cast<ptrdiff_t>(random_.Below(std::min<uint64_t>(open_.size(), 64))));
    for (size_t i = 0; i < first->factors.size(); ++i) row[first->factors[i]] = first->levels[i];
    std::vector<size_t> order;
    for (size_t factor = 0; factor < levels_.size(); ++factor) {
      if (row[factor] == kOpen) order.push_back(factor);
    }
    for (size_t i = order.size(); number > 0 && i > 1; --i) std::swap(order[i - 1], order[random_.Below(i)]);
    for (const size_t factor : order) row[factor] = BestLevel(row, factor);
    return row;
  }

  // Of the levels with which the row can still be completed, one that meets most of what is open.
  size_t BestLevel(LevelRow row, size_t factor) {
    size_t best = kOpen, most = 0, alike = 0;
    for (size_t level = 0; level < levels_[factor]; ++level) {
      row[factor] = level;
      LevelRow whole = row;
      if (!allowed_(row) || !Complete(&whole)) continue;
      const size_t gain = GainOf(row, factor);
      if (best != kOpen && gain < most) continue;
      alike = best == kOpen || gain > most ? 1 : alike + 1;
      if (alike > 1 && random_.Below(alike) != 0) continue;  // Among equals any, with the same chance.
      best = level, most = gain;
    }
    return best;  // The row could be completed before: some level was found.
  }

  // Open tuples that a row meets; taken out of `from`, where it is given.
  size_t Gain(const LevelRow& row, std::set<Tuple>* from) const {
    size_t gain = 0;
    std::vector<size_t> factors;
    EachChoice(row, 0, &factors, kOpen, [&](const std::vector<size_t>& chosen) {
      const auto found = open_.find(TupleOf(row, chosen));
      if (found == open_.end()) return;
      ++gain;
      if (from != nullptr) from->erase(found);
    });
    return gain;
  }
  size_t GainOf(const LevelRow& row, size_t factor) const {
    size_t gain = 0;
    std::vector<size_t> factors;
    EachChoice(row, 0, &factors, factor, [&](const std::vector<size_t>& chosen) { gain += open_.contains(TupleOf(row, chosen)); });
    return gain;
  }

  // Choices of `strength` factors that the row has levels for; those with `must` in them, unless that is open.
  template <typename F>
  void EachChoice(const LevelRow& row, size_t from, std::vector<size_t>* factors, size_t must, const F& f) const {
    if (factors->size() == strength_) {
      if (must == kOpen || std::find(factors->begin(), factors->end(), must) != factors->end()) f(*factors);
      return;
    }
    const bool has_must = must == kOpen || std::find(factors->begin(), factors->end(), must) != factors->end();
    const bool only_must = !has_must && factors->size() + 1 == strength_;
    for (size_t factor = from; factor < row.size(); ++factor) {
      if (row[factor] == kOpen || (only_must && factor != must)) continue;
      if (!has_must && factor > must) break;
      factors->push_back(factor);
      EachChoice(row, factor + 1, factors, must, f);
      factors->pop_back();
    }
  }

  const std::vector<size_t>& levels_;
  const size_t strength_;
  const std::function<bool(const LevelRow&)>& allowed_;
  RandomStream random_ = Seed(1).Stream("covering_array");
  std::set<Tuple> open_;
  CoveringArray array_;
};

}  // namespace

Result<CoveringArray> CoverTuples(const std::vector<size_t>& levels, size_t strength,
                                  const std::function<bool(const LevelRow&)>& allowed) {
  return Coverer(levels, std::min(strength, levels.size()), allowed).Cover();
}

}  // namespace dustproof
