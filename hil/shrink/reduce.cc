#include "hil/shrink/reduce.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "sim/config/number.h"

namespace dustproof {
namespace {

constexpr int kRoundsMax = 4;  // What went late may let go of what was held early.

std::vector<size_t> Without(const std::vector<size_t>& items, size_t begin, size_t end) {
  std::vector<size_t> rest(items.begin(), items.begin() + static_cast<ptrdiff_t>(begin));
  rest.insert(rest.end(), items.begin() + static_cast<ptrdiff_t>(end), items.end());
  return rest;
}

template <typename T>
std::vector<T> Picked(const std::vector<T>& all, const std::vector<size_t>& which) {
  std::vector<T> some;
  for (const size_t i : which) some.push_back(all[i]);
  return some;
}

class Reducer {
 public:
  Reducer(const TreeReduction& reduction, ConfigNode* root) : reduction_(reduction), root_(root) {}

  void Run() {
    for (int round = 0; round < kRoundsMax; ++round) {
      has_changed_ = false;
      Visit(root_, "");
      if (!has_changed_) return;
    }
  }

 private:
  void Visit(ConfigNode* node, const std::string& path) {
    if (node->kind == ConfigNode::Kind::kMap) {
      ReduceEntries(node, path);
      for (ConfigNode::Entry& entry : node->entries) Visit(&entry.value, path.empty() ? entry.key : path + "." + entry.key);
    } else if (node->kind == ConfigNode::Kind::kList && HasParts(*node)) {
      if (reduction_.may_go(path, "")) ReduceItems(node);
      for (ConfigNode& item : node->items) Visit(&item, path + "[]");
    }
  }

  static bool HasParts(const ConfigNode& list) {
    return std::all_of(list.items.begin(), list.items.end(), [](const ConfigNode& item) {
      return item.kind == ConfigNode::Kind::kMap || (item.kind == ConfigNode::Kind::kScalar && !ParseNumber(item.text));
    });
  }

  void ReduceItems(ConfigNode* list) {
    const std::vector<ConfigNode> all = list->items;
    if (all.empty()) return;
    const std::vector<size_t> kept = MinimalSubset(all.size(), [&](const std::vector<size_t>& some) {
      list->items = Picked(all, some);
      return reduction_.fails(*root_);
    });
    list->items = Picked(all, kept);
    has_changed_ = has_changed_ || kept.size() < all.size();
  }

  void ReduceEntries(ConfigNode* map, const std::string& path) {
    const std::vector<ConfigNode::Entry> all = map->entries;
    std::vector<size_t> free;
    for (size_t i = 0; i < all.size(); ++i) {
      if (reduction_.may_go(path, all[i].key)) free.push_back(i);
    }
    if (free.empty()) return;
    // In the order in which they stand, so that what is left reads as before.
    const auto with = [&](const std::vector<size_t>& some) {
      std::vector<ConfigNode::Entry> entries;
      for (size_t i = 0; i < all.size(); ++i) {
        const auto place = std::find(free.begin(), free.end(), i);
        const bool stays = place == free.end() || std::find(some.begin(), some.end(), static_cast<size_t>(place - free.begin())) != some.end();
        if (stays) entries.push_back(all[i]);
      }
      return entries;
    };
    const std::vector<size_t> kept = MinimalSubset(free.size(), [&](const std::vector<size_t>& some) {
      map->entries = with(some);
      return reduction_.fails(*root_);
    });
    map->entries = with(kept);
    has_changed_ = has_changed_ || kept.size() < free.size();
  }

  const TreeReduction& reduction_;
  ConfigNode* root_;
  bool has_changed_ = false;
};

void RoundOne(const std::function<bool(const ConfigNode&)>& fails, const ConfigNode& root, ConfigNode* scalar) {
  const auto time = ParseNumber(scalar->text) ? std::nullopt : ParseDuration(scalar->text);
  if (!time || scalar->quoted) return;
  const std::string before = scalar->text;
  for (const SimDuration unit : {SimDuration::Seconds(60), SimDuration::Seconds(10), SimDuration::Seconds(1), SimDuration::Milliseconds(100)}) {
    const SimDuration rounded = unit * (*time / unit);
    if (rounded == *time) break;
    scalar->text = FormatDuration(rounded);
    if (fails(root)) return;
  }
  scalar->text = before;
}

void RoundBelow(const std::function<bool(const ConfigNode&)>& fails, const ConfigNode& root, ConfigNode* node) {
  if (node->kind == ConfigNode::Kind::kScalar) return RoundOne(fails, root, node);
  for (ConfigNode& item : node->items) RoundBelow(fails, root, &item);
  for (ConfigNode::Entry& entry : node->entries) RoundBelow(fails, root, &entry.value);
}

}  // namespace

std::vector<size_t> MinimalSubset(size_t count, const std::function<bool(const std::vector<size_t>&)>& fails) {
  if (count == 0 || fails({})) return {};
  std::vector<size_t> kept(count);
  std::iota(kept.begin(), kept.end(), size_t{0});
  for (size_t pieces = 2; kept.size() > 1;) {
    bool has_shrunk = false;
    for (size_t piece = 0; piece < pieces && !has_shrunk; ++piece) {
      const std::vector<size_t> rest = Without(kept, kept.size() * piece / pieces, kept.size() * (piece + 1) / pieces);
      if (rest.empty() || !fails(rest)) continue;
      kept = rest;
      has_shrunk = true;
    }
    if (has_shrunk) {
      pieces = std::min(std::max<size_t>(pieces - 1, 2), kept.size());
    } else if (pieces >= kept.size()) {
      break;
    } else {
      pieces = std::min(2 * pieces, kept.size());
    }
  }
  return kept;
}

void ReduceTree(const TreeReduction& reduction, ConfigNode* root) { Reducer(reduction, root).Run(); }

void RoundTimes(const std::function<bool(const ConfigNode& root)>& fails, ConfigNode* root) { RoundBelow(fails, *root, root); }

}  // namespace dustproof
