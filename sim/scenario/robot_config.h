#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "sim/core/result.h"
#include "sim/core/time.h"

/// The figures of a robot: `robots/<name>/robot.yaml`. SI units; frame R: x forward, y left, z up,
/// origin on the floor between the wheels. Defaults are those of the vacuum under `robots/vacuum`.
namespace dustproof {

class Fields;
struct SchemaNode;

struct BodySpec {
  double radius_m = 0.17;
  double height_m = 0.095;
  double clearance_m = 0.012;  ///< Underside above the floor.
  double mass_kg = 3.4;
  std::array<double, 2> centre_of_mass_m = {0.03, 0.035};  ///< Ahead of the axle, above the floor.
  double hull_friction = 0.1;
  void Describe(Fields& f);
};

/// A geared DC motor, seen from its wheel.
struct MotorSpec {
  double torque_constant_Nm_per_A = 1.1;  ///< With the gear; also the back-EMF in V per rad/s.
  double resistance_ohm = 8;
  double inertia_kg_m2 = 8e-4;  ///< Of rotor, gear and wheel together.
  double friction_Nm = 0.03;    ///< Coulomb, of the gear.
  double current_limit_A = 1.2;
  void Describe(Fields& f);
};

struct SuspensionSpec {
  double spring_N_per_m = 450;
  double preload_N = 5;
  double damping_Ns_per_m = 20;
  double travel_m = 0.03;
  void Describe(Fields& f);
};

struct TyreSpec {
  double stiffness_N_per_m = 2e4;
  double damping_Ns_per_m = 20;
  double relaxation_m = 0.02;
  void Describe(Fields& f);
};

struct DriveSpec {
  double wheel_radius_m = 0.036;
  double track_width_m = 0.233;
  double ticks_per_m = 4464;
  /// How much the true wheels differ from the figures that firmware is told, as shares: where
  /// odometry drifts from.
  std::array<double, 2> wheel_radius_error = {0.002, -0.001};
  double caster_x_m = 0.13;
  double velocity_m_s_max = 0.3;
  double acceleration_m_s2_max = 0.9;  ///< Ramp of the motor controller.
  SimDuration command_timeout = SimDuration::Milliseconds(200);
  MotorSpec motor;
  SuspensionSpec suspension;
  TyreSpec tyre;
  void Describe(Fields& f);
};

/// A spinning triangulation or time-of-flight lidar.
struct LidarSpec {
  std::array<double, 3> position_m = {-0.03, 0, 0.085};
  double yaw_rad = 0;
  bool clockwise = true;
  int beams_per_turn = 360;
  double turns_per_s = 5;
  double range_m_min = 0.15;
  double range_m_max = 8;
  /// LD19 datasheet: standard deviation 10 mm over 0.3–12 m; resolution 15 mm is left out, the HAL
  /// carries millimetres.
  double noise_m = 0.01;
  double noise_share = 0.002;  ///< Of the range, added in quadrature.
  double angle_noise_rad = 0.001;
  double scale_error = 0.002;   ///< Standard deviation of the unit's own scale, drawn once a run.
  double speed_jitter = 0.002;  ///< Standard deviation of a turn's period, as a share.
  double dropout_probability = 0.001;  ///< Of any beam, on top of dark and grazing surfaces.
  SimDuration spin_up = SimDuration::Milliseconds(1000);
  void Describe(Fields& f);
};

/// BMI160-class figures: 0.007 °/s/√Hz and 180 µg/√Hz at a bandwidth of 50 Hz; biases as left by a
/// calibration at rest.
struct ImuSpec {
  double gyro_noise_rad_s = 8.6e-4;
  double gyro_bias_rad_s = 1e-3;  ///< Standard deviation of the bias at power-on.
  double gyro_drift_rad_s_per_sqrt_s = 2e-5;
  double accel_noise_m_s2 = 0.0125;
  double accel_bias_m_s2 = 0.05;
  void Describe(Fields& f);
};

struct BumperSpec {
  double press_force_N = 2.5;  ///< Least force that moves the shell.
  double release_travel_m = 0.002;
  double front_half_angle_rad =
      0.314159;  ///< Hits this close to straight ahead (half a zone of 36°) press both.
  double half_angle_rad = 1.570796;  ///< Nothing beyond this angle from straight ahead presses it.
  void Describe(Fields& f);
};

struct CliffSpec {
  std::array<double, 4> angles_rad = {1.05, 0.26, -0.26,
                                      -1.05};  ///< Left, front left, front right, right.
  double radius_m = 0.155;
  double trip_depth_m = 0.03;
  void Describe(Fields& f);
};

struct BatterySpec {
  double capacity_Ah = 5.2;
  double charge_at_start = 0.9;  ///< Share, 0–1.
  double resistance_ohm = 0.12;
  double charge_current_A = 1.5;
  double charge_voltage_V = 16.8;
  double empty_share = 0.03;  ///< Below it the robot browns out.
  /// Nor does it run below this voltage, to which a heavy load may pull a weak pack; 0: no limit.
  double brownout_V = 0;
  double gauge_error_pct = 1.0;  ///< Standard deviation of the gauge's offset.
  double electronics_W = 4.0;
  double lidar_W = 1.2;
  double main_brush_W = 6;
  double side_brush_W = 1.5;
  double fan_W = 22;
  void Describe(Fields& f);
};

/// What may be wrong with a flash chip; nothing unless it is set.
struct FlashFaults {
  double bit_error_rate = 0;  ///< Share of bits that a read gives wrong, anew each time.
  /// A bit of a block turns from 1 to 0 each time the block has been read this often since its last
  /// erase; 0: never.
  int read_disturb_reads = 0;
  double lost_write_probability = 0;  ///< Of a program or erase that does nothing and says nothing.
  void Describe(Fields& f);
};

/// A serial NOR flash chip. Times and endurance are the typical ones of a W25Q32-class datasheet.
struct FlashSpec {
  int size_kib = 4096;     ///< 1024 bytes each; together a multiple of block_bytes.
  int block_bytes = 4096;  ///< Smallest erase; a multiple of page_bytes.
  int page_bytes = 256;    ///< Largest program.
  SimDuration program_time = SimDuration::Microseconds(700);
  SimDuration erase_time = SimDuration::Milliseconds(45);
  int erase_cycles_max = 100'000;  ///< What a block stands.
  int erase_cycles_at_start = 0;   ///< What each block has behind it when the run begins.
  double worn_failure = 0.1;       ///< Chance that erase or program on a worn block fails.
  FlashFaults faults;
  int64_t size_bytes() const { return int64_t{size_kib} * 1024; }
  void Describe(Fields& f);
};

/// Charging contacts and beacon. The dock's frame D: origin on the floor in the middle of its face,
/// x out into the room; the robot docks with its front.
struct DockSpec {
  double contact_travel_m =
      0.012;  ///< The spring contacts touch while the hull is this close to the face.
  double contact_lateral_m = 0.02;
  double contact_yaw_rad = 0.14;
  double beacon_range_m = 3.0;
  double beacon_half_angle_rad = 0.7;     ///< Of the dock's beam, from D's x axis.
  double receiver_half_angle_rad = 1.92;  ///< Of the robot's receiver, from R's x axis.
  double bearing_noise_rad = 0.02;
  double overlap_m =
      0.03;  ///< Half width, at the dock, of the strip in which both halves of the beam are seen.
  double overlap_half_angle_rad = 0.03;
  double beacon_z_m = 0.06;
  void Describe(Fields& f);
};

/// What computing takes on the robot's chip. Firmware runs at the host's speed, in no simulated
/// time: what it would take has to be declared.
struct ComputeSpec {
  struct Cost {
    std::string task, call;  ///< Names, or "*"; of several that fit, the one that says most counts.
    SimDuration time;        ///< Computed by the task after the HAL call, before its next one.
    void Describe(Fields& f);
  };
  int cores = 1;  ///< First come, first served; nothing is preempted.
  std::vector<Cost> after;
  void Describe(Fields& f);
};

/// From the instant at which a wait of the task in the HAL is over to its next wait.
struct DeadlineSpec {
  std::string task;
  SimDuration within;
  void Describe(Fields& f);
};

/// A robot, checked.
struct RobotConfig {
  static constexpr const char* kKind = "robot";
  static constexpr int kFormatVersion = 1;

  std::string path;  ///< As given; for messages.
  std::string name = "vacuum";
  std::string model = "DP-V1";
  BodySpec body;
  DriveSpec drive;
  LidarSpec lidar;
  ImuSpec imu;
  BumperSpec bumper;
  CliffSpec cliff;
  BatterySpec battery;
  FlashSpec flash;
  DockSpec dock;
  std::optional<ComputeSpec> compute;  ///< Without it, computing takes no time.
  std::vector<DeadlineSpec> deadlines;
  double cleaning_width_m = 0.16;    ///< Swept by the main brush, centred on R.
  double side_brush_reach_m = 0.17;  ///< How far from R's axis the side brush sweeps.

  void Describe(Fields& f);
};

/// Reads and checks a robot; every problem of the file at once.
Result<RobotConfig> LoadRobotConfig(const std::string& path);
Result<RobotConfig> ParseRobotConfig(const std::string& text, const std::string& file_name);
SchemaNode RobotSchema();

}  // namespace dustproof
