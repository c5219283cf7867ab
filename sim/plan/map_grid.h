#pragma once

#include <vector>

#include "sim/plan/raster.h"

/// Tools for imported occupancy maps: all on `Grid`s, all deterministic.
namespace dustproof {

/// Squared distance, in cells, from each cell's centre to the nearest cell that isn't 0; very large
/// where there is none. Exact, in linear time.
std::vector<int32_t> SquaredDistances(const Grid& grid);

/// Labels connected cells of that value from 1 on, in the order met; other cells are 0. `diagonal`:
/// corners connect too.
enum class Neighbours { kEdges, kEdgesAndCorners };
std::vector<int32_t> LabelComponents(const Grid& grid, uint8_t value, Neighbours neighbours,
                                     int32_t* count);

/// A rectangle of cells: [x, x + width) × [y, y + height).
struct CellRect {
  int x = 0, y = 0, width = 0, height = 0;
};
/// Rectangles that cover exactly the cells that aren't 0, none twice. Greedy: from each corner met,
/// the larger of the widest-first and the tallest-first one, so that walls stay in one piece.
std::vector<CellRect> MergeRectangles(const Grid& grid);

/// The outer outline of the cells that aren't 0 and are connected with `(x, y)`, the lowest of them
/// and there the leftmost: counter-clockwise along cell edges, in cells, corners only. Where the
/// outline would touch itself, that corner is cut.
std::vector<Vec2> TraceOutline(const Grid& grid, int x, int y);

}  // namespace dustproof
