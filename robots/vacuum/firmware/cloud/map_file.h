#pragma once

#include <vector>

#include "robots/vacuum/firmware/byte_io.h"
#include "robots/vacuum/firmware/navigation/navigator.h"

namespace vacuum {

/// The map file of PROTOCOL.md, 4. Empty where `map` has no cells or more than its u16 fields can
/// say. Steps of the path that exceed an i16 become several points on the same line.
Bytes WriteMapFile(const GridMap& map, const std::vector<PathPoint>& path);

}  // namespace vacuum
