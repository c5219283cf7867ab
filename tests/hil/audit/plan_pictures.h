#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hil/capture/messages.h"
#include "sim/core/random.h"
#include "sim/plan/floor_plan.h"
#include "tests/hil/audit/synthetic_run.h"

/// Maps, pieces of maps, and pictures that only look like one.
namespace dustproof::test {

/// The rectangle [x, x + width) × [y, y + height) of a map.
GridMap Crop(const GridMap& map, int x, int y, int width, int height);
/// A piece of `share` of both sides, somewhere in the map but for its margin.
GridMap RandomCrop(const GridMap& map, double share, RandomStream& random);
GridMap RowsReversed(const GridMap& map);
GridMap AxesSwapped(const GridMap& map);
GridMap TurnedByQuarter(const GridMap& map);
/// Of cells `factor` times as small, each the nearest of the old ones.
GridMap Scaled(const GridMap& map, double factor);

/// Value and count, a byte each.
std::string RunLengths(const GridMap& map);
/// Four cells a byte, the first in the highest bits; free 0, wall 1, unknown 2. Rows run on.
std::string TwoBits(const GridMap& map);
/// Of 8-bit grey: free white, walls black, the unknown grey.
std::string Png(const GridMap& map);

/// The map's squares of `side` cells in another order: all that is near is as it was.
GridMap Shuffled(const GridMap& map, int side, RandomStream& random);
/// Blots of as much floor as the map has, with walls around them: noise, smoothed and cut off.
GridMap Blots(const GridMap& map, RandomStream& random);

}  // namespace dustproof::test
