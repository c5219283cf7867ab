#include "sim/world/world.h"

#include <map>

#include "sim/plan/solids.h"

namespace dustproof {
namespace {

// One surface for each reflectivity that occurs.
class Surfaces {
 public:
  explicit Surfaces(RaycastScene* rays) : rays_(rays) {}
  SurfaceId Of(double reflectivity) {
    const auto found = ids_.find(reflectivity);
    if (found != ids_.end()) return found->second;
    return ids_[reflectivity] = rays_->AddSurface({.reflectivity = reflectivity});
  }

 private:
  RaycastScene* rays_;
  std::map<double, SurfaceId> ids_;
};

struct Upright {
  Pose3 X_WB;
  Vec3 size_m;
};

Upright BoxOf(const Solid& solid) {
  const double height_m = solid.top_m - solid.bottom_m;
  return {ToPose3(solid.X_WS, solid.bottom_m + height_m / 2),
          {solid.length_m, solid.width_m, height_m}};
}

void AddToPhysics(const Solid& solid, PhysicsWorld* physics) {
  if (solid.is_round) {
    physics->AddFixedCylinder(solid.X_WS.position(), solid.length_m / 2, solid.bottom_m,
                              solid.top_m);
    return;
  }
  const Upright box = BoxOf(solid);
  physics->AddFixedBox(box.X_WB, box.size_m);
}

void AddToRays(const Solid& solid, SurfaceId surface, RaycastScene* rays) {
  if (solid.is_round) {
    rays->AddCylinder(solid.X_WS.position(), solid.length_m / 2, solid.bottom_m, solid.top_m,
                      surface);
    return;
  }
  const Upright box = BoxOf(solid);
  rays->AddBox(box.X_WB, box.size_m, surface);
}

void AddFloor(const FloorPlan& plan, SurfaceId surface, RaycastScene* rays) {
  const Bounds bounds = BoundsOf(plan);
  const Vec3 corners[] = {{bounds.min.x(), bounds.min.y(), 0},
                          {bounds.max.x(), bounds.min.y(), 0},
                          {bounds.max.x(), bounds.max.y(), 0},
                          {bounds.min.x(), bounds.max.y(), 0}};
  const std::array<uint32_t, 3> triangles[] = {{0, 1, 2}, {0, 2, 3}};
  rays->AddTriangles(corners, triangles, surface);
}

}  // namespace

World::World(const FloorPlan& plan, const Settings& settings)
    : plan_(plan), physics_(settings.physics), floor_(plan) {
  Surfaces surfaces(&rays_);
  for (const Solid& solid : SolidsOf(plan)) {
    if (solid.top_m <= solid.bottom_m) continue;
    ++solid_count_;
    if (solid.bottom_m < settings.contact_below_m) AddToPhysics(solid, &physics_);
    if (solid.bottom_m < settings.light_below_m)
      AddToRays(solid, surfaces.Of(solid.reflectivity), &rays_);
  }
  AddFloor(plan, surfaces.Of(settings.floor_reflectivity), &rays_);
  rays_.Commit();
}

}  // namespace dustproof
