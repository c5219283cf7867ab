#include "sim/robot/drivetrain.h"

#include <algorithm>
#include <cmath>

#include "sim/physics/floor_query.h"

namespace dustproof {
namespace {

constexpr double kGravity = 9.81;
constexpr double kCasterStiffness = 2e4, kCasterDamping = 80;
constexpr double kBumpStopStiffness = 3e4, kBumpStopForceMax = 600;
constexpr double kBesideStep = 0.015;
constexpr double kOnItsSide = 0.3;  // Cosine of the tilt from which wheels meet no floor.
constexpr double kFadeBeyondTravel = 0.002;
constexpr double kBellyStiffness = 8e3, kBellyDamping = 60, kBellyFriction = 0.4;
constexpr double kBellyDepthMax = 0.01;
constexpr int kBellyPoints = 12;

double Clamp(double v, double limit) { return std::clamp(v, -limit, limit); }

}  // namespace

Drivetrain::Drivetrain(const RobotConfig& config) : config_(config) {
  const BodySpec& body = config.body;
  const DriveSpec& drive = config.drive;
  p_RC_R_ = {body.centre_of_mass_m[0], 0, body.centre_of_mass_m[1]};
  const double r2 = body.radius_m * body.radius_m, h2 = body.height_m * body.height_m;
  inertia_ = body.mass_kg * Vec3(r2 / 4 + h2 / 12, r2 / 4 + h2 / 12, r2 / 2);
  for (size_t i = 0; i < 2; ++i)
    radius_m_[i] = drive.wheel_radius_m * (1 + drive.wheel_radius_error[i]);
  // At rest on level floor R lies on the floor: the springs carry the wheels' share of the weight,
  // the caster the rest.
  const double weight = body.mass_kg * kGravity;
  const double caster_N = weight * p_RC_R_.x() / drive.caster_x_m;
  const double wheel_N = (weight - caster_N) / 2;
  const double extension = drive.suspension.travel_m -
                           (wheel_N - drive.suspension.preload_N) / drive.suspension.spring_N_per_m;
  mount_z_m_ = drive.wheel_radius_m + extension;
  caster_z_m_ = -caster_N / kCasterStiffness;
}

Pose3 Drivetrain::X_WR(const RigidState& chassis) const {
  Pose3 X = Pose3::Identity();
  X.linear() = chassis.q_WR.toRotationMatrix();
  X.translation() = chassis.p_WC_W - X.linear() * p_RC_R_;
  return X;
}

ChassisBody Drivetrain::Body() const {
  const BodySpec& body = config_.body;
  return {.mass_kg = body.mass_kg,
          .inertia_kg_m2 = inertia_,
          .radius_m = body.radius_m,
          .z_min_m = body.clearance_m - p_RC_R_.z(),
          .z_max_m = body.height_m - p_RC_R_.z(),
          .axis_m = {-p_RC_R_.x(), -p_RC_R_.y()},
          .friction = body.hull_friction};
}

RigidState Drivetrain::PlaceAtRest(const Pose2& X_WR, double floor_z_m) {
  const std::array<double, 2> angles = {wheels_[0].angle_rad, wheels_[1].angle_rad};
  wheels_ = {};
  for (size_t i = 0; i < 2; ++i) {
    wheels_[i].angle_rad = angles[i];
    wheels_[i].extension_m = mount_z_m_ - radius_m_[i];
  }
  caster_x_strain_m_ = caster_y_strain_m_ = 0;
  const Pose3 X = ToPose3(X_WR, floor_z_m);
  RigidState state;
  state.p_WC_W = X * p_RC_R_;
  state.q_WR = Eigen::Quaterniond(std::cos(X_WR.yaw / 2), 0, 0, std::sin(X_WR.yaw / 2));
  return state;
}

Drivetrain::Ground::Spot Drivetrain::QueryWheel(const Vec2& p_W, const Vec2& heading,
                                                const FloorQuery& floor, bool level) const {
  const FloorPoint here = floor.At(p_W);
  Ground::Spot spot{here.height_m, here.friction, here.drag};
  if (level) return spot;
  // The wheel rests on the highest point of the floor's profile raised by the wheel's circle.
  const double r = config_.drive.wheel_radius_m;
  constexpr int kSamples = 8;
  double best = here.height_m + r;
  for (int i = -kSamples; i <= kSamples; ++i) {
    if (i == 0) continue;
    const double along = 0.98 * r * i / kSamples;
    const double rise = std::sqrt(r * r - along * along);
    const double height = floor.At(p_W + heading * along).height_m + rise;
    if (height > best + 1e-9) {
      best = height;
      spot.slope = along / rise;
    }
  }
  spot.height_m = best - r;
  return spot;
}

Drivetrain::Ground Drivetrain::Query(const RigidState& chassis, const FloorQuery& floor) const {
  const Eigen::Matrix3d R = chassis.q_WR.toRotationMatrix();
  const Vec3 p_WR = chassis.p_WC_W - R * p_RC_R_;
  const Vec2 forward = R.col(0).head<2>(), left = R.col(1).head<2>(), base = p_WR.head<2>();
  Ground ground;
  ground.level = floor.LevelWithin(base, config_.body.radius_m + 0.05);
  const double half_track = config_.drive.track_width_m / 2;
  for (int side = 0; side < 2; ++side) {
    const Vec2 p = base + left * (side == 0 ? half_track : -half_track);
    ground.wheel[static_cast<size_t>(side)] = QueryWheel(p, forward, floor, ground.level);
  }
  const FloorPoint under_caster = floor.At(base + forward * config_.drive.caster_x_m);
  ground.caster = {under_caster.height_m, under_caster.friction, under_caster.drag};
  return ground;
}

void Drivetrain::Advance(RigidState* chassis, double h, int count,
                         const std::array<double, 2>& voltage_V, const FloorQuery& floor) {
  const Ground ground = Query(*chassis, floor);
  for (int i = 0; i < count; ++i) {
    const Eigen::Matrix3d R = chassis->q_WR.toRotationMatrix();
    const Vec3 heading = Vec3(R(0, 0), R(1, 0), 0) /
                         std::max(1e-6, std::sqrt(R(0, 0) * R(0, 0) + R(1, 0) * R(1, 0)));
    const Axes axes{R.col(0), R.col(1), R.col(2), heading, Vec3(-heading.y(), heading.x(), 0)};
    Load load;
    load.force.z() = -config_.body.mass_kg * kGravity;
    for (int side = 0; side < 2; ++side) {
      const size_t s = static_cast<size_t>(side);
      AddWheel(side, *chassis, axes, ground.wheel[s], voltage_V[s], h, &load);
    }
    AddCaster(*chassis, axes, ground.caster, h, &load);
    if (!ground.level || axes.up.z() < 0.999) AddBelly(*chassis, axes, floor, &load);
    Integrate(chassis, axes, load, h);
  }
}

void Drivetrain::AddWheel(int side, const RigidState& chassis, const Axes& axes,
                          const Ground::Spot& spot, double voltage_V, double h, Load* load) {
  const size_t s = static_cast<size_t>(side);
  WheelState& wheel = wheels_[s];
  const SuspensionSpec& spring = config_.drive.suspension;
  const TyreSpec& tyre = config_.drive.tyre;
  const double r = radius_m_[s];
  const double y = (side == 0 ? 0.5 : -0.5) * config_.drive.track_width_m;

  // Suspension: how far the hub must come out to stand on the floor.
  const double up_z = std::max(kOnItsSide, axes.up.z());
  const Vec3 to_mount =
      axes.forward * -p_RC_R_.x() + axes.left * y + axes.up * (mount_z_m_ - p_RC_R_.z());
  const double mount_z = chassis.p_WC_W.z() + to_mount.z();
  const double wanted = (mount_z - spot.height_m - r) / up_z;
  const double extension = std::clamp(wanted, 0.0, spring.travel_m);
  const Vec3 to_hub = to_mount - axes.up * extension;
  const Vec3 v_hub = chassis.v_WC_W + chassis.w_WR_W.cross(to_hub);
  double push = spring.preload_N + spring.spring_N_per_m * (spring.travel_m - wanted) -
                spring.damping_Ns_per_m * v_hub.z() / up_z;
  if (wanted < 0) push += std::min(-kBumpStopStiffness * wanted, kBumpStopForceMax);
  if (wanted > spring.travel_m)
    push *= std::max(0.0, 1 - (wanted - spring.travel_m) / kFadeBeyondTravel);
  // A hub far below the floor hangs beside a step, not on it.
  push = wanted < -kBesideStep || axes.up.z() < kOnItsSide ? 0.0 : std::max(0.0, push);
  wheel.extension_m = extension;
  if (wanted > 0.95 * spring.travel_m) wheel.dropped = true;
  if (wanted < 0.75 * spring.travel_m) wheel.dropped = false;

  // Tyre: strain of its bristles. An edge under the wheel leans normal and tangent back by the
  // slope.
  const double lean = 1 / std::sqrt(1 + spot.slope * spot.slope), sine = spot.slope * lean;
  const Vec3 normal_W = Vec3(0, 0, lean) - axes.heading * sine;
  const Vec3 tangent_W = axes.heading * lean + Vec3(0, 0, sine);
  const double roll_rad_s = wheel.speed_rad_s + chassis.w_WR_W.dot(axes.left);
  const double slip_x = r * roll_rad_s - v_hub.dot(axes.heading) / lean;
  const double slip_y = -v_hub.dot(axes.sideways);
  const double fade = 1 / (1 + h * std::abs(r * roll_rad_s) / tyre.relaxation_m);
  const bool loaded = push > 0;
  wheel.bristle_x_m = loaded ? (wheel.bristle_x_m + h * slip_x) * fade : 0;
  wheel.bristle_y_m = loaded ? (wheel.bristle_y_m + h * slip_y) * fade : 0;
  const double damping = loaded ? tyre.damping_Ns_per_m : 0;
  double along = tyre.stiffness_N_per_m * wheel.bristle_x_m + damping * slip_x;
  double across = tyre.stiffness_N_per_m * wheel.bristle_y_m + damping * slip_y;
  // The hub has no mass: along its slide the floor's forces balance the spring's push.
  const double normal_up = std::max(0.2, normal_W.dot(axes.up));
  const double along_up = tangent_W.dot(axes.up), across_up = axes.sideways.dot(axes.up);
  double normal = std::max(0.0, (push - along * along_up - across * across_up) / normal_up);
  const double size = std::sqrt(along * along + across * across);
  if (size > spot.friction * normal) {
    const double lift = (along * along_up + across * across_up) / size;
    normal = std::max(0.0, push / std::max(0.2, normal_up + spot.friction * lift));
    const double scale = spot.friction * normal / size;
    along *= scale;
    across *= scale;
    wheel.bristle_x_m = along / tyre.stiffness_N_per_m;
    wheel.bristle_y_m = across / tyre.stiffness_N_per_m;
  }
  wheel.load_N = normal;

  TurnWheel(&wheel, r, along, spot.drag * normal * r, voltage_V, h);
  const Vec3 force = normal_W * normal + tangent_W * along + axes.sideways * across;
  load->force += force;
  // The body takes the tyre's torque. Not that which turns the rotor up: a rotor geared 1 : G
  // weighs in with G² where it is driven, but carries only G-fold angular momentum, which is next
  // to nothing.
  load->torque += to_hub.cross(force) - axes.left * (along * r);
}

void Drivetrain::TurnWheel(WheelState* wheel, double radius_m, double tyre_force_N, double drag_Nm,
                           double voltage_V, double h) const {
  const MotorSpec& motor = config_.drive.motor;
  const double k = motor.torque_constant_Nm_per_A, J = motor.inertia_kg_m2;
  const double b = k * k / motor.resistance_ohm;
  const double before = wheel->speed_rad_s;
  // Back-EMF implicitly: it alone would be stiff at this step.
  double damping = 1 + h * b / J;
  double speed =
      (before + h / J * (k * voltage_V / motor.resistance_ohm - tyre_force_N * radius_m)) / damping;
  double current = (voltage_V - k * speed) / motor.resistance_ohm;
  if (std::abs(current) > motor.current_limit_A) {
    current = Clamp(current, motor.current_limit_A);
    damping = 1;
    speed = before + h / J * (k * current - tyre_force_N * radius_m);
  }
  // Dry friction brings the wheel to zero at most. It acts under the same implicit step, hence the
  // division.
  const double brake = h / J * (motor.friction_Nm + drag_Nm) / damping;
  speed = std::abs(speed) <= brake ? 0.0 : speed - std::copysign(brake, speed);
  wheel->current_A = Clamp((voltage_V - k * speed) / motor.resistance_ohm, motor.current_limit_A);
  wheel->speed_rad_s = speed;
  wheel->angle_rad += h * speed;
}

void Drivetrain::AddCaster(const RigidState& chassis, const Axes& axes, const Ground::Spot& spot,
                           double h, Load* load) {
  const Vec3 to_ball = axes.forward * (config_.drive.caster_x_m - p_RC_R_.x()) +
                       axes.up * (caster_z_m_ - p_RC_R_.z());
  const double depth = spot.height_m - (chassis.p_WC_W.z() + to_ball.z());
  if (depth <= 0 || depth > kBesideStep) {
    caster_x_strain_m_ = caster_y_strain_m_ = 0;
    return;
  }
  const Vec3 v = chassis.v_WC_W + chassis.w_WR_W.cross(to_ball);
  const double normal = std::max(0.0, kCasterStiffness * depth - kCasterDamping * v.z());
  const TyreSpec& tyre = config_.drive.tyre;
  // The ball rolls: what is left is drag against its motion, as a strained bristle that gives way
  // at the drag.
  caster_x_strain_m_ -= h * v.dot(axes.heading);
  caster_y_strain_m_ -= h * v.dot(axes.sideways);
  double along =
      tyre.stiffness_N_per_m * caster_x_strain_m_ - tyre.damping_Ns_per_m * v.dot(axes.heading);
  double across =
      tyre.stiffness_N_per_m * caster_y_strain_m_ - tyre.damping_Ns_per_m * v.dot(axes.sideways);
  const double size = std::sqrt(along * along + across * across), limit = spot.drag * normal;
  if (size > limit) {
    along *= limit / size;
    across *= limit / size;
    caster_x_strain_m_ = along / tyre.stiffness_N_per_m;
    caster_y_strain_m_ = across / tyre.stiffness_N_per_m;
  }
  const Vec3 force = Vec3(0, 0, normal) + axes.heading * along + axes.sideways * across;
  load->force += force;
  load->torque += to_ball.cross(force);
}

void Drivetrain::AddBelly(const RigidState& chassis, const Axes& axes, const FloorQuery& floor,
                          Load* load) const {
  const Vec3 to_centre =
      axes.forward * -p_RC_R_.x() + axes.up * (config_.body.clearance_m - p_RC_R_.z());
  const double radius = config_.body.radius_m * 0.95;
  for (int i = 0; i <= kBellyPoints; ++i) {
    // Points on the rim, and the middle last. The table is exact enough for scraping.
    Vec3 to_point = to_centre;
    if (i < kBellyPoints) {
      static const std::array<Vec2, kBellyPoints> kRim = [] {
        std::array<Vec2, kBellyPoints> rim;
        for (int k = 0; k < kBellyPoints; ++k) {
          const double a = 2 * std::numbers::pi * k / kBellyPoints;
          rim[static_cast<size_t>(k)] = {std::cos(a), std::sin(a)};
        }
        return rim;
      }();
      const Vec2& direction = kRim[static_cast<size_t>(i)];
      to_point += (axes.forward * direction.x() + axes.left * direction.y()) * radius;
    }
    const Vec3 p = chassis.p_WC_W + to_point;
    const double depth = floor.At(p.head<2>()).height_m - p.z();
    if (depth <= 0 || depth > kBesideStep) continue;
    const Vec3 v = chassis.v_WC_W + chassis.w_WR_W.cross(to_point);
    const double normal =
        std::max(0.0, kBellyStiffness * std::min(depth, kBellyDepthMax) - kBellyDamping * v.z());
    const Vec3 across(v.x(), v.y(), 0);
    const double speed = across.norm();
    // Friction fades in below 0.2 m/s: stiffer, several points together would overshoot in one
    // substep.
    Vec3 force = across * (-kBellyFriction * normal / std::max(speed, 0.2));
    force.z() = normal;
    load->force += force;
    load->torque += to_point.cross(force);
  }
}

void Drivetrain::Integrate(RigidState* chassis, const Axes& axes, const Load& load,
                           double h) const {
  chassis->v_WC_W += load.force * (h / config_.body.mass_kg);
  // Euler's equation along the body's axes.
  const Vec3 w_R(chassis->w_WR_W.dot(axes.forward), chassis->w_WR_W.dot(axes.left),
                 chassis->w_WR_W.dot(axes.up));
  const Vec3 torque_R(load.torque.dot(axes.forward), load.torque.dot(axes.left),
                      load.torque.dot(axes.up));
  const Vec3 momentum_R = inertia_.cwiseProduct(w_R);
  const Vec3 gain = h * (torque_R - w_R.cross(momentum_R)).cwiseQuotient(inertia_);
  chassis->w_WR_W += axes.forward * gain.x() + axes.left * gain.y() + axes.up * gain.z();
  chassis->p_WC_W += chassis->v_WC_W * h;
  const Vec3 half = chassis->w_WR_W * (h / 2);
  const Eigen::Quaterniond turn(1, half.x(), half.y(), half.z());
  chassis->q_WR = (turn * chassis->q_WR).normalized();
}

void Drivetrain::Halt() {
  for (WheelState& wheel : wheels_) {
    wheel.speed_rad_s = 0;
    wheel.current_A = 0;
  }
}

void Drivetrain::Hang() {
  Halt();
  for (WheelState& wheel : wheels_) {
    wheel.bristle_x_m = wheel.bristle_y_m = wheel.load_N = 0;
    wheel.extension_m = config_.drive.suspension.travel_m;
    wheel.dropped = true;
  }
}

void Drivetrain::AddToHash(Hasher& hasher) const {
  for (const WheelState& w : wheels_) {
    for (const double v : {w.speed_rad_s, w.angle_rad, w.bristle_x_m, w.bristle_y_m, w.extension_m,
                           w.load_N, w.current_A}) {
      hasher.Add(v);
    }
    hasher.Add(w.dropped);
  }
  hasher.Add(caster_x_strain_m_);
  hasher.Add(caster_y_strain_m_);
}

}  // namespace dustproof
