#include "sim/physics/physics_world.h"

#include <gtest/gtest.h>

namespace dustproof {
namespace {

/// A chassis at `x`, its underside 10 mm above the floor.
PhysicsWorld WorldWithChassis(double x_m) {
  PhysicsWorld world;
  world.SetChassis({.z_min_m = -0.04, .z_max_m = 0.05});
  world.PlaceChassis({.p_WC_W = {x_m, 0, 0.05}});
  return world;
}

/// Slides freely and upright: what wheels and springs would see to.
RigidState Coast(const PhysicsWorld& world, const Vec3& v_W) {
  RigidState next{.p_WC_W = world.chassis().p_WC_W};
  next.v_WC_W = v_W;
  next.p_WC_W += v_W * world.step_s();
  return next;
}

TEST(PhysicsWorldTest, LeavesAFreeChassisAlone) {
  PhysicsWorld world = WorldWithChassis(0);
  world.AddFixedBox(ToPose3({5, 0, 0}, 0.5), {0.1, 4, 1});
  for (int i = 0; i < 100; ++i) {
    RigidState next = Coast(world, {0.3, 0.1, 0});
    next.q_WR = Eigen::Quaterniond(Eigen::AngleAxisd(0.01 * i, Vec3::UnitZ()));
    next.w_WR_W = {0.1, 0.2, 2.5};
    EXPECT_FALSE(world.Step(next));
    EXPECT_EQ(world.chassis().p_WC_W, next.p_WC_W);
    EXPECT_EQ(world.chassis().w_WR_W, next.w_WR_W);
  }
  EXPECT_TRUE(world.contacts().empty());
}

// The wall's face is at x = 1, so a hull of radius 0.17 stops at x = 0.83. Momentum 3.4 kg x 0.3
// m/s = 1.02 Ns.
TEST(PhysicsWorldTest, StopsAtAWallWithTheImpulseOfItsMomentum) {
  PhysicsWorld world = WorldWithChassis(0.7);
  world.AddFixedBox(ToPose3({1.05, 0, 0}, 0.5), {0.1, 4, 1});
  double impulse = 0;
  Vec3 v(0.3, 0, 0);
  for (int i = 0; i < 250; ++i) {
    world.Step(Coast(world, v));
    v = world.chassis().v_WC_W;
    for (const ChassisContact& contact : world.contacts()) {
      impulse += contact.impulse_Ns;
      EXPECT_NEAR(contact.normal_W.x(), -1, 1e-6);
      EXPECT_NEAR(contact.p_WPt_W.x(), 1, 2e-3);
    }
  }
  EXPECT_NEAR(world.chassis().p_WC_W.x(), 0.83, 5e-4);
  EXPECT_NEAR(v.x(), 0, 1e-3);
  EXPECT_NEAR(impulse, 1.02, 0.01);
}

TEST(PhysicsWorldTest, MeetsPrismsAtTheirOutline) {
  PhysicsWorld world = WorldWithChassis(0.7);
  const std::vector<Vec2> outline = {{1, -1}, {2, -1}, {2, 1}, {1, 1}};
  world.AddFixedPrism(outline, 0, 1);
  Vec3 v(0.3, 0, 0);
  for (int i = 0; i < 250; ++i) {
    world.Step(Coast(world, v));
    v = world.chassis().v_WC_W;
  }
  EXPECT_NEAR(world.chassis().p_WC_W.x(), 0.83, 1e-3);
}

// Two bodies of 3.4 and 1 kg that stick together go on at 0.3 x 3.4/4.4 = 0.232 m/s, less what the
// floor brakes.
TEST(PhysicsWorldTest, PushesAPropAlong) {
  PhysicsWorld world = WorldWithChassis(0);
  world.AddProp({.size_m = {0.1, 0.1, 0.1}, .mass_kg = 1, .X_WP = {0.3, 0, 0}});
  for (int i = 0; i < 500; ++i) world.Step(Coast(world, {0.3, 0, 0}));
  EXPECT_GT(world.prop(0).p_WC_W.x(), 0.6 + 0.17);
  EXPECT_NEAR(world.prop(0).p_WC_W.z(), 0.05, 1e-3);
}

TEST(PhysicsWorldTest, RepeatsItselfInARebuiltWorld) {
  const auto run = [] {
    PhysicsWorld world = WorldWithChassis(0);
    world.AddFixedBox(ToPose3({1.05, 0, 0.4}, 0.5), {0.1, 4, 1});
    world.AddProp({.X_WP = {0.4, 0.05, 0.3}});
    Vec3 v(0.3, 0.05, 0);
    for (int i = 0; i < 1000; ++i) world.Step(Coast(world, v));
    Hasher hasher;
    world.AddToHash(hasher);
    return hasher.Digest();
  };
  EXPECT_EQ(run(), run());
}

}  // namespace
}  // namespace dustproof
