#include <algorithm>
#include <cmath>
#include <filesystem>

#include "sim/config/config.h"
#include "sim/plan/image.h"
#include "sim/plan/internal.h"
#include "sim/plan/map_dock.h"
#include "sim/plan/map_grid.h"
#include "sim/plan/map_rooms.h"
#include "sim/plan/validate.h"

namespace dustproof {
namespace {

constexpr double kFloor_m2_min = 1;
constexpr int32_t kSpecksMax = 5000;
// What is known of a map may be this large: as a plan may, and as can be worked on in seconds.
constexpr double kSide_m_max = 200;
constexpr size_t kCellsMax = 20'000'000;
// Blocks overlap their neighbours by this, so that no ray slips between two that only touch.
constexpr double kOverlap_m = 1e-4;

enum Cell : uint8_t { kFree = 0, kOccupied = 1, kUnknown = 2 };

enum class MapMode { kTrinary, kScale, kRaw };
constexpr Named<MapMode> kMapModes[] = {
    {"trinary", MapMode::kTrinary}, {"scale", MapMode::kScale}, {"raw", MapMode::kRaw}};

// The YAML file of map_server. Other keys are its writer's business.
struct MapFields {
  std::string image;
  double resolution = 0.05;
  std::array<double, 3> origin{};
  bool negate = false;
  double occupied_thresh = 0.65;
  double free_thresh = 0.25;
  MapMode mode = MapMode::kTrinary;
  void Describe(Fields& f) {
    f.AllowUnknownKeys();
    f.Text("image", &image, {.doc = "PGM or PNG, relative to this file.", .required = true});
    f.Number("resolution", &resolution,
             {.doc = "Metres per pixel.", .required = true, .min = 0.005, .max = 0.5});
    f.Tuple("origin", &origin,
            {.doc = "[x, y, yaw in radians] of the lower-left pixel.",
             .required = true,
             .min = -1e5,
             .max = 1e5});
    f.Number("occupied_thresh", &occupied_thresh, {.min = 0, .max = 1});
    f.Number("free_thresh", &free_thresh, {.min = 0, .max = 1});
    f.Rule({"free_thresh", "occupied_thresh"}, free_thresh <= occupied_thresh,
           "must not exceed occupied_thresh (" + FormatNumber(occupied_thresh) + "), got " +
               FormatNumber(free_thresh));
    f.Choice("mode", &mode, kMapModes);
    if (const ConfigNode* node = f.Raw("negate")) {
      negate = node->text == "1" || node->text == "true";
      f.Rule({"negate"}, negate || node->text == "0" || node->text == "false",
             "must be 0 or 1, got '" + node->text + "'");
    }
  }
};

// The sidecar: what a map can't say.
struct OverridesFields {
  static constexpr const char* kKind = "map_overrides";
  static constexpr int kFormatVersion = 1;
  std::optional<std::string> name;
  std::optional<PoseFields> dock, start;
  std::vector<RoomFields> rooms;
  FloorMaterial floor = FloorMaterial::kHard;
  double wall_height_m = Block{}.height_m;
  void Describe(Fields& f) {
    f.Text("name", &name, {.doc = "For people."});
    f.Section("dock", &dock,
              {.doc = "Middle of the dock's back, against a wall; yaw_deg points into the room."});
    f.Section("start", &start, {.doc = "Where the robot starts; on its dock where absent."});
    f.List("rooms", &rooms, {.doc = "Instead of those found in the map."});
    f.Choice("floor", &floor, kFloorMaterials, {.doc = "Of every room found in the map."});
    f.Number("wall_height_m", &wall_height_m,
             {.doc = "Of everything occupied.", .max = 10, .min_exclusive = 0});
  }
};

Cell Classify(uint8_t pixel, const MapFields& map) {
  if (map.mode == MapMode::kRaw) {
    if (pixel > 100) return kUnknown;
    return pixel >= map.occupied_thresh * 100 ? kOccupied
           : pixel <= map.free_thresh * 100   ? kFree
                                              : kUnknown;
  }
  // Map savers write 205 for unknown whatever thresholds they note; with a free_thresh of 0.25 it
  // would pass for free.
  constexpr uint8_t kSavedUnknown = 205;
  if (map.mode == MapMode::kTrinary && !map.negate && pixel == kSavedUnknown) return kUnknown;
  const double brightness = pixel / 255.0;
  const double occupied = map.negate ? brightness : 1 - brightness;
  return occupied > map.occupied_thresh ? kOccupied : occupied < map.free_thresh ? kFree : kUnknown;
}

// Cells from the lowest row up, cut to what is known, with two unknown cells all around.
Grid ToCells(const GrayImage& image, const MapFields& map) {
  std::array<Cell, 256> classes;
  for (int i = 0; i < 256; ++i)
    classes[static_cast<size_t>(i)] = Classify(static_cast<uint8_t>(i), map);
  const auto cell_at = [&](int x, int y) {
    const size_t i = static_cast<size_t>(image.height - 1 - y) * static_cast<size_t>(image.width) +
                     static_cast<size_t>(x);
    if (!image.transparent.empty() && image.transparent[i] != 0) return kUnknown;
    return classes[image.pixels[i]];
  };
  int x_min = image.width, x_max = -1, y_min = image.height, y_max = -1;
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      if (cell_at(x, y) == kUnknown) continue;
      x_min = std::min(x_min, x), x_max = std::max(x_max, x);
      y_min = std::min(y_min, y), y_max = std::max(y_max, y);
    }
  }
  constexpr int kMargin = 2;
  Grid grid;
  grid.resolution_m = map.resolution;
  if (x_max < 0) return grid;
  grid.X_WG = Pose2{map.origin[0], map.origin[1], WrapAngle(map.origin[2])} *
              Pose2{(x_min - kMargin) * map.resolution, (y_min - kMargin) * map.resolution, 0};
  grid.width = x_max - x_min + 1 + 2 * kMargin;
  grid.height = y_max - y_min + 1 + 2 * kMargin;
  grid.cells.assign(static_cast<size_t>(grid.width) * static_cast<size_t>(grid.height), kUnknown);
  for (int y = y_min; y <= y_max; ++y) {
    for (int x = x_min; x <= x_max; ++x)
      grid.At(x - x_min + kMargin, y - y_min + kMargin) = cell_at(x, y);
  }
  return grid;
}

// 1 where a disc of that radius can stand on free cells alone.
Grid StandingRoom(const Grid& cells, double radius_m) {
  Grid standing = cells;
  for (uint8_t& cell : standing.cells) cell = cell == kFree ? 0 : 1;
  const std::vector<int32_t> squared = SquaredDistances(standing);
  const double clear =
      radius_m / cells.resolution_m + 0.5;  // From centre to centre; half a cell is the other's.
  for (size_t i = 0; i < squared.size(); ++i)
    standing.cells[i] = squared[i] >= clear * clear ? 1 : 0;
  return standing;
}

// The label of the largest component, or of the one that comes within 30 cm of a given point.
int32_t PickComponent(const Grid& grid, const std::vector<int32_t>& labels, int32_t count,
                      const std::optional<Vec2>& near) {
  if (near) {
    const Eigen::Vector2i middle = grid.CellOf(*near);
    const int range = static_cast<int>(0.3 / grid.resolution_m);
    int32_t best = 0;
    int best_squared = range * range + 1;
    for (int dy = -range; dy <= range; ++dy) {
      for (int dx = -range; dx <= range; ++dx) {
        const int x = middle.x() + dx, y = middle.y() + dy;
        if (!grid.Has(x, y) || labels[grid.Index(x, y)] == 0 || dx * dx + dy * dy >= best_squared)
          continue;
        best = labels[grid.Index(x, y)];
        best_squared = dx * dx + dy * dy;
      }
    }
    if (best != 0) return best;
  }
  std::vector<int64_t> sizes(static_cast<size_t>(count) + 1, 0);
  for (const int32_t label : labels) sizes[static_cast<size_t>(label)] += label != 0;
  return static_cast<int32_t>(std::max_element(sizes.begin(), sizes.end()) - sizes.begin());
}

// The home's floor: all free cells connected with where the robot can stand. Empty where that is
// under a square metre.
Grid FloorOf(const Grid& cells, double radius_m, const std::optional<Vec2>& near) {
  const Grid standing = StandingRoom(cells, radius_m);
  int32_t count = 0;
  const std::vector<int32_t> labels = LabelComponents(standing, 1, Neighbours::kEdges, &count);
  const int32_t picked = count == 0 ? 0 : PickComponent(standing, labels, count, near);
  const auto first = picked == 0 ? labels.end() : std::find(labels.begin(), labels.end(), picked);
  Grid floor = cells;
  std::fill(floor.cells.begin(), floor.cells.end(), uint8_t{0});
  if (first == labels.end()) return floor;
  const double area_m2 = static_cast<double>(std::count(labels.begin(), labels.end(), picked)) *
                         cells.resolution_m * cells.resolution_m;
  if (area_m2 < kFloor_m2_min) return floor;
  int32_t free_count = 0;
  const std::vector<int32_t> free = LabelComponents(cells, kFree, Neighbours::kEdges, &free_count);
  const int32_t home = free[static_cast<size_t>(first - labels.begin())];
  for (size_t i = 0; i < free.size(); ++i) floor.cells[i] = free[i] == home ? 1 : 0;
  return floor;
}

// What stands around the floor: every other cell that touches it, if only at a corner, and occupied
// cells that hang together with those. What lies further off can be neither touched nor seen.
Grid SolidCells(const Grid& cells, const Grid& floor) {
  Grid solid = floor;
  std::fill(solid.cells.begin(), solid.cells.end(), uint8_t{0});
  std::vector<Eigen::Vector2i> open;
  const auto visit_around = [&](int x, int y, bool only_occupied) {
    for (int dy = -1; dy <= 1; ++dy) {
      for (int dx = -1; dx <= 1; ++dx) {
        const int nx = x + dx, ny = y + dy;
        if (!solid.Has(nx, ny) || floor.At(nx, ny) != 0 || solid.At(nx, ny) != 0) continue;
        if (only_occupied && cells.At(nx, ny) != kOccupied) continue;
        solid.At(nx, ny) = 1;
        open.push_back({nx, ny});
      }
    }
  };
  for (int y = 0; y < floor.height; ++y) {
    for (int x = 0; x < floor.width; ++x) {
      if (floor.At(x, y) != 0) visit_around(x, y, false);
    }
  }
  while (!open.empty()) {
    const Eigen::Vector2i cell = open.back();
    open.pop_back();
    visit_around(cell.x(), cell.y(), true);
  }
  return solid;
}

std::vector<Block> ToBlocks(const Grid& solid, double height_m) {
  std::vector<Block> blocks;
  for (const CellRect& rect : MergeRectangles(solid)) {
    const double r = solid.resolution_m;
    Block block;
    block.X_WB =
        solid.X_WG * Pose2{(rect.x + rect.width / 2.0) * r, (rect.y + rect.height / 2.0) * r, 0};
    block.length_m = rect.width * r + 2 * kOverlap_m;
    block.width_m = rect.height * r + 2 * kOverlap_m;
    block.height_m = height_m;
    blocks.push_back(block);
  }
  return blocks;
}

// Said before the work that grows with it is done.
std::string SizeProblem(const Grid& cells) {
  const double side_m = std::max(cells.width, cells.height) * cells.resolution_m;
  if (side_m > kSide_m_max) {
    return "shows " + FormatNumber(std::round(side_m * 100) / 100) + " m, more than " +
           FormatNumber(kSide_m_max) + " m; check resolution (" + FormatNumber(cells.resolution_m) +
           ")";
  }
  if (cells.cells.size() > kCellsMax) {
    return "has " + std::to_string(cells.cells.size() / 1'000'000) +
           " million known cells, more than " + std::to_string(kCellsMax / 1'000'000) +
           " million; save it at a coarser resolution, such as 0.05";
  }
  return "";
}

std::string SidecarPath(const std::string& path) {
  return (std::filesystem::path(path).parent_path() /
          (std::filesystem::path(path).stem().string() + ".dustproof.yaml"))
      .string();
}

Result<OverridesFields> LoadOverrides(const std::string& path) {
  std::error_code failed;
  if (!std::filesystem::exists(path, failed)) return OverridesFields{};
  return LoadConfig<OverridesFields>(path);
}

// Where a problem of a plan that came from a map can be put right.
Diagnostic ToDiagnostic(const PlanProblem& problem, const OverridesFields& overrides,
                        const std::string& path) {
  const std::string field = *problem.field == '\0' ? "" : std::string(".") + problem.field;
  if (problem.part == PlanPart::kRoom && problem.index < overrides.rooms.size()) {
    return {overrides.rooms[problem.index].where,
            "rooms[" + std::to_string(problem.index) + "]" + field, problem.message};
  }
  if (problem.part == PlanPart::kDock && overrides.dock)
    return {overrides.dock->where, "dock" + field, problem.message};
  if (problem.part == PlanPart::kStart && overrides.start)
    return {overrides.start->where, "start" + field, problem.message};
  const bool is_dock = problem.part == PlanPart::kDock || problem.part == PlanPart::kStart;
  return {{path, 0, 0},
          is_dock ? "dock" : "",
          problem.message + (is_dock ? "; place it in " + SidecarPath(path) : "")};
}

}  // namespace

Result<FloorPlan> ReadMapHome(const ConfigNode& root, const std::string& path,
                              const HomeOptions& options) {
  MapFields map;
  std::vector<Diagnostic> problems;
  Fields fields(root, "", &problems);
  map.Describe(fields);
  SortByPlace(&problems);
  Result<OverridesFields> overrides = LoadOverrides(SidecarPath(path));
  if (!overrides)
    problems.insert(problems.end(), overrides.error().diagnostics.begin(),
                    overrides.error().diagnostics.end());
  if (!problems.empty()) return Error::BadInput(std::move(problems));

  const ConfigNode& image_node = root.Find("image")->value;
  const std::string image_path = PathBeside(path, map.image);
  const auto refuse = [&](const std::string& message) {
    return Error::BadInput(image_node.Where(), "image", message);
  };
  Result<GrayImage> image = LoadImage(image_path);
  if (!image) return refuse(map.image + ": " + image.error().diagnostics[0].message);

  const Grid cells = ToCells(*image, map);
  if (cells.Count(kFree) == 0)
    return refuse("the map is empty: it has no free cell; check mode, negate and the thresholds");
  if (const std::string problem = SizeProblem(cells); !problem.empty()) return refuse(problem);
  int32_t specks = 0;
  LabelComponents(cells, kOccupied, Neighbours::kEdgesAndCorners, &specks);
  if (specks > kSpecksMax) {
    return refuse("looks like noise: " + std::to_string(specks) +
                  " separate occupied specks, where a home has at most " +
                  std::to_string(kSpecksMax));
  }
  std::optional<Vec2> near;
  if (overrides->start)
    near = overrides->start->ToPose().position();
  else if (overrides->dock)
    near = DockedPose(overrides->dock->ToPose(), options.robot_radius_m).position();
  const Grid floor = FloorOf(cells, options.robot_radius_m, near);
  if (floor.Count(1) == 0) {
    return refuse("has no connected free floor of " + FormatNumber(kFloor_m2_min) +
                  " m² for a robot of radius " + FormatNumber(options.robot_radius_m) +
                  " m to move on; is it a map of a home?");
  }

  FloorPlan plan;
  plan.name = overrides->name.value_or(std::filesystem::path(path).stem().string());
  plan.blocks = ToBlocks(SolidCells(cells, floor), overrides->wall_height_m);
  if (overrides->rooms.empty()) {
    plan.rooms = DivideIntoRooms(floor);
    for (Room& room : plan.rooms) room.floor = overrides->floor;
  }
  for (const RoomFields& room : overrides->rooms) plan.rooms.push_back(room.ToRoom());
  if (overrides->start) plan.X_WStart = overrides->start->ToPose();
  const std::optional<Pose2> dock =
      overrides->dock ? overrides->dock->ToPose() : PlaceDock(floor, options.robot_radius_m);
  if (!dock)
    return refuse("has no stretch of wall with room for a dock; place it in " + SidecarPath(path));
  plan.X_WD = *dock;

  for (const PlanProblem& problem : Validate(plan, options))
    problems.push_back(ToDiagnostic(problem, *overrides, path));
  if (!problems.empty()) return Error::BadInput(std::move(problems));
  return plan;
}

SchemaNode MapOverridesSchema() { return DescribeConfig<OverridesFields>(); }

}  // namespace dustproof
