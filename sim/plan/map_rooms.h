#pragma once

#include <vector>

#include "sim/plan/raster.h"

namespace dustproof {

/// Divides the floor of an imported map into rooms. `floor`: 1 where there is floor (one connected
/// piece), else 0.
///
/// The rule: small obstacles (under 40 cm: legs, lamps) are ignored; what is more than 50 cm from
/// any wall is the core of a room, so necks under a metre divide; cores grow towards the walls,
/// widest places first, and meet in the necks. Rooms under 2 m², those that share more than 1.4 m
/// of open border, and those inside another are joined. Where none or more than 60 come out, the
/// floor is one room. Named "room 1"… from the largest; polygons in W.
std::vector<Room> DivideIntoRooms(const Grid& floor);

}  // namespace dustproof
