#pragma once

#include <cstddef>
#include <cstdint>

namespace dustproof {

/// Beams of one turn at most.
inline constexpr size_t kStepViewBeamsMax = 720;

/// What a stepped run shows of itself, in memory that the run's process and whoever steps it share. It changes only while a
/// command is under way, so it is read without a lock and without a copy; `sequence` of a sample counts those of its kind from
/// 1 on (0: none yet), and tells whether what was read before is still the newest.
///
/// SI units and frames as in sim/robot/readings.h; times are nanoseconds of simulated time.
struct StepView {
  struct Odometry {
    uint64_t sequence;
    int64_t time_ns;
    uint16_t ticks[2];      ///< Left, right; they wrap.
    uint8_t wheel_drop[2];
    uint8_t unused[2];
  };
  struct Imu {
    uint64_t sequence;
    int64_t time_ns;
    double gyro_rad_s[3];
    double accel_m_s2[3];  ///< Specific force: +9.81 on z at rest.
  };
  struct Hazard {
    uint64_t sequence;
    int64_t time_ns;
    uint8_t bumper[2];        ///< Left, right.
    uint8_t cliff[4];         ///< Left, front left, front right, right.
    uint8_t over_current[2];
  };
  struct Dock {
    uint64_t sequence;
    int64_t time_ns;
    double bearing_rad;  ///< Of the beacon in R, where seen.
    uint8_t contact, beacon_seen, beacon_left, beacon_right;
    uint8_t unused[4];
  };
  struct Battery {
    uint64_t sequence;
    int64_t time_ns;
    double voltage_V, current_A, charge_pct, temperature_C;
    uint8_t charging;
    uint8_t unused[7];
  };
  struct Scan {
    uint64_t sequence;
    int64_t time_ns;    ///< Of the first beam.
    int64_t period_ns;  ///< From this beam to the first of the next turn.
    uint64_t beams;
    double range_m[kStepViewBeamsMax];    ///< 0 = no return.
    double angle_rad[kStepViewBeamsMax];  ///< In L, -pi to pi.
    double offset_s[kStepViewBeamsMax];   ///< Time of each beam after the first.
    uint8_t quality[kStepViewBeamsMax];   ///< Strength of the return, 0-255.
  };

  int64_t now_ns;
  uint64_t events_run;
  double pose[3];              ///< X_WR in the plane: x, y in metres, yaw in radians. The truth.
  double wheel_speed_m_s[2];   ///< Left, right.
  double commanded_m_s[2];     ///< 0 where the last command was PWM or has gone stale.
  uint64_t collisions;         ///< Presses of the bumper so far.
  uint8_t docked, charging, powered, finished_cleaning;
  uint8_t unused[4];
  char activity[64];           ///< What the firmware says it does; ends with a 0.
  Odometry odometry;
  Imu imu;
  Hazard hazard;
  Dock dock;
  Battery battery;
  Scan scan;
};

}  // namespace dustproof
