#pragma once

#include "sim/core/frames.h"
#include "sim/physics/physics_world.h"
#include "sim/plan/floor_plan.h"
#include "sim/raycast/raycast_scene.h"
#include "sim/world/floor_map.h"

namespace dustproof {

/// A floor plan made solid: what can be bumped into, what light meets, what wheels roll on.
///
/// Built anew for each run and never changed after: physics repeats itself bit by bit in a rebuilt
/// world only.
class World {
 public:
  struct Settings {
    PhysicsWorld::Settings physics;
    double contact_below_m =
        0.4;  ///< What hangs higher than this over the floor can't be touched by a robot.
    double light_below_m = 2.0;  ///< And higher than this isn't seen by one.
    double floor_reflectivity = 0.3;
  };

  explicit World(const FloorPlan& plan) : World(plan, Settings()) {}
  World(const FloorPlan& plan, const Settings& settings);

  const FloorPlan& plan() const { return plan_; }
  PhysicsWorld& physics() { return physics_; }
  const PhysicsWorld& physics() const { return physics_; }
  const RaycastScene& rays() const { return rays_; }
  const FloorMap& floor() const { return floor_; }
  /// Contacts and beacon: the middle of the dock's face on the floor, x out into the room.
  Pose2 dock_face() const { return DockFacePose(plan_.X_WD); }
  size_t solid_count() const { return solid_count_; }

 private:
  FloorPlan plan_;
  PhysicsWorld physics_;
  RaycastScene rays_;
  FloorMap floor_;
  size_t solid_count_ = 0;
};

}  // namespace dustproof
