#include "hil/matrix/covering_array.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>

#include "sim/core/random.h"

namespace dustproof {
namespace {

constexpr size_t kTuplesMax = 2'000'000;
constexpr int kCandidates = 48;      // Of each row: more makes arrays hardly smaller.
constexpr size_t kFirstTuples = 64;  // A candidate begins with one of the first so many that are open yet.

// Ways to choose levels for every choice of 0, 1, … `strength` factors.
std::vector<double> CountTuples(const std::vector<size_t>& levels, size_t strength) {
  std::vector<double> count(strength + 1, 0.0);
  count[0] = 1;
  for (const size_t own : levels) {
    for (size_t chosen = strength; chosen > 0; --chosen) count[chosen] += count[chosen - 1] * static_cast<double>(own);
  }
  return count;
}

std::string TooManyTuples(const std::vector<double>& count) {
  const size_t strength = count.size() - 1;
  char text[160];
  std::snprintf(text, sizeof text, "any %zu consents have %.0f combinations of levels to cover, where %zu fit; take ", strength, count[strength], kTuplesMax);
  for (size_t less = strength; less-- > 2;) {
    if (count[less] > static_cast<double>(kTuplesMax)) continue;
    const std::string word = less == 2 ? "pairwise" : std::to_string(less) + "-wise";
    std::snprintf(text + std::char_traits<char>::length(text), 40, "%s (%.0f), or fewer levels", word.c_str(), count[less]);
    return text;
  }
  return std::string(text) + "fewer levels";
}

// A row that is filled level by level, and whether what is open can still be filled without a clash.
class Filling {
 public:
  Filling(const std::vector<size_t>& levels, const std::vector<LevelClash>& clashes) : clashes_(clashes), row_(levels.size(), kOpen), left_(levels), matched_(clashes.size(), 0) {
    for (const size_t own : levels) {
      first_value_.push_back(blocks_.size());
      blocks_.resize(blocks_.size() + own, 0);
    }
    of_value_.resize(blocks_.size());
    is_bound_.resize(levels.size(), false);
    for (size_t clash = 0; clash < clashes.size(); ++clash) {
      for (const auto& [factor, level] : clashes[clash]) {
        of_value_[first_value_[factor] + level].push_back(clash);
        is_bound_[factor] = true;
      }
      if (clashes[clash].empty() || (clashes[clash].size() == 1 && !Block(clashes[clash].front()))) never_ = true;
    }
    for (size_t factor = 0; factor < levels.size(); ++factor) {
      if (is_bound_[factor]) bound_.push_back(factor);
    }
    never_ = never_ || !CanBeFilled();
  }

  const LevelRow& row() const { return row_; }

  /// Chooses levels for open factors; false, and nothing is chosen, where the rest can't be filled any more.
  bool Choose(size_t factor, size_t level) {
    if (never_ || blocks_[first_value_[factor] + level] > 0) return false;
    if (!is_bound_[factor]) {
      row_[factor] = level;
      return true;
    }
    if (Set(factor, level) && CanBeFilled()) return true;
    Clear(factor);
    return false;
  }

  /// Takes back a choice. @pre the last that is not taken back yet
  void Clear(size_t factor) {
    const size_t level = row_[factor];
    if (is_bound_[factor]) {
      const std::vector<size_t>& clashes = of_value_[first_value_[factor] + level];
      for (auto clash = clashes.rbegin(); clash != clashes.rend(); ++clash) {
        if (matched_[*clash] + 1 == clashes_[*clash].size()) {
          if (const auto* missing = Missing(clashes_[*clash])) Unblock(*missing);
        }
        --matched_[*clash];
      }
    }
    row_[factor] = kOpen;
  }

 private:
  // Notes what the choice forbids others; false where somebody is left without a level, or the row clashes.
  bool Set(size_t factor, size_t level) {
    row_[factor] = level;
    bool good = true;
    for (const size_t clash : of_value_[first_value_[factor] + level]) {
      ++matched_[clash];
      if (matched_[clash] == clashes_[clash].size()) good = false;
      if (matched_[clash] + 1 != clashes_[clash].size()) continue;
      if (const auto* missing = Missing(clashes_[clash])) good = Block(*missing) && good;
    }
    return good;
  }

  // The one level of a clash that is still to come; null where its factor has another.
  const std::pair<size_t, size_t>* Missing(const LevelClash& clash) const {
    for (const auto& member : clash) {
      if (row_[member.first] != member.second) return row_[member.first] == kOpen ? &member : nullptr;
    }
    return nullptr;
  }

  bool Block(const std::pair<size_t, size_t>& value) {
    if (blocks_[first_value_[value.first] + value.second]++ == 0) --left_[value.first];
    return left_[value.first] > 0;
  }
  void Unblock(const std::pair<size_t, size_t>& value) {
    if (--blocks_[first_value_[value.first] + value.second] == 0) ++left_[value.first];
  }

  // By trial and return, the factor with the fewest levels left first. Leaves the row as it is.
  bool CanBeFilled() {
    size_t next = kOpen;
    for (const size_t factor : bound_) {
      if (row_[factor] == kOpen && (next == kOpen || left_[factor] < left_[next])) next = factor;
    }
    if (next == kOpen) return true;
    const size_t end = next + 1 < first_value_.size() ? first_value_[next + 1] : blocks_.size();
    for (size_t level = 0; level < end - first_value_[next]; ++level) {
      if (blocks_[first_value_[next] + level] > 0) continue;
      const bool fits = Set(next, level) && CanBeFilled();
      Clear(next);
      if (fits) return true;
    }
    return false;
  }

  const std::vector<LevelClash>& clashes_;
  LevelRow row_;
  std::vector<size_t> left_;     // By factor: levels that nothing forbids.
  std::vector<size_t> matched_;  // By clash: how much of it the row has.
  std::vector<size_t> first_value_;  // By factor: where its levels begin in what follows.
  std::vector<size_t> blocks_;       // By level: clashes that the row has but for it.
  std::vector<std::vector<size_t>> of_value_;  // By level: clashes that it is in.
  std::vector<bool> is_bound_;  // By factor: whether it is in any clash.
  std::vector<size_t> bound_;
  bool never_ = false;
};

class Coverer {
 public:
  Coverer(const std::vector<size_t>& levels, size_t strength, const std::vector<LevelClash>& clashes)
      : levels_(levels), strength_(strength), filling_(levels, clashes) {}

  CoveringArray Cover() {
    ListChoices();
    CollectTuples();
    while (open_count_ > 0) AddRow();
    return std::move(array_);
  }

 private:
  // A choice of factors has a rank, its place among all (Σ C(factor, place + 1), the "combinatorial number system"), and from
  // `first_tuple_[rank]` on a bit for each choice of levels, the last factor's changing fastest.
  void ListChoices() {
    binomial_.assign(levels_.size() + 1, std::vector<size_t>(strength_ + 1, 0));
    for (size_t n = 0; n <= levels_.size(); ++n) {
      binomial_[n][0] = 1;
      for (size_t k = 1; k <= std::min(n, strength_); ++k) binomial_[n][k] = binomial_[n - 1][k - 1] + (k < n ? binomial_[n - 1][k] : 0);
    }
    std::vector<size_t> factors(strength_);
    for (size_t i = 0; i < strength_; ++i) factors[i] = i;
    for (size_t first = 0;;) {
      first_tuple_.push_back(first);
      choices_.push_back(factors);
      size_t tuples = 1;
      for (const size_t factor : factors) tuples *= levels_[factor];
      first += tuples;
      // The next in the order of ranks: the first factor that has room moves on, those before it begin again.
      size_t i = 0;
      while (i < strength_ && factors[i] + 1 == (i + 1 < strength_ ? factors[i + 1] : levels_.size())) ++i;
      if (i == strength_) {
        array_.tuples = first;
        break;
      }
      ++factors[i];
      for (size_t j = 0; j < i; ++j) factors[j] = j;
    }
  }

  void CollectTuples() {
    open_.assign(array_.tuples, false);
    for (size_t rank = 0; rank < choices_.size(); ++rank) CollectLevels(choices_[rank], 0, first_tuple_[rank], 1);
    array_.infeasible_tuples = array_.tuples - open_count_;
  }

  void CollectLevels(const std::vector<size_t>& factors, size_t at, size_t tuple, size_t stride) {
    if (at == factors.size()) {
      open_[tuple] = true;
      ++open_count_;
      return;
    }
    const size_t factor = factors[factors.size() - 1 - at];  // Backwards, as strides grow.
    for (size_t level = 0; level < levels_[factor]; ++level) {
      if (!filling_.Choose(factor, level)) continue;
      CollectLevels(factors, at + 1, tuple + stride * level, stride * levels_[factor]);
      filling_.Clear(factor);
    }
  }

  void AddRow() {
    while (!open_[first_open_]) ++first_open_;
    LevelRow best;
    size_t most = 0;
    for (int candidate = 0; candidate < kCandidates; ++candidate) {
      size_t gain = 0;
      LevelRow row = Candidate(candidate, &gain);
      if (gain > most) most = gain, best = std::move(row);
    }
    Close(best);
    array_.rows.push_back(std::move(best));
  }

  // Begins with a tuple that is open yet, then takes one factor after the other, each at the level that meets most.
  // `gain`: open tuples that the row meets.
  LevelRow Candidate(int number, size_t* gain) {
    const size_t tuple = number > 0 ? SomeOpenTuple() : first_open_;
    const auto rank = static_cast<size_t>(std::upper_bound(first_tuple_.begin(), first_tuple_.end(), tuple) - first_tuple_.begin()) - 1;
    std::vector<size_t> order, chosen = choices_[rank];
    size_t rest = tuple - first_tuple_[rank];
    for (size_t i = strength_; i-- > 0; rest /= levels_[chosen[i]]) filling_.Choose(chosen[i], rest % levels_[chosen[i]]);
    for (size_t factor = 0; factor < levels_.size(); ++factor) {
      if (filling_.row()[factor] == kOpen) order.push_back(factor);
    }
    for (size_t i = order.size(); number > 0 && i > 1; --i) std::swap(order[i - 1], order[random_.Below(i)]);
    *gain = 1;
    for (const size_t factor : order) {
      const auto place = chosen.insert(std::lower_bound(chosen.begin(), chosen.end(), factor), factor);
      *gain += ChooseBest(chosen, static_cast<size_t>(place - chosen.begin()));
    }
    LevelRow row = filling_.row();
    for (auto factor = order.rbegin(); factor != order.rend(); ++factor) filling_.Clear(*factor);
    for (const size_t factor : choices_[rank]) filling_.Clear(factor);
    return row;
  }

  size_t SomeOpenTuple() {
    size_t skip = random_.Below(std::min(open_count_, kFirstTuples)), tuple = first_open_;
    while (skip > 0) skip -= open_[++tuple];
    return tuple;
  }

  // Of the levels with which the row can still be filled, one that meets most of what is open; returns how much that is.
  // `chosen`: the factors that have a level, and at `place` the one that is to get one.
  size_t ChooseBest(const std::vector<size_t>& chosen, size_t place) {
    const size_t factor = chosen[place];
    gains_.assign(levels_[factor], 0);
    AddGains(chosen, place, Partial{});
    size_t best = kOpen, alike = 0;
    for (size_t level = 0; level < levels_[factor]; ++level) {
      if (best != kOpen && gains_[level] < gains_[best]) continue;
      if (!filling_.Choose(factor, level)) continue;
      filling_.Clear(factor);
      alike = best == kOpen || gains_[level] > gains_[best] ? 1 : alike + 1;
      if (alike > 1 && random_.Below(alike) != 0) continue;  // Among equals any, with the same chance.
      best = level;
    }
    filling_.Choose(factor, best);  // The row could be filled before: some level was found.
    return gains_[best];
  }

  // A choice of factors with levels on the way: how many there are, the next to look at, and sums for `first_tuple_`.
  struct Partial {
    size_t count = 0, next = 0, rank = 0, tuple = 0;
    size_t stride = 0;  // Of the factor that is to get a level; 0: it is not among them yet.
  };

  // To `gains_`, for each level of the factor at `place`: open tuples of it and others that have a level.
  void AddGains(const std::vector<size_t>& chosen, size_t place, const Partial& partial) {
    if (partial.count == strength_) {
      const size_t first = first_tuple_[partial.rank] + partial.tuple;
      for (size_t level = 0; level < gains_.size(); ++level) gains_[level] += open_[first + level * partial.stride];
      return;
    }
    const size_t wanted = strength_ - partial.count;
    // The factor itself has to be among them: nobody after it before it is, and not all of the rest before it.
    const size_t last = partial.stride > 0 ? chosen.size() - wanted : wanted == 1 ? place : std::min(place, chosen.size() - wanted);
    for (size_t i = partial.stride == 0 && wanted == 1 ? place : partial.next; i <= last; ++i) {
      const size_t factor = chosen[i];
      Partial longer{partial.count + 1, i + 1, partial.rank + binomial_[factor][partial.count + 1], partial.tuple * levels_[factor], partial.stride * levels_[factor]};
      if (i == place) {
        longer.stride = 1;
      } else {
        longer.tuple += filling_.row()[factor];
      }
      AddGains(chosen, place, longer);
    }
  }

  void Close(const LevelRow& row) {
    for (size_t rank = 0; rank < choices_.size(); ++rank) {
      size_t tuple = 0;
      for (const size_t factor : choices_[rank]) tuple = tuple * levels_[factor] + row[factor];
      tuple += first_tuple_[rank];
      open_count_ -= open_[tuple];
      open_[tuple] = false;
    }
  }

  const std::vector<size_t>& levels_;
  const size_t strength_;
  Filling filling_;
  RandomStream random_ = Seed(1).Stream("covering_array");
  std::vector<std::vector<size_t>> binomial_, choices_;  // Choices of factors by rank.
  std::vector<size_t> first_tuple_;                      // By rank.
  std::vector<char> open_;                               // By tuple: no row has it yet.
  size_t open_count_ = 0, first_open_ = 0;
  std::vector<size_t> gains_;
  CoveringArray array_;
};

}  // namespace

Result<CoveringArray> CoverTuples(const std::vector<size_t>& levels, size_t strength, const std::vector<LevelClash>& clashes) {
  strength = std::min(strength, levels.size());
  const std::vector<double> count = CountTuples(levels, strength);
  if (count[strength] > static_cast<double>(kTuplesMax)) return Error::BadInput(TooManyTuples(count));
  return Coverer(levels, strength, clashes).Cover();
}

}  // namespace dustproof
