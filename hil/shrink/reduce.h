#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "sim/config/node.h"

namespace dustproof {

/// Of `count` items a subset with which it still fails and without any one of which it does not: by index, in order. Delta
/// debugging (ddmin; Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", IEEE Trans. Software Eng.
/// 28(2), 2002). `fails` is asked of subsets, the empty one first; all items are taken to fail.
std::vector<size_t> MinimalSubset(size_t count, const std::function<bool(const std::vector<size_t>&)>& fails);

/// What a tree of settings is reduced by.
struct TreeReduction {
  std::function<bool(const ConfigNode& root)> fails;
  /// Whether the entry `key` of the map at `path` may go: "" is the root, "network" a map in it, "script[]" an item of a list. Of a
  /// list itself `key` is "": whether its items may.
  std::function<bool(const std::string& path, const std::string& key)> may_go;
};

/// Takes out of a failing tree what it fails without: entries of maps, and items of lists of maps or words, from the root down
/// (after Misherghi and Su, "HDD: Hierarchical Delta Debugging", ICSE 2006), until nothing more can go. Lists of numbers are
/// one thing each.
void ReduceTree(const TreeReduction& reduction, ConfigNode* root);

/// Makes times that a tree holds rounder where it still fails: whole minutes, ten seconds, seconds, tenths.
void RoundTimes(const std::function<bool(const ConfigNode& root)>& fails, ConfigNode* root);

}  // namespace dustproof
