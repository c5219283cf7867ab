#include "sim/robot/drivetrain.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "sim/physics/floor_query.h"

namespace dustproof {
namespace {

// The closed forms below are for a robot that neither pitches (centre of mass at the height of the
// contact points) nor drags. Per wheel: k = 1.1 V s, R = 8 ohm, b = k²/R = 0.15125 N m s, friction
// 0.03 N m, r = 0.036 m, J + m r²/2 = 8e-4 + 3.4·0.036²/2 = 3.0032e-3 kg m², so T = 19.856 ms.
RobotConfig Ideal() {
  RobotConfig config;
  config.body.centre_of_mass_m = {0.03, 0};
  config.drive.wheel_radius_error = {0, 0};
  return config;
}

struct Bench {
  explicit Bench(const RobotConfig& config, const FloorPoint& point = {.drag = 0})
      : drivetrain(config), floor(point) {
    state = drivetrain.PlaceAtRest({0, 0, 0}, 0);
  }
  void Run(double left_V, double right_V, double seconds) {
    const int steps = static_cast<int>(std::lround(seconds / 0.004));
    for (int i = 0; i < steps; ++i) drivetrain.Advance(&state, 0.001, 4, {left_V, right_V}, floor);
  }
  Pose2 X_WR() const { return ToPose2(drivetrain.X_WR(state)); }

  Drivetrain drivetrain;
  LevelFloor floor;
  RigidState state;
};

// (V - R·0.03/k)/k·r = (6 - 0.21818)/1.1·0.036.
TEST(DrivetrainTest, ReachesTheTerminalSpeed) {
  Bench bench(Ideal());
  bench.Run(6, 6, 2);
  EXPECT_NEAR(bench.state.v_WC_W.x(), 0.189223, 0.189223 * 1e-4);
  EXPECT_NEAR(bench.X_WR().y, 0, 1e-9);
}

// Drag 0.1 of the wheels' load, 3.4·9.81·(1 - 0.03/0.13)/2 = 12.829 N, costs each motor
// 0.1·12.829·0.036 = 0.046184 N m; the caster's 0.1·7.6971 N on both wheels another 0.38485·0.036 =
// 0.013855 N m each.
TEST(DrivetrainTest, IsSlowerOnCarpet) {
  Bench bench(Ideal(), {.drag = 0.1});
  bench.Run(6, 6, 2);
  const double torque = 0.03 + 0.046184 + 0.013855;
  EXPECT_NEAR(bench.state.v_WC_W.x(), (6 - 8 * torque / 1.1) / 1.1 * 0.036, 2e-4);
}

// On a floor that grips well beyond the 16 N of the start.
TEST(DrivetrainTest, ComesToSpeedWithTheTimeConstant) {
  Bench bench(Ideal(), {.friction = 3, .drag = 0});
  bench.Run(6, 6, 0.020);
  EXPECT_NEAR(bench.state.v_WC_W.x(), 0.189223 * (1 - std::exp(-0.020 / 0.019856)),
              0.189223 * 0.03);
}

// From w0 = 5.2562 rad/s the shorted motor brakes as w = (w0 + c)·exp(-t/T) - c with c = 0.03/b =
// 0.19835: standstill at t = T·ln(1 + w0/c) = 65.8 ms, after r·(w0·T - c·t) = 3.757 - 0.470 = 3.287
// mm.
TEST(DrivetrainTest, BrakesToAStandstillOverTheRightDistance) {
  Bench bench(Ideal(), {.friction = 3, .drag = 0});
  bench.Run(6, 6, 2);
  const double before = bench.X_WR().x;
  bench.Run(0, 0, 1);
  EXPECT_NEAR(bench.X_WR().x - before, 3.287e-3, 0.15e-3);
  EXPECT_EQ(bench.drivetrain.wheel(0).speed_rad_s, 0);
}

// Wheels that a gear friction of 5 N m locks slide: v²/(2·0.2·9.81·(1 - 0.03/0.13)), the caster
// carries the rest.
TEST(DrivetrainTest, SlidesOnLockedWheels) {
  RobotConfig config = Ideal();
  config.drive.motor.friction_Nm = 5;
  Bench bench(config, {.friction = 0.2, .drag = 0});
  bench.state.v_WC_W.x() = 0.3;
  bench.Run(0, 0, 1);
  EXPECT_NEAR(bench.X_WR().x, 0.09 / (2 * 0.2 * 9.81 * 0.76923), 5e-4);
}

// With friction 0.05 the wheels spin: 0.05·9.81·0.76923 m/s².
TEST(DrivetrainTest, AcceleratesAtTheFrictionLimit) {
  Bench bench(Ideal(), {.friction = 0.05, .drag = 0});
  bench.Run(12, 12, 0.1);
  EXPECT_NEAR(bench.state.v_WC_W.x(), 0.1 * 0.37731, 0.1 * 0.37731 * 0.03);
  EXPECT_GT(bench.drivetrain.wheel(0).speed_rad_s * 0.036, 0.2);
}

// Twice the wheel's speed over the track: 2·0.189223/0.233 rad/s.
TEST(DrivetrainTest, TurnsOnTheSpotAtTheRightRate) {
  Bench bench(Ideal());
  bench.Run(-6, 6, 2);
  EXPECT_NEAR(bench.state.w_WR_W.z(), 1.62423, 1.62423 * 2e-3);
}

TEST(DrivetrainTest, StandsStillOnItsSprings) {
  Bench bench(Ideal(), {});
  bench.Run(0, 0, 5);
  EXPECT_NEAR(bench.X_WR().x, 0, 1e-9);
  EXPECT_NEAR(bench.drivetrain.X_WR(bench.state).translation().z(), 0, 1e-6);
  EXPECT_NEAR(bench.drivetrain.wheel(0).load_N, 12.829, 1e-2);
  EXPECT_FALSE(bench.drivetrain.wheel(0).dropped);
}

/// A floor that changes height at x = 1.
class StepFloor : public FloorQuery {
 public:
  explicit StepFloor(double beyond_m) : beyond_m_(beyond_m) {}
  FloorPoint At(const Vec2& p) const override { return {.height_m = p.x() > 1 ? beyond_m_ : 0}; }
  bool LevelWithin(const Vec2& p, double radius_m) const override {
    return std::abs(p.x() - 1) > radius_m;
  }

 private:
  double beyond_m_;
};

double DriveOver(double step_m, double voltage_V, double seconds) {
  Bench bench(RobotConfig{});
  bench.state = bench.drivetrain.PlaceAtRest({0.6, 0, 0}, 0);
  const StepFloor floor(step_m);
  for (double t = 0; t < seconds; t += 0.004)
    bench.drivetrain.Advance(&bench.state, 0.001, 4, {voltage_V, voltage_V}, floor);
  return bench.drivetrain.X_WR(bench.state).translation().x();
}

TEST(DrivetrainTest, RollsOverALowSill) { EXPECT_GT(DriveOver(0.006, 8, 5), 1.3); }

TEST(DrivetrainTest, DropsItsWheelsOverAnEdge) {
  Bench bench(RobotConfig{});
  bench.state = bench.drivetrain.PlaceAtRest({0.6, 0, 0}, 0);
  const StepFloor floor(-0.18);
  bool dropped = false;
  for (double t = 0; t < 4; t += 0.004) {
    bench.drivetrain.Advance(&bench.state, 0.001, 4, {8, 8}, floor);
    dropped |= bench.drivetrain.wheel(0).dropped && bench.drivetrain.wheel(1).dropped;
  }
  EXPECT_TRUE(dropped);
  EXPECT_TRUE(std::isfinite(bench.state.p_WC_W.z()));
  EXPECT_LT(bench.drivetrain.X_WR(bench.state).translation().z(), -0.02);
}

}  // namespace
}  // namespace dustproof
