#pragma once

#include <memory>
#include <optional>

#include "sim/engine/engine.h"
#include "sim/physics/floor_query.h"
#include "sim/physics/physics_world.h"
#include "sim/raycast/raycast_scene.h"
#include "sim/robot/robot.h"

namespace dustproof {

/// A robot in an empty room of `size_x` x `size_y`, whose inner corner is W's origin.
struct BoxRoom {
  struct Options {
    double size_x_m = 6, size_y_m = 5;
    Pose2 X_WR = {3, 2.5, 0};
    RobotConfig config = {};
    FloorPoint floor = {};
    const FloorQuery* other_floor = nullptr;
    std::optional<Pose2> X_WD = {};
    uint64_t seed = 1;
    int furniture = 0;  ///< Boxes strewn about, not within 0.5 m of the start.
    CpuShare* cpu_share = nullptr;
    Engine::Skipping skipping = Engine::Skipping::kWhenAtRest;
  };

  explicit BoxRoom(const Options& options) : level(options.floor) {
    const SurfaceId wall = rays.AddSurface({.reflectivity = 0.8});
    const double x = options.size_x_m, y = options.size_y_m;
    const auto add = [&](double cx, double cy, double sx, double sy) {
      physics.AddFixedBox(ToPose3({cx, cy, 0}, 1.25), {sx, sy, 2.5});
      rays.AddBox(ToPose3({cx, cy, 0}, 1.25), {sx, sy, 2.5}, wall);
    };
    add(-0.05, y / 2, 0.1, y + 0.2);
    add(x + 0.05, y / 2, 0.1, y + 0.2);
    add(x / 2, -0.05, x + 0.2, 0.1);
    add(x / 2, y + 0.05, x + 0.2, 0.1);
    RandomStream strewn(11);
    for (int i = 0; i < options.furniture; ++i) {
      const Pose2 X_WB{strewn.Uniform(0, x), strewn.Uniform(0, y), strewn.Uniform(-3, 3)};
      const Vec3 size(strewn.Uniform(0.05, 0.4), strewn.Uniform(0.05, 0.4), strewn.Uniform(0.2, 1));
      if ((X_WB.position() - options.X_WR.position()).norm() < 0.5) continue;
      physics.AddFixedBox(ToPose3(X_WB, size.z() / 2), size);
      rays.AddBox(ToPose3(X_WB, size.z() / 2), size, wall);
    }
    rays.Commit();
    const FloorQuery* floor = options.other_floor ? options.other_floor : &level;
    robot = std::make_unique<Robot>(options.config,
                                    Surroundings{.physics = &physics,
                                                 .rays = &rays,
                                                 .floor = floor,
                                                 .cpu_share = options.cpu_share,
                                                 .X_WD = options.X_WD},
                                    Seed(options.seed), options.X_WR);
    robot->StartSensors(&events);
    engine = std::make_unique<Engine>(&events, &physics, robot.get(), options.cpu_share,
                                      options.skipping);
  }

  void Run(double seconds) { engine->RunUntil(events.now() + SimDuration::FromSeconds(seconds)); }
  /// Drives on: repeats the command each 50 ms.
  void Drive(double left_m_s, double right_m_s, double seconds) {
    for (double t = 0; t < seconds - 1e-9; t += 0.05) {
      robot->SetWheelVelocity(events.now(), left_m_s, right_m_s);
      Run(0.05);
    }
  }
  void DrivePwm(double left, double right, double seconds) {
    for (double t = 0; t < seconds - 1e-9; t += 0.05) {
      robot->SetWheelPwm(events.now(), left, right);
      Run(0.05);
    }
  }

  EventQueue events;
  PhysicsWorld physics;
  RaycastScene rays;
  LevelFloor level;
  std::unique_ptr<Robot> robot;
  std::unique_ptr<Engine> engine;
};

}  // namespace dustproof
