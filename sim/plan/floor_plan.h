#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/config/fields.h"
#include "sim/core/frames.h"

namespace dustproof {

/// What covers the floor of a room. How much it brakes is `sim/world`'s business.
enum class FloorMaterial { kHard, kShortCarpet, kLongCarpet };
inline constexpr Named<FloorMaterial> kFloorMaterials[] = {
    {"hard", FloorMaterial::kHard},
    {"short_carpet", FloorMaterial::kShortCarpet},
    {"long_carpet", FloorMaterial::kLongCarpet}};

/// The dock's body: a low block that stands with its back (D's origin, on the floor) against a
/// wall; +x of D points out into the room. The robot drives in forwards until its front is at the
/// block's face, so R faces D.
inline constexpr double kDockDepth_m = 0.08;
inline constexpr double kDockWidth_m = 0.26;
inline constexpr double kDockHeight_m = 0.07;

/// A closed polygon in W: counter-clockwise, the last corner joined to the first.
using Polygon = std::vector<Vec2>;

struct Room {
  std::string name;
  Polygon polygon;  ///< Between the centre lines of its walls; neighbours share edges.
  FloorMaterial floor = FloorMaterial::kHard;
};

/// A straight wall: its centre line from `a` to `b`. It runs on by half its thickness past both
/// ends, so that corners close.
struct Wall {
  Vec2 a = Vec2::Zero();
  Vec2 b = Vec2::Zero();
  double thickness_m = 0.1;
  double height_m = 2.5;
  double reflectivity = 0.8;  ///< To the lidar's light, 0–1. Default: white paint.
};

/// A gap in the wall that `at` lies on, open from floor to ceiling.
struct Doorway {
  Vec2 at = Vec2::Zero();  ///< Its middle.
  double width_m = 0.9;
};

enum class FurnitureShape {
  kBox,       ///< Solid from `bottom_m` to `height_m`.
  kCylinder,  ///< The same, round: the diameter is `length_m`.
  kTable,     ///< Four square legs at the corners under a top: tables, chairs, beds on legs.
};
inline constexpr Named<FurnitureShape> kFurnitureShapes[] = {
    {"box", FurnitureShape::kBox},
    {"cylinder", FurnitureShape::kCylinder},
    {"table", FurnitureShape::kTable}};

struct Furniture {
  std::string name;
  FurnitureShape shape = FurnitureShape::kBox;
  Pose2 X_WF;           ///< F: the middle of its footprint, x along its length.
  double length_m = 0;  ///< Along F's x.
  double width_m = 0;   ///< Along F's y.
  double height_m = 0;  ///< Of its top above the floor.
  double bottom_m =
      0;  ///< Free height beneath: a sofa on feet. Of a table: beneath its top, legs apart.
  double leg_m = 0.05;  ///< Side of a table's leg.
  double reflectivity = 0.5;
};

/// A rectangle of wall from an imported map, from the floor to `height_m`.
struct Block {
  Pose2 X_WB;           ///< B: its middle.
  double length_m = 0;  ///< Along B's x.
  double width_m = 0;
  double height_m = 2.5;
  double reflectivity = 0.8;
};

/// A home as plain geometry, in W: metres, z up, the floor at z = 0.
struct FloorPlan {
  std::string name;
  std::vector<Room> rooms;
  std::vector<Wall> walls;
  std::vector<Doorway> doorways;
  std::vector<Furniture> furniture;
  std::vector<Block> blocks;
  Pose2 X_WD;                     ///< The dock.
  std::optional<Pose2> X_WStart;  ///< Where the robot starts; on its dock where absent.

  /// Index of the room that a point is in, the first of `rooms` that holds it; -1 outside all.
  int RoomAt(const Vec2& p_WPt_W) const;
};

/// The middle of the dock's face, on the floor, x out into the room: where contacts and beacon are.
Pose2 DockFacePose(const Pose2& X_WD);
/// Where a robot of that radius stands when it is docked: facing the dock, its rim 2 mm from the
/// dock's face.
Pose2 DockedPose(const Pose2& X_WD, double robot_radius_m);
/// `X_WStart`, or the docked pose.
Pose2 StartPose(const FloorPlan& plan, double robot_radius_m);

/// Signed area: positive for counter-clockwise corners.
double SignedArea(const Polygon& polygon);
/// Whether `p` is inside. Points on an edge belong to the polygon on its upper right, so tiles
/// share no point.
bool Contains(const Polygon& polygon, const Vec2& p);

/// The smallest axis-aligned rectangle around something.
struct Bounds {
  Vec2 min = Vec2::Zero();
  Vec2 max = Vec2::Zero();
  bool empty = true;
  void Add(const Vec2& p);
};
/// Around all rooms, walls, furniture, blocks and the dock.
Bounds BoundsOf(const FloorPlan& plan);

}  // namespace dustproof
