#pragma once

#include "sim/core/hash.h"
#include "sim/core/random.h"
#include "sim/robot/body_track.h"
#include "sim/robot/readings.h"
#include "sim/scenario/robot_config.h"

namespace dustproof {

/// Gyro and accelerometer at the chassis' centre of mass, along R's axes, with bias, drift and
/// noise.
class Imu {
 public:
  Imu(const ImuSpec& spec, const Seed& seed);

  /// @pre called once a sample, in order: each draws its own noise.
  ImuReading Sample(SimTime t, const BodyTrack& track, double period_s);
  void AddToHash(Hasher& hasher) const;

 private:
  ImuSpec spec_;
  RandomStream noise_;
  Vec3 gyro_bias_, accel_bias_;
};

}  // namespace dustproof
