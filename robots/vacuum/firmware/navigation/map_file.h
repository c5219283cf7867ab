#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "robots/vacuum/firmware/navigation/geometry.h"
#include "robots/vacuum/firmware/navigation/navigator.h"

namespace vacuum {

/// A known home as it lies in flash: the map, and the pose of the robot in the dock.
struct StoredHome {
  GridMap map;
  std::optional<Pose2> X_MDocked;
};

/// Little-endian: "DPNV", u8 version, u8 has-dock, u16 width, u16 height, i32 origin x and y in mm,
/// three f64 dock pose, u32 length, zlib of the cells, CRC-32 of all before.
std::vector<uint8_t> Pack(const StoredHome& home);
/// Nothing where the bytes are damaged or of another version.
std::optional<StoredHome> Unpack(const std::vector<uint8_t>& bytes);

}  // namespace vacuum
