#pragma once

#include <vector>

#include "robots/vacuum/firmware/navigation/floor_view.h"
#include "robots/vacuum/firmware/navigation/geometry.h"

namespace vacuum {

/// A stretch to drive with the brushes on: along an edge, or a lane across open floor.
struct SweepTask {
  std::vector<Point2> path;     ///< In M. Edges begin so that the obstacle lies on the right.
  std::vector<Point2> targets;  ///< Centres of the wanted cells that it is for.
  bool edge = false;
};

/// Stretches along walls and furniture in a region (0: anywhere), where floor beside them is still
/// wanted.
std::vector<SweepTask> PlanEdges(const FloorView& view, int region);

/// Lanes over what is still wanted in a region (0: anywhere): boustrophedon rows or columns,
/// whichever takes less time.
std::vector<SweepTask> PlanLanes(const FloorView& view, int region);

/// Wanted floor in a region, in cells.
int WantedCells(const FloorView& view, int region);

}  // namespace vacuum
