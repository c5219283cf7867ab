#include "sim/robot/lidar.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "sim/core/check.h"

namespace dustproof {
namespace {

// A return is lost below this share of what a white wall (0.8) gives back at the farthest range,
// head on.
constexpr double kWhite = 0.8;
// Glass mirrors light back to the sensor only near head on; else the beam goes through.
constexpr double kGlassCosine = 0.97;
constexpr int kPanesMax = 4;

}  // namespace

Lidar::Lidar(const LidarSpec& spec, const Seed& seed, const RaycastScene* rays)
    : spec_(spec),
      rays_(rays),
      range_noise_(seed.Stream("lidar.range")),
      angle_noise_(seed.Stream("lidar.angle")),
      dropouts_(seed.Stream("lidar.dropout")),
      motor_(seed.Stream("lidar.motor")) {
  scale_ = 1 + spec.scale_error * seed.Stream("lidar.scale").Normal();
  for (int i = 0; i < spec.beams_per_turn; ++i) {
    const double turned = 2 * std::numbers::pi * i / spec.beams_per_turn;
    const double angle = WrapAngle(spec.clockwise ? -turned : turned);
    angles_rad_.push_back(angle);
    directions_.emplace_back(std::cos(angle + spec.yaw_rad), std::sin(angle + spec.yaw_rad));
  }
}

void Lidar::Start(SimTime now) {
  if (enabled_) return;
  enabled_ = true;
  BeginTurn(now + spec_.spin_up);
}

void Lidar::Stop() {
  enabled_ = false;
  pending_ = 0;
  done_.clear();
}

void Lidar::BeginTurn(SimTime start) {
  const double period_s =
      (1 + spec_.speed_jitter * std::clamp(motor_.Normal(), -3.0, 3.0)) / spec_.turns_per_s;
  turn_ = {};
  turn_.start = start;
  turn_.period = SimDuration::FromSeconds(period_s);
  turn_.sequence = sequence_++;
  const size_t count = directions_.size();
  turn_.angle_rad.reserve(count);
  turn_.range_m.reserve(count);
  turn_.quality.reserve(count);
  turn_.offset.reserve(count);
  beam_ = 0;
  beam_time_ = start;
  turn_end_ = start + turn_.period;
}

void Lidar::Advance(const BodyTrack& track) {
  while (enabled_ && beam_time_ <= track.after.time) {
    AddBeam(track);
    ++beam_;
    if (beam_ < spec_.beams_per_turn) {
      beam_time_ = turn_.start + turn_.period * beam_ / spec_.beams_per_turn;
      continue;
    }
    CastPending();
    done_.push_back(std::move(turn_));
    BeginTurn(turn_end_);
  }
}

void Lidar::AddBeam(const BodyTrack& track) {
  const double share = track.Share(beam_time_);
  const Eigen::Matrix3d R = Between(track.before.R_WR, track.after.R_WR, share);
  const Vec3 p = Between(track.before.p_WR_W, track.after.p_WR_W, share);
  // Each beam strays a little; for so small an angle the direction's perpendicular will do.
  const Vec2& d = directions_[static_cast<size_t>(beam_)];
  const double stray = spec_.angle_noise_rad * angle_noise_.Normal();
  const Vec2 strayed(d.x() - stray * d.y(), d.y() + stray * d.x());
  Ray& ray = pending_rays_[pending_];
  ray.p_W = p + R * Vec3(spec_.position_m[0], spec_.position_m[1], spec_.position_m[2]);
  ray.direction_W = (R.col(0) * strayed.x() + R.col(1) * strayed.y()).normalized();
  pending_beams_[pending_] = {beam_time_ - turn_.start, angles_rad_[static_cast<size_t>(beam_)]};
  if (++pending_ == kPacket) CastPending();
}

void Lidar::CastPending() {
  if (pending_ == 0) return;
  std::array<RayHit, kPacket> hits;
  rays_->Cast(std::span(pending_rays_.data(), pending_), spec_.range_m_max,
              std::span(hits.data(), pending_));
  for (size_t i = 0; i < pending_; ++i) Receive(pending_beams_[i], pending_rays_[i], hits[i]);
  pending_ = 0;
}

double Lidar::ReceivedShare(const RayHit& hit, double range_m) const {
  const double reflectivity = rays_->surface(hit.surface).reflectivity;
  const double spread = spec_.range_m_max / std::max(range_m, spec_.range_m_min);
  return reflectivity / kWhite * hit.cos_incidence * spread * spread;
}

void Lidar::Receive(const Beam& beam, const Ray& ray, RayHit hit) {
  double before_m = 0;
  for (int pane = 0; hit.hit() && pane < kPanesMax; ++pane) {
    if (rays_->surface(hit.surface).transmission < 0.5 || hit.cos_incidence > kGlassCosine) break;
    before_m += hit.range_m + 1e-4;
    hit = rays_->Cast({ray.p_W + ray.direction_W * before_m, ray.direction_W},
                      spec_.range_m_max - before_m);
  }
  const double true_m = before_m + hit.range_m;
  double range_m = 0;
  uint8_t quality = 0;
  // Drawn for every beam, so that a lost one shifts nobody else's noise.
  const double noise = range_noise_.Normal();
  const double luck = dropouts_.Uniform();
  if (hit.hit() && true_m <= spec_.range_m_max) {
    const double share = ReceivedShare(hit, true_m);
    // Weak light is noisier, and lost more and more often between 15 % and 5 % of what the farthest
    // white wall gives.
    const double loss = std::clamp((0.15 - share) / 0.1, spec_.dropout_probability, 1.0);
    const double spread = spec_.noise_share * true_m;
    const double deviation = std::sqrt(spec_.noise_m * spec_.noise_m + spread * spread) *
                             (share < 1 ? 1 / std::sqrt(std::max(share, 0.05)) : 1);
    const double measured = true_m * scale_ + deviation * noise;
    if (luck >= loss && measured >= spec_.range_m_min && measured <= spec_.range_m_max) {
      range_m = measured;
      quality = static_cast<uint8_t>(std::clamp(20 + 60 * std::sqrt(share), 1.0, 255.0));
    }
  }
  turn_.angle_rad.push_back(beam.angle_rad);
  turn_.range_m.push_back(range_m);
  turn_.quality.push_back(quality);
  turn_.offset.push_back(beam.offset);
}

LidarTurn Lidar::TakeTurn() {
  DP_CHECK(!done_.empty());
  LidarTurn turn = std::move(done_.front());
  done_.erase(done_.begin());
  return turn;
}

void Lidar::AddToHash(Hasher& hasher) const {
  hasher.Add(enabled_);
  hasher.Add(sequence_);
  hasher.Add(beam_);
  for (const RandomStream* s : {&range_noise_, &angle_noise_, &dropouts_, &motor_}) {
    for (const uint64_t word : s->state()) hasher.Add(word);
  }
  for (const double r : turn_.range_m) hasher.Add(r);
}

}  // namespace dustproof
