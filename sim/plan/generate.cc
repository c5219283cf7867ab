#include "sim/plan/generate.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string>

#include "sim/core/check.h"
#include "sim/core/random.h"
#include "sim/plan/validate.h"

namespace dustproof {
namespace {

constexpr double kWall_m = 0.1;
constexpr double kDoorMargin_m = 0.15;  // From a doorway to the nearest crossing wall.

struct Rect {
  Vec2 min;
  Vec2 max;
  double Side(int axis) const { return max[axis] - min[axis]; }
};

double Rounded(double value_m) { return std::round(value_m * 100) / 100; }

class Generator {
 public:
  Generator(uint64_t seed, const GenerateOptions& options)
      : options_(options), random_(Seed(seed).Stream("plan.generate")) {
    plan_.name = "generated " + std::to_string(seed);
  }

  FloorPlan Run() {
    const double length_m = Rounded(random_.Uniform(options_.length_m_min, options_.length_m_max));
    const double width_m =
        Rounded(random_.Uniform(options_.length_m_min, options_.length_m_max) * 0.75);
    const Rect home{{0, 0}, {length_m, width_m}};
    AddWall(home.min, {home.max.x(), home.min.y()});
    AddWall({home.max.x(), home.min.y()}, home.max);
    AddWall(home.max, {home.min.x(), home.max.y()});
    AddWall({home.min.x(), home.max.y()}, home.min);
    Split(home);
    PlaceDock();
    if (options_.furnished) Furnish();
    std::vector<PlanProblem> problems = Problems();
    while (!problems.empty() && !plan_.furniture.empty()) {
      plan_.furniture.pop_back();
      problems = Problems();
    }
    DP_CHECK(problems.empty(), plan_.name, problems.empty() ? "" : problems[0].message);
    return std::move(plan_);
  }

 private:
  void AddWall(const Vec2& a, const Vec2& b) { plan_.walls.push_back({a, b, kWall_m}); }
  std::vector<PlanProblem> Problems() const {
    return Validate(plan_, {.robot_radius_m = options_.robot_radius_m});
  }

  // Splits a rectangle into rooms and returns the range of `rooms_` that it became.
  void Split(const Rect& rect) {
    const int axis = rect.Side(0) >= rect.Side(1) ? 0 : 1;
    if (rect.Side(axis) < 2 * options_.room_side_m_min) return AddRoom(rect);
    const double at = Rounded(random_.Uniform(rect.min[axis] + options_.room_side_m_min,
                                              rect.max[axis] - options_.room_side_m_min));
    Rect low = rect, high = rect;
    low.max[axis] = high.min[axis] = at;
    AddWall(high.min, low.max);
    const size_t first = rooms_.size();
    Split(low);
    const size_t middle = rooms_.size();
    Split(high);
    AddDoorway(axis, at, first, middle);
  }

  void AddRoom(const Rect& r) {
    constexpr FloorMaterial kMaterials[] = {FloorMaterial::kHard, FloorMaterial::kHard,
                                            FloorMaterial::kShortCarpet,
                                            FloorMaterial::kLongCarpet};
    rooms_.push_back(r);
    plan_.rooms.push_back({"room " + std::to_string(rooms_.size()),
                           {r.min, {r.max.x(), r.min.y()}, r.max, {r.min.x(), r.max.y()}},
                           kMaterials[random_.Below(4)]});
  }

  // In the wall across `axis` at `at`, between rooms [first, middle) and [middle, end): in the
  // longest stretch that two rooms share, so that no other wall runs into it.
  void AddDoorway(int axis, double at, size_t first, size_t middle) {
    const int other = 1 - axis;
    double best_from = 0, best_to = 0;
    for (size_t i = first; i < middle; ++i) {
      for (size_t j = middle; j < rooms_.size(); ++j) {
        if (rooms_[i].max[axis] != at || rooms_[j].min[axis] != at) continue;
        const double from = std::max(rooms_[i].min[other], rooms_[j].min[other]);
        const double to = std::min(rooms_[i].max[other], rooms_[j].max[other]);
        if (to - from > best_to - best_from) std::tie(best_from, best_to) = std::tie(from, to);
      }
    }
    const double room_m = kDoorMargin_m + options_.doorway_width_m / 2;
    Doorway doorway;
    doorway.at[axis] = at;
    doorway.at[other] = best_to - best_from > 2 * room_m
                            ? Rounded(random_.Uniform(best_from + room_m, best_to - room_m))
                            : (best_from + best_to) / 2;
    doorway.width_m = std::min(options_.doorway_width_m, best_to - best_from - kWall_m);
    plan_.doorways.push_back(doorway);
  }

  // A point on a wall's face inside a room, and the direction into the room.
  Pose2 OnWall(const Rect& room, double margin_m) {
    const int side = static_cast<int>(random_.Below(4));
    const int axis = side / 2;  // The wall's normal.
    const int other = 1 - axis;
    Vec2 p;
    p[axis] = side % 2 == 0 ? room.min[axis] + kWall_m / 2 : room.max[axis] - kWall_m / 2;
    p[other] = random_.Uniform(room.min[other] + margin_m, room.max[other] - margin_m);
    constexpr double kYaw[] = {0, std::numbers::pi, std::numbers::pi / 2, -std::numbers::pi / 2};
    return {Rounded(p.x()), Rounded(p.y()), kYaw[side]};
  }

  bool NearDoorway(const Vec2& p, double distance_m) const {
    return std::any_of(plan_.doorways.begin(), plan_.doorways.end(),
                       [&](const Doorway& d) { return (d.at - p).norm() < distance_m; });
  }

  void PlaceDock() {
    for (int attempt = 0; attempt < 1000; ++attempt) {
      plan_.X_WD = OnWall(rooms_[random_.Below(rooms_.size())], 0.5);
      if (!NearDoorway(plan_.X_WD.position(), options_.doorway_width_m)) return;
    }
  }

  // Pieces along the walls, away from doorways and dock. One that cuts off a part of the floor is
  // taken out again.
  void Furnish() {
    const double docked_reach_m = 1.2;
    for (const Rect& room : rooms_) {
      for (uint64_t count = 1 + random_.Below(4); count > 0; --count) {
        Furniture piece;
        piece.name = "piece " + std::to_string(plan_.furniture.size() + 1);
        piece.shape = kFurnitureShapes[random_.Below(3)].value;
        piece.length_m = Rounded(random_.Uniform(0.4, 0.7));
        piece.width_m = piece.shape == FurnitureShape::kCylinder
                            ? piece.length_m
                            : Rounded(random_.Uniform(0.5, 1.6));
        piece.height_m = Rounded(random_.Uniform(0.4, 2));
        const Pose2 wall = OnWall(room, piece.width_m / 2 + 0.1);
        piece.X_WF = wall * Pose2{piece.length_m / 2 + 0.01, 0, 0};
        const double reach_m = piece.length_m / 2 + piece.width_m / 2;
        if (NearDoorway(piece.X_WF.position(), reach_m + options_.doorway_width_m)) continue;
        if ((piece.X_WF.position() - plan_.X_WD.position()).norm() < reach_m + docked_reach_m)
          continue;
        if (Overlaps(piece)) continue;
        plan_.furniture.push_back(piece);
      }
    }
  }

  // Keeps so far from every other piece that a robot gets through.
  bool Overlaps(const Furniture& piece) const {
    const auto radius = [](const Furniture& f) { return std::hypot(f.length_m, f.width_m) / 2; };
    return std::any_of(plan_.furniture.begin(), plan_.furniture.end(), [&](const Furniture& other) {
      return (other.X_WF.position() - piece.X_WF.position()).norm() <
             radius(other) + radius(piece) + 3 * options_.robot_radius_m;
    });
  }

  const GenerateOptions options_;
  RandomStream random_;
  FloorPlan plan_;
  std::vector<Rect> rooms_;
};

}  // namespace

FloorPlan GeneratePlan(uint64_t seed, const GenerateOptions& options) {
  return Generator(seed, options).Run();
}

}  // namespace dustproof
