#include <algorithm>
#include <numbers>
#include <tuple>

#include "sim/config/config.h"
#include "sim/plan/internal.h"
#include "sim/plan/load_home.h"
#include "sim/plan/validate.h"

namespace dustproof {
namespace {

constexpr size_t kCornersMax = 500;  // Of a polygon or a wall's line.
constexpr size_t kPartsMax =
    5000;  // Of each kind: more is an accident, and would only make everything slow.

using Point2 = std::array<double, 2>;
Vec2 ToVec2(const Point2& p) { return {p[0], p[1]}; }
double ToRadians(double degrees) { return degrees * (std::numbers::pi / 180); }

struct WallFields {
  std::vector<Point2> line;
  std::optional<double> thickness_m, height_m;
  double reflectivity = Wall{}.reflectivity;
  SourceLocation where;
  void Describe(Fields& f) {
    f.Where(&where);
    f.Tuples("line", &line,
             {.doc = "Centre line: two or more points [x, y]; a wall between each and the next.",
              .required = true,
              .count_min = 2});
    f.Rule({"line"}, line.size() <= kCornersMax,
           "must have at most " + std::to_string(kCornersMax) + " points");
    f.Number("thickness_m", &thickness_m,
             {.doc = "Instead of the home's wall_thickness_m.", .min = 0.02, .max = 2});
    f.Number("height_m", &height_m,
             {.doc = "Instead of the home's wall_height_m.", .max = 10, .min_exclusive = 0});
    f.Number("reflectivity", &reflectivity, {.doc = "To the lidar's light.", .min = 0, .max = 1});
  }
};

struct DoorwayFields {
  Point2 at{};
  double width_m = Doorway{}.width_m;
  SourceLocation where;
  void Describe(Fields& f) {
    f.Where(&where);
    f.Tuple("at", &at, {.doc = "Its middle, on a wall.", .required = true});
    f.Number("width_m", &width_m, {.doc = "Clear width.", .max = 20, .min_exclusive = 0});
  }
};

struct FurnitureFields {
  Furniture piece;
  Point2 at{};
  double yaw_deg = 0;
  std::optional<std::array<double, 3>> size;
  std::optional<double> radius_m, height_m;
  SourceLocation where;
  void Describe(Fields& f) {
    f.Where(&where);
    f.Text("name", &piece.name, {.required = true});
    f.Choice("shape", &piece.shape, kFurnitureShapes,
             {.doc = "box and cylinder are solid; table has four legs under a top (also chairs, "
                     "beds on legs)."});
    f.Tuple("at", &at, {.doc = "Middle of its footprint [x, y].", .required = true});
    f.Number("yaw_deg", &yaw_deg, {.doc = "Turned counter-clockwise by.", .min = -360, .max = 360});
    f.Tuple("size", &size,
            {.doc = "[length along its x, width, height] in metres; not for a cylinder.",
             .max = 50,
             .min_exclusive = 0});
    f.Number("radius_m", &radius_m, {.doc = "Of a cylinder.", .max = 20, .min_exclusive = 0});
    f.Number("height_m", &height_m, {.doc = "Of a cylinder.", .max = 10, .min_exclusive = 0});
    f.Number("bottom_m", &piece.bottom_m,
             {.doc = "Free height beneath; a table's default is its top less 3 cm.",
              .min = 0,
              .max = 10});
    f.Number("leg_m", &piece.leg_m,
             {.doc = "Side of a table's square legs.", .max = 1, .min_exclusive = 0});
    f.Number("reflectivity", &piece.reflectivity,
             {.doc = "To the lidar's light.", .min = 0, .max = 1});
    const bool is_round = piece.shape == FurnitureShape::kCylinder;
    f.Rule({"radius_m"}, !is_round || radius_m.has_value(), "is required of a cylinder");
    f.Rule({"height_m"}, !is_round || height_m.has_value(), "is required of a cylinder");
    f.Rule({"size", "radius_m", "height_m"}, !is_round || !size.has_value(),
           "is not for a cylinder; give radius_m and height_m");
    f.Rule({"size"}, is_round || size.has_value(),
           "is required: [length, width, height] in metres");
    f.Rule({"radius_m"}, is_round || !radius_m.has_value(), "is for a cylinder only; give size");
    f.Rule({"height_m"}, is_round || !height_m.has_value(),
           "is for a cylinder only; it is the third number of size");
  }
  Furniture ToFurniture() const {
    Furniture result = piece;
    result.X_WF = {at[0], at[1], ToRadians(yaw_deg)};
    if (size)
      std::tie(result.length_m, result.width_m, result.height_m) =
          std::tie((*size)[0], (*size)[1], (*size)[2]);
    if (radius_m && height_m) {
      result.length_m = result.width_m = 2 * *radius_m;
      result.height_m = *height_m;
    }
    return result;
  }
};

struct HomeFields {
  static constexpr const char* kKind = "home";
  static constexpr int kFormatVersion = 1;
  std::string name;
  double wall_height_m = Wall{}.height_m;
  double wall_thickness_m = Wall{}.thickness_m;
  std::vector<RoomFields> rooms;
  std::vector<WallFields> walls;
  std::vector<DoorwayFields> doorways;
  std::vector<FurnitureFields> furniture;
  PoseFields dock;
  std::optional<PoseFields> start;
  SourceLocation where, rooms_where, walls_where;

  void Describe(Fields& f) {
    f.Where(&where);
    f.Where("rooms", &rooms_where);
    f.Where("walls", &walls_where);
    f.Text("name", &name, {.doc = "For people.", .required = true});
    f.Number("wall_height_m", &wall_height_m,
             {.doc = "Of walls that don't say.", .max = 10, .min_exclusive = 0});
    f.Number("wall_thickness_m", &wall_thickness_m,
             {.doc = "Of walls that don't say.", .min = 0.02, .max = 2});
    f.List("rooms", &rooms,
           {.doc = "Each up to the centre lines of its walls.", .required = true, .count_min = 1});
    f.List("walls", &walls,
           {.doc = "Outer and inner walls; the outer ones must close.",
            .required = true,
            .count_min = 1});
    f.List("doorways", &doorways, {.doc = "Gaps in walls. A closed front door needs none."});
    f.List("furniture", &furniture);
    f.Section("dock", &dock,
              {.doc = "Middle of the dock's back, against a wall; yaw_deg points into the room.",
               .required = true});
    f.Section("start", &start, {.doc = "Where the robot starts; on its dock where absent."});
    size_t wall_count = 0;
    for (const WallFields& wall : walls) wall_count += wall.line.size();
    for (const auto& [key, size] : {std::pair{"rooms", rooms.size()},
                                    {"walls", wall_count},
                                    {"doorways", doorways.size()},
                                    {"furniture", furniture.size()}}) {
      f.Rule(
          {key}, size <= kPartsMax,
          "must have at most " + std::to_string(kPartsMax) + " items, got " + std::to_string(size));
    }
  }

  FloorPlan ToPlan() const {
    FloorPlan plan;
    plan.name = name;
    for (const RoomFields& room : rooms) plan.rooms.push_back(room.ToRoom());
    for (const WallFields& wall : walls) {
      for (size_t i = 0; i + 1 < wall.line.size(); ++i) {
        plan.walls.push_back({ToVec2(wall.line[i]), ToVec2(wall.line[i + 1]),
                              wall.thickness_m.value_or(wall_thickness_m),
                              wall.height_m.value_or(wall_height_m), wall.reflectivity});
      }
    }
    for (const DoorwayFields& doorway : doorways)
      plan.doorways.push_back({ToVec2(doorway.at), doorway.width_m});
    for (const FurnitureFields& piece : furniture) plan.furniture.push_back(piece.ToFurniture());
    plan.X_WD = dock.ToPose();
    if (start) plan.X_WStart = start->ToPose();
    return plan;
  }

  // Where the part of a plan that `ToPlan` made stands in the file, as place and dotted path.
  std::pair<SourceLocation, std::string> PlaceOf(const PlanProblem& problem) const {
    const std::string field = *problem.field == '\0' ? "" : std::string(".") + problem.field;
    const auto item = [&](const char* list, size_t i) {
      return std::string(list) + "[" + std::to_string(i) + "]" + field;
    };
    switch (problem.part) {
      case PlanPart::kRoom:
        return {rooms[problem.index].where, item("rooms", problem.index)};
      case PlanPart::kWall: {
        size_t first = 0;
        for (size_t i = 0; i < walls.size(); ++i) {
          first += walls[i].line.size() - 1;
          if (problem.index < first) return {walls[i].where, item("walls", i)};
        }
        break;
      }
      case PlanPart::kDoorway:
        return {doorways[problem.index].where, item("doorways", problem.index)};
      case PlanPart::kFurniture:
        return {furniture[problem.index].where, item("furniture", problem.index)};
      case PlanPart::kDock:
        return {dock.where, "dock" + field};
      case PlanPart::kStart:
        return start ? std::pair{start->where, "start" + field}
                     : std::pair{dock.where, "dock" + field};
      case PlanPart::kPlan:
      case PlanPart::kBlock:
        break;
    }
    return {field == ".walls"   ? walls_where
            : field == ".rooms" ? rooms_where
                                : where,
            field.empty() ? "" : problem.field};
  }
};

Result<FloorPlan> ReadHome(const ConfigNode& root, const HomeOptions& options) {
  Result<HomeFields> home = ReadConfig<HomeFields>(root);
  if (!home) return home.error();
  FloorPlan plan = home->ToPlan();
  std::vector<Diagnostic> problems;
  for (const PlanProblem& problem : Validate(plan, options)) {
    auto [where, field] = home->PlaceOf(problem);
    problems.push_back({std::move(where), std::move(field), problem.message});
  }
  if (problems.empty()) return plan;
  SortByPlace(&problems);
  return Error::BadInput(std::move(problems));
}

}  // namespace

void PoseFields::Describe(Fields& f) {
  f.Where(&where);
  f.Tuple("at", &at, {.doc = "[x, y] in metres.", .required = true});
  f.Number("yaw_deg", &yaw_deg,
           {.doc = "Heading, counter-clockwise from +x.", .min = -360, .max = 360});
}

Pose2 PoseFields::ToPose() const { return {at[0], at[1], ToRadians(yaw_deg)}; }

void RoomFields::Describe(Fields& f) {
  f.Where(&where);
  f.Text("name", &name, {.required = true});
  f.Choice("floor", &floor, kFloorMaterials, {.doc = "What covers the floor."});
  f.Tuples("polygon", &polygon,
           {.doc = "Corners [x, y] in order.", .required = true, .count_min = 3});
  f.Rule({"polygon"}, polygon.size() <= kCornersMax,
         "must have at most " + std::to_string(kCornersMax) + " corners");
}

Room RoomFields::ToRoom() const {
  Room room{name, {}, floor};
  for (const Point2& corner : polygon) room.polygon.push_back(ToVec2(corner));
  if (SignedArea(room.polygon) < 0) std::reverse(room.polygon.begin(), room.polygon.end());
  return room;
}

Result<void> RefuseImage(const std::string& path) {
  for (const char* ending : {".pgm", ".png", ".PGM", ".PNG"}) {
    if (path.ends_with(ending))
      return Error::BadInput(path +
                             ": is an image; name the map_server YAML file that goes with it");
  }
  return {};
}

Result<FloorPlan> LoadHome(const std::string& path, const HomeOptions& options) {
  if (const Result<void> named = RefuseImage(path); !named) return named.error();
  Result<ConfigNode> root = LoadYaml(path);
  if (!root) return root.error();
  if (root->Find("kind") == nullptr && root->Find("image") != nullptr)
    return ReadMapHome(*root, path, options);
  return ReadHome(*root, options);
}

Result<FloorPlan> ParseHome(std::string_view text, const std::string& file_name,
                            const HomeOptions& options) {
  Result<ConfigNode> root = ParseYaml(text, file_name);
  if (!root) return root.error();
  return ReadHome(*root, options);
}

SchemaNode HomeSchema() { return DescribeConfig<HomeFields>(); }

}  // namespace dustproof
