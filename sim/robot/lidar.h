#pragma once

#include <array>
#include <vector>

#include "sim/core/hash.h"
#include "sim/core/random.h"
#include "sim/raycast/raycast_scene.h"
#include "sim/robot/body_track.h"
#include "sim/robot/readings.h"
#include "sim/scenario/robot_config.h"

namespace dustproof {

/// A spinning lidar: every beam at its own time, from where the robot is at that time.
///
/// Frames: L lidar, fixed on the robot. Ranges get noise, a scale of the unit's own, and drop out
/// on dark surfaces, at grazing incidence and behind glass, as the returning light grows weak.
class Lidar {
 public:
  /// `rays` outlives the lidar.
  Lidar(const LidarSpec& spec, const Seed& seed, const RaycastScene* rays);

  /// Starts turning; the first beam follows after the spin-up.
  void Start(SimTime now);
  void Stop();
  bool enabled() const { return enabled_; }

  /// Takes the beams due within the step of `track`, its end included.
  void Advance(const BodyTrack& track);
  /// When the turn under way is complete; the time to `TakeTurn`. @pre enabled()
  SimTime turn_end() const { return turn_end_; }
  /// The oldest complete turn. @pre there is one: `Advance` went past its end
  LidarTurn TakeTurn();

  void AddToHash(Hasher& hasher) const;

 private:
  static constexpr size_t kPacket = 8;
  struct Beam {
    SimDuration offset;
    double angle_rad;
  };

  void BeginTurn(SimTime start);
  void AddBeam(const BodyTrack& track);
  void CastPending();
  void Receive(const Beam& beam, const Ray& ray, RayHit hit);
  double ReceivedShare(const RayHit& hit, double range_m) const;

  LidarSpec spec_;
  const RaycastScene* rays_;
  RandomStream range_noise_, angle_noise_, dropouts_, motor_;
  double scale_ = 1;
  std::vector<Vec2>
      directions_;  ///< Of each beam in L: sines and cosines cost as much as a tenth of the ray.
  std::vector<double> angles_rad_;
  bool enabled_ = false;
  uint32_t sequence_ = 0;
  int beam_ = 0;  ///< Next of the turn under way.
  SimTime beam_time_, turn_end_;
  LidarTurn turn_;
  std::vector<LidarTurn> done_;
  std::array<Beam, kPacket> pending_beams_;
  std::array<Ray, kPacket> pending_rays_;
  size_t pending_ = 0;
};

}  // namespace dustproof
