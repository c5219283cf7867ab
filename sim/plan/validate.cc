#include "sim/plan/validate.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "sim/config/number.h"
#include "sim/plan/raster.h"
#include "sim/plan/solids.h"

namespace dustproof {
namespace {

constexpr double kSize_m_max = 200;  // Of a home; more is a wrong unit.
constexpr size_t kRoomsMax = 300;
constexpr double kCovered_m2_max =
    200'000;  // Footprints with 20 cm around them; bounds the work done here.
constexpr double kReach_m2_min = 1;  // Less is no home for a robot that cleans.
constexpr double kOverlap_m2_max =
    0.05;  // Rooms drawn to walls of some thickness may overlap by slivers.

// Two decimals: a message needs no more.
std::string Metres(double value) { return FormatNumber(std::round(value * 100) / 100); }
std::string Point(const Vec2& p) { return "(" + Metres(p.x()) + ", " + Metres(p.y()) + ")"; }

double Cross(const Vec2& o, const Vec2& a, const Vec2& b) {
  return (a.x() - o.x()) * (b.y() - o.y()) - (a.y() - o.y()) * (b.x() - o.x());
}

bool Within(const Vec2& a, const Vec2& b, const Vec2& p) {
  return p.x() >= std::min(a.x(), b.x()) && p.x() <= std::max(a.x(), b.x()) &&
         p.y() >= std::min(a.y(), b.y()) && p.y() <= std::max(a.y(), b.y());
}

bool SegmentsMeet(const Vec2& a, const Vec2& b, const Vec2& c, const Vec2& d) {
  const double c_side = Cross(a, b, c), d_side = Cross(a, b, d), a_side = Cross(c, d, a),
               b_side = Cross(c, d, b);
  if (((c_side > 0) != (d_side > 0)) && ((a_side > 0) != (b_side > 0)) && c_side != 0 &&
      d_side != 0 && a_side != 0 && b_side != 0) {
    return true;
  }
  return (c_side == 0 && Within(a, b, c)) || (d_side == 0 && Within(a, b, d)) ||
         (a_side == 0 && Within(c, d, a)) || (b_side == 0 && Within(c, d, b));
}

// Two edges that aren't neighbours meet, or a corner is given twice.
bool CrossesItself(const Polygon& polygon) {
  const size_t count = polygon.size();
  for (size_t i = 0; i < count; ++i) {
    if (polygon[i] == polygon[(i + 1) % count]) return true;
    for (size_t j = i + 2; j < count; ++j) {
      if (i == 0 && j == count - 1) continue;
      if (SegmentsMeet(polygon[i], polygon[i + 1], polygon[j], polygon[(j + 1) % count]))
        return true;
    }
  }
  return false;
}

class Validator {
 public:
  Validator(const FloorPlan& plan, const HomeOptions& options) : plan_(plan), options_(options) {}

  std::vector<PlanProblem> Run() {
    CheckRooms();
    CheckWalls();
    CheckFurniture();
    if (!problems_.empty()) return std::move(problems_);
    CheckSize();
    if (!problems_.empty()) return std::move(problems_);
    CheckOverlaps();
    CheckStart();
    if (problems_.empty()) CheckReach();
    return std::move(problems_);
  }

 private:
  void Add(PlanPart part, size_t index, const char* field, std::string message) {
    problems_.push_back({part, index, field, std::move(message)});
  }

  void CheckRooms() {
    if (plan_.rooms.size() > kRoomsMax)
      Add(PlanPart::kPlan, 0, "rooms", "must be at most " + std::to_string(kRoomsMax));
    if (plan_.rooms.empty()) Add(PlanPart::kPlan, 0, "rooms", "must hold at least one room");
    std::map<std::string, size_t> names;
    for (size_t i = 0; i < plan_.rooms.size(); ++i) {
      const Room& room = plan_.rooms[i];
      if (!names.emplace(room.name, i).second) {
        Add(PlanPart::kRoom, i, "name",
            "another room is called '" + room.name + "' too; names must differ");
      }
      if (room.polygon.size() < 3) {
        Add(PlanPart::kRoom, i, "polygon",
            "must have at least 3 corners, got " + std::to_string(room.polygon.size()));
      } else if (CrossesItself(room.polygon)) {
        Add(PlanPart::kRoom, i, "polygon",
            "crosses itself or repeats a corner; list the corners in order, once round");
      } else if (std::abs(SignedArea(room.polygon)) < 0.01) {
        Add(PlanPart::kRoom, i, "polygon", "has no area");
      }
    }
  }

  void CheckWalls() {
    for (size_t i = 0; i < plan_.walls.size(); ++i) {
      const Wall& wall = plan_.walls[i];
      if ((wall.b - wall.a).norm() < 0.01) {
        Add(PlanPart::kWall, i, "line",
            "has no length between " + Point(wall.a) + " and " + Point(wall.b));
      }
      if (!(wall.thickness_m > 0)) Add(PlanPart::kWall, i, "thickness_m", "must exceed 0");
    }
    for (size_t i = 0; i < plan_.doorways.size(); ++i) {
      const Doorway& doorway = plan_.doorways[i];
      const int wall_index = WallOf(plan_, doorway);
      if (wall_index < 0) {
        Add(PlanPart::kDoorway, i, "at",
            "is on no wall, got " + Point(doorway.at) + NearestWallHint(doorway.at));
        continue;
      }
      const Wall& wall = plan_.walls[static_cast<size_t>(wall_index)];
      const double length_m = (wall.b - wall.a).norm();
      const double at_m = (doorway.at - wall.a).dot((wall.b - wall.a) / std::max(length_m, 1e-9));
      if (at_m - doorway.width_m / 2 < 0 || at_m + doorway.width_m / 2 > length_m) {
        Add(PlanPart::kDoorway, i, "width_m",
            "reaches past the end of its wall, which runs from " + Point(wall.a) + " to " +
                Point(wall.b) + "; move the doorway or make it narrower");
      }
    }
  }

  std::string NearestWallHint(const Vec2& p) const {
    double best = 1e9;
    Vec2 nearest = p;
    for (const Wall& wall : plan_.walls) {
      const Vec2 ab = wall.b - wall.a;
      if (ab.squaredNorm() == 0) continue;
      const Vec2 q = wall.a + ab * std::clamp((p - wall.a).dot(ab) / ab.squaredNorm(), 0.0, 1.0);
      if ((q - p).norm() < best) {
        best = (q - p).norm();
        nearest = q;
      }
    }
    return plan_.walls.empty() ? "" : "; the nearest point of a wall is " + Point(nearest);
  }

  void CheckFurniture() {
    for (size_t i = 0; i < plan_.furniture.size(); ++i) {
      const Furniture& piece = plan_.furniture[i];
      const bool is_round = piece.shape == FurnitureShape::kCylinder;
      if (!(piece.length_m > 0) || (!is_round && !(piece.width_m > 0)) || !(piece.height_m > 0)) {
        Add(PlanPart::kFurniture, i, "size",
            "has no size; give length, width and height in metres");
      } else if (piece.bottom_m >= piece.height_m) {
        Add(PlanPart::kFurniture, i, "bottom_m",
            "must be below its height (" + Metres(piece.height_m) + "), got " +
                Metres(piece.bottom_m));
      } else if (piece.shape == FurnitureShape::kTable &&
                 piece.leg_m * 2 > std::min(piece.length_m, piece.width_m)) {
        Add(PlanPart::kFurniture, i, "leg_m",
            "must be at most half of the table's sides, got " + Metres(piece.leg_m));
      } else if (plan_.RoomAt(piece.X_WF.position()) < 0 && !plan_.rooms.empty()) {
        Add(PlanPart::kFurniture, i, "at",
            "is outside every room, at " + Point(piece.X_WF.position()));
      }
    }
  }

  void CheckSize() {
    const Bounds bounds = BoundsOf(plan_);
    const Vec2 size = bounds.max - bounds.min;
    if (!(size.x() <= kSize_m_max) || !(size.y() <= kSize_m_max)) {
      Add(PlanPart::kPlan, 0, "",
          "is " + Metres(size.x()) + " m by " + Metres(size.y()) + " m, more than " +
              Metres(kSize_m_max) + " m; lengths are in metres");
    }
    double covered_m2 = 0;
    for (const Solid& solid : SolidsOf(plan_))
      covered_m2 += (solid.length_m + 0.4) * (solid.width_m + 0.4);
    if (!(covered_m2 <= kCovered_m2_max)) {
      Add(PlanPart::kPlan, 0, "",
          "walls and furniture cover more floor than the largest home has; lengths are in metres");
    }
  }

  void CheckOverlaps() {
    Grid grid = MakeGrid(BoundsOf(plan_), 0.05, 0);
    const double cell_m2 = grid.resolution_m * grid.resolution_m;
    std::vector<uint16_t> owners(grid.cells.size(), 0);  // Index of the cell's first room + 1.
    std::map<std::pair<size_t, size_t>, size_t> shared_cells;
    for (size_t i = 0; i < plan_.rooms.size(); ++i) {
      ForEachCellInside(plan_.rooms[i].polygon, grid, [&](int x, int y) {
        uint16_t& owner = owners[grid.Index(x, y)];
        if (owner != 0) ++shared_cells[{i, owner - 1u}];
        if (owner == 0) owner = static_cast<uint16_t>(i + 1);
      });
    }
    for (const auto& [pair, count] : shared_cells) {
      const double overlap_m2 = static_cast<double>(count) * cell_m2;
      if (overlap_m2 <= kOverlap_m2_max) continue;
      Add(PlanPart::kRoom, pair.first, "polygon",
          "overlaps room '" + plan_.rooms[pair.second].name + "' by " + Metres(overlap_m2) +
              " m²; rooms may share edges only");
    }
  }

  std::string NameOfObstacle(const Solid& solid) const {
    if (solid.owner != SolidOwner::kFurniture) return "a wall";
    return "'" + plan_.furniture[solid.owner_index].name + "'";
  }

  void CheckStart() {
    const std::vector<Solid> solids = SolidsOf(plan_);
    const Vec2 p_WDock = plan_.X_WD * Vec2(kDockDepth_m, 0);
    const Vec2 p_WDocked = DockedPose(plan_.X_WD, options_.robot_radius_m).position();
    if (plan_.RoomAt(p_WDock) < 0) {
      Add(PlanPart::kDock, 0, "at", "is outside every room, at " + Point(p_WDock));
    } else if (const Solid* solid = FindObstacle(solids, p_WDock, 0.01, kDockHeight_m)) {
      Add(PlanPart::kDock, 0, "at",
          "the dock stands inside " + NameOfObstacle(*solid) +
              "; 'at' is the middle of its back, 'yaw_deg' points into the room");
    } else if (const Solid* solid = FindObstacle(solids, p_WDocked, options_.robot_radius_m,
                                                 options_.robot_height_m)) {
      Add(PlanPart::kDock, 0, "at",
          "a docked robot would stand in " + NameOfObstacle(*solid) + ", at " + Point(p_WDocked) +
              "; leave " + Metres(options_.robot_radius_m * 2) + " m free in front of the dock");
    }
    if (!plan_.X_WStart) return;
    const Vec2 p_WStart = plan_.X_WStart->position();
    if (plan_.RoomAt(p_WStart) < 0) {
      Add(PlanPart::kStart, 0, "at", "is outside every room, at " + Point(p_WStart));
    } else if (const Solid* solid = FindObstacle(solids, p_WStart, options_.robot_radius_m,
                                                 options_.robot_height_m)) {
      Add(PlanPart::kStart, 0, "at",
          "the robot would stand in " + NameOfObstacle(*solid) + ", at " + Point(p_WStart) +
              "; it needs " + Metres(options_.robot_radius_m) + " m on every side");
    }
  }

  void CheckReach() {
    const Reach reach =
        ReachableFloor(plan_, {options_.robot_radius_m, options_.robot_height_m, 0.025});
    if (!reach.start_is_free) {
      Add(PlanPart::kStart, 0, "at", "the robot has no room to move where it starts");
      return;
    }
    if (reach.leaves_at) {
      Add(PlanPart::kPlan, 0, "walls",
          "have a hole: the robot can leave the home and drive to " + Point(*reach.leaves_at) +
              "; close the outer wall");
      return;
    }
    if (reach.area_m2 < kReach_m2_min) {
      Add(PlanPart::kPlan, 0, "",
          "the robot reaches only " + Metres(reach.area_m2) + " m² from its start; " + "at least " +
              Metres(kReach_m2_min) + " m² are needed");
      return;
    }
    const Vec2 p_WDocked = DockedPose(plan_.X_WD, options_.robot_radius_m).position();
    if (plan_.X_WStart && !ReachesNear(reach.centers, p_WDocked)) {
      Add(PlanPart::kDock, 0, "at",
          "can't be reached from the start by a robot of radius " +
              Metres(options_.robot_radius_m) + " m; widen a doorway or move the dock");
    }
  }

  static bool ReachesNear(const Grid& centers, const Vec2& p) {
    const Eigen::Vector2i middle = centers.CellOf(p);
    const int range = static_cast<int>(0.1 / centers.resolution_m);
    for (int dy = -range; dy <= range; ++dy) {
      for (int dx = -range; dx <= range; ++dx) {
        const int x = middle.x() + dx, y = middle.y() + dy;
        if (centers.Has(x, y) && centers.At(x, y) != 0) return true;
      }
    }
    return false;
  }

  const FloorPlan& plan_;
  const HomeOptions options_;
  std::vector<PlanProblem> problems_;
};

}  // namespace

std::vector<PlanProblem> Validate(const FloorPlan& plan, const HomeOptions& options) {
  return Validator(plan, options).Run();
}

}  // namespace dustproof
