#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "sim/core/frames.h"
#include "sim/core/time.h"

/// What the robot's sensors say, in SI units: the HAL's samples before anybody rounds them. Angles
/// are counter-clockwise, left before right.
namespace dustproof {

/// One turn of the lidar. Beams are taken one after another while the robot moves.
struct LidarTurn {
  SimTime start;       ///< When the first beam was taken.
  SimDuration period;  ///< From the first beam of this turn to the first of the next.
  uint32_t sequence = 0;
  std::vector<double> angle_rad;    ///< Direction of each beam in L, -pi to pi.
  std::vector<double> range_m;      ///< 0 = no valid return.
  std::vector<uint8_t> quality;     ///< Strength of the return, 0–255.
  std::vector<SimDuration> offset;  ///< Time of each beam after `start`.
};

/// 100 Hz.
struct OdometryReading {
  SimTime time;
  std::array<uint16_t, 2> ticks{};
  std::array<bool, 2> wheel_drop{};
};

/// 100 Hz, the same instants as odometry.
struct ImuReading {
  SimTime time;
  Vec3 gyro_rad_s = Vec3::Zero();
  Vec3 accel_m_s2 = Vec3::Zero();  ///< Specific force: +9.81 on z at rest.
};

/// 100 Hz.
struct HazardReading {
  SimTime time;
  std::array<bool, 2> bumper{};
  std::array<bool, 4> cliff{};  ///< Left, front left, front right, right.
  std::array<bool, 2> over_current{};
};

/// 20 Hz.
struct DockReading {
  SimTime time;
  bool contact = false;
  bool beacon_seen = false;
  double bearing_rad = 0;  ///< Of the beacon in R, where seen.
  bool beacon_left = false,
       beacon_right = false;  ///< Half of the dock's beam, as seen from the dock looking out.
};

/// 1 Hz.
struct BatteryReading {
  SimTime time;
  double voltage_V = 0;
  double current_A = 0;   ///< Positive while charging.
  double charge_pct = 0;  ///< The gauge's estimate.
  double temperature_C = 25;
  bool charging = false;
};

enum class Button : uint8_t { kClean = 0, kHome = 1, kReset = 2 };

struct ButtonPress {
  SimTime time;  ///< Of the release.
  Button button{};
  SimDuration held;
};

/// Who listens to a robot's sensors. Called on the run's thread, at the sample's instant, in a
/// fixed order.
class RobotListener {
 public:
  virtual ~RobotListener() = default;
  virtual void OnLidarTurn(const LidarTurn&) {}
  virtual void OnOdometry(const OdometryReading&) {}
  virtual void OnImu(const ImuReading&) {}
  virtual void OnHazard(const HazardReading&) {}
  virtual void OnDock(const DockReading&) {}
  virtual void OnBattery(const BatteryReading&) {}
  virtual void OnButton(const ButtonPress&) {}
};

}  // namespace dustproof
