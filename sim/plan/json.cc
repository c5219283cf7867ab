#include "sim/plan/json.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace dustproof {
namespace {

using Json = nlohmann::ordered_json;

Json ToJson(const Vec2& p) { return {p.x(), p.y()}; }
Json ToJson(const Pose2& X) { return {X.x, X.y, X.yaw}; }

// Readers throw on a wrong shape; FloorPlanFromJson catches.
double ReadNumber(const Json& json) {
  const double value = json.get<double>();
  if (!json.is_number() || !std::isfinite(value))
    throw std::invalid_argument("a number was expected");
  return value;
}
Vec2 ReadVec2(const Json& json) { return {ReadNumber(json.at(0)), ReadNumber(json.at(1))}; }
Pose2 ReadPose2(const Json& json) {
  return {ReadNumber(json.at(0)), ReadNumber(json.at(1)), ReadNumber(json.at(2))};
}
template <typename E, size_t N>
E ReadName(const Json& json, const Named<E> (&table)[N]) {
  const std::string name = json.get<std::string>();
  for (const Named<E>& row : table) {
    if (name == row.name) return row.value;
  }
  throw std::invalid_argument("unknown word '" + name + "'");
}

Json RoomToJson(const Room& room) {
  Json polygon = Json::array();
  for (const Vec2& p : room.polygon) polygon.push_back(ToJson(p));
  return {
      {"name", room.name}, {"floor", NameOf(room.floor, kFloorMaterials)}, {"polygon", polygon}};
}
Room RoomFromJson(const Json& json) {
  Room room{json.at("name").get<std::string>(), {}, ReadName(json.at("floor"), kFloorMaterials)};
  for (const Json& p : json.at("polygon")) room.polygon.push_back(ReadVec2(p));
  return room;
}

Json WallToJson(const Wall& wall) {
  return {{"a", ToJson(wall.a)},
          {"b", ToJson(wall.b)},
          {"thickness_m", wall.thickness_m},
          {"height_m", wall.height_m},
          {"reflectivity", wall.reflectivity}};
}
Wall WallFromJson(const Json& json) {
  return {ReadVec2(json.at("a")), ReadVec2(json.at("b")), ReadNumber(json.at("thickness_m")),
          ReadNumber(json.at("height_m")), ReadNumber(json.at("reflectivity"))};
}

Json DoorwayToJson(const Doorway& doorway) {
  return {{"at", ToJson(doorway.at)}, {"width_m", doorway.width_m}};
}
Doorway DoorwayFromJson(const Json& json) {
  return {ReadVec2(json.at("at")), ReadNumber(json.at("width_m"))};
}

Json FurnitureToJson(const Furniture& piece) {
  return {{"name", piece.name},
          {"shape", NameOf(piece.shape, kFurnitureShapes)},
          {"pose", ToJson(piece.X_WF)},
          {"length_m", piece.length_m},
          {"width_m", piece.width_m},
          {"height_m", piece.height_m},
          {"bottom_m", piece.bottom_m},
          {"leg_m", piece.leg_m},
          {"reflectivity", piece.reflectivity}};
}
Furniture FurnitureFromJson(const Json& json) {
  return {json.at("name").get<std::string>(), ReadName(json.at("shape"), kFurnitureShapes),
          ReadPose2(json.at("pose")),         ReadNumber(json.at("length_m")),
          ReadNumber(json.at("width_m")),     ReadNumber(json.at("height_m")),
          ReadNumber(json.at("bottom_m")),    ReadNumber(json.at("leg_m")),
          ReadNumber(json.at("reflectivity"))};
}

Json BlockToJson(const Block& block) {
  return {{"pose", ToJson(block.X_WB)},
          {"length_m", block.length_m},
          {"width_m", block.width_m},
          {"height_m", block.height_m},
          {"reflectivity", block.reflectivity}};
}
Block BlockFromJson(const Json& json) {
  return {ReadPose2(json.at("pose")), ReadNumber(json.at("length_m")),
          ReadNumber(json.at("width_m")), ReadNumber(json.at("height_m")),
          ReadNumber(json.at("reflectivity"))};
}

template <typename T>
Json ListToJson(const std::vector<T>& items, Json (*to_json)(const T&)) {
  Json list = Json::array();
  for (const T& item : items) list.push_back(to_json(item));
  return list;
}
template <typename T>
void ReadList(const Json& json, T (*from_json)(const Json&), std::vector<T>* out) {
  if (!json.is_array()) throw std::invalid_argument("a list was expected");
  for (const Json& item : json) out->push_back(from_json(item));
}

}  // namespace

std::string ToJson(const FloorPlan& plan) {
  Json json;
  json["name"] = plan.name;
  json["rooms"] = ListToJson(plan.rooms, RoomToJson);
  json["walls"] = ListToJson(plan.walls, WallToJson);
  json["doorways"] = ListToJson(plan.doorways, DoorwayToJson);
  json["furniture"] = ListToJson(plan.furniture, FurnitureToJson);
  json["blocks"] = ListToJson(plan.blocks, BlockToJson);
  json["dock"] = ToJson(plan.X_WD);
  if (plan.X_WStart) json["start"] = ToJson(*plan.X_WStart);
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<FloorPlan> FloorPlanFromJson(std::string_view text) {
  try {
    const Json json = Json::parse(text);
    FloorPlan plan;
    plan.name = json.at("name").get<std::string>();
    ReadList(json.at("rooms"), RoomFromJson, &plan.rooms);
    ReadList(json.at("walls"), WallFromJson, &plan.walls);
    ReadList(json.at("doorways"), DoorwayFromJson, &plan.doorways);
    ReadList(json.at("furniture"), FurnitureFromJson, &plan.furniture);
    ReadList(json.at("blocks"), BlockFromJson, &plan.blocks);
    plan.X_WD = ReadPose2(json.at("dock"));
    if (json.contains("start")) plan.X_WStart = ReadPose2(json.at("start"));
    return plan;
  } catch (const std::exception& e) {
    return Error::BadInput(std::string("the floor plan's JSON can't be read: ") + e.what());
  }
}

}  // namespace dustproof
