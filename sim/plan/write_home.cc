#include "sim/plan/write_home.h"

#include <cmath>
#include <numbers>

#include "sim/config/number.h"
#include "sim/core/check.h"

namespace dustproof {
namespace {

ConfigNode Number(double value) { return ScalarNode(FormatNumber(std::round(value * 1e4) / 1e4)); }
ConfigNode Point(const Vec2& p) { return ListNode({Number(p.x()), Number(p.y())}); }
double Degrees(double radians) { return std::remainder(radians, 2 * std::numbers::pi) * (180 / std::numbers::pi); }

ConfigNode PoseNode(const Pose2& pose) { return MapNode({{"at", Point(pose.position())}, {"yaw_deg", Number(Degrees(pose.yaw))}}); }

ConfigNode RoomNode(const Room& room) {
  std::vector<ConfigNode> corners;
  for (const Vec2& corner : room.polygon) corners.push_back(Point(corner));
  return MapNode({{"name", TextNode(room.name)}, {"floor", ScalarNode(NameOf(room.floor, kFloorMaterials))}, {"polygon", ListNode(std::move(corners))}});
}

ConfigNode WallNode(const Wall& wall) {
  const Wall usual;
  ConfigNode node = MapNode({{"line", ListNode({Point(wall.a), Point(wall.b)})}});
  if (wall.thickness_m != usual.thickness_m) SetEntry(&node, "thickness_m", Number(wall.thickness_m));
  if (wall.height_m != usual.height_m) SetEntry(&node, "height_m", Number(wall.height_m));
  if (wall.reflectivity != usual.reflectivity) SetEntry(&node, "reflectivity", Number(wall.reflectivity));
  return node;
}

ConfigNode FurnitureNode(const Furniture& piece) {
  ConfigNode node = MapNode({{"name", TextNode(piece.name)}, {"shape", ScalarNode(NameOf(piece.shape, kFurnitureShapes))},
                             {"at", Point(piece.X_WF.position())}, {"yaw_deg", Number(Degrees(piece.X_WF.yaw))}});
  if (piece.shape == FurnitureShape::kCylinder) {
    SetEntry(&node, "radius_m", Number(piece.length_m / 2));
    SetEntry(&node, "height_m", Number(piece.height_m));
  } else {
    SetEntry(&node, "size", ListNode({Number(piece.length_m), Number(piece.width_m), Number(piece.height_m)}));
  }
  if (piece.bottom_m != 0) SetEntry(&node, "bottom_m", Number(piece.bottom_m));
  if (piece.shape == FurnitureShape::kTable) SetEntry(&node, "leg_m", Number(piece.leg_m));
  SetEntry(&node, "reflectivity", Number(piece.reflectivity));
  return node;
}

template <typename T, typename F>
ConfigNode ListOf(const std::vector<T>& values, const F& to_node) {
  std::vector<ConfigNode> items;
  for (const T& value : values) items.push_back(to_node(value));
  return ListNode(std::move(items));
}

}  // namespace

ConfigNode HomeNode(const FloorPlan& plan) {
  DP_CHECK(plan.blocks.empty(), plan.name);
  ConfigNode home = MapNode({{"kind", ScalarNode("home")}, {"format_version", ScalarNode("1")}, {"name", TextNode(plan.name)},
                             {"rooms", ListOf(plan.rooms, RoomNode)}, {"walls", ListOf(plan.walls, WallNode)}});
  if (!plan.doorways.empty())
    SetEntry(&home, "doorways", ListOf(plan.doorways, [](const Doorway& d) { return MapNode({{"at", Point(d.at)}, {"width_m", Number(d.width_m)}}); }));
  if (!plan.furniture.empty()) SetEntry(&home, "furniture", ListOf(plan.furniture, FurnitureNode));
  SetEntry(&home, "dock", PoseNode(plan.X_WD));
  if (plan.X_WStart) SetEntry(&home, "start", PoseNode(*plan.X_WStart));
  return home;
}

}  // namespace dustproof
