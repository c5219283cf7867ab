#include "robots/vacuum/firmware/navigation/slam.h"

#include <mrpt/maps/CSimplePointsMap.h>
#include <mrpt/poses/CPose2D.h>
#include <mrpt/poses/CPosePDF.h>
#include <mrpt/slam/CICP.h>

#include <algorithm>
#include <array>

namespace vacuum {

namespace {

constexpr double kReferenceRadius_m =
    7.0;  // Map points farther from the robot than this are left out of a match.
constexpr double kReferenceMoved_m = 0.4;  // The reference is made anew after this much travel,
constexpr int kReferenceScans = 10;        // or after this many scans.
constexpr double kGoodnessMin = 0.45;      // Share of the scan's points that found a partner.
constexpr double kCorrectionMax_m = 0.12;  // A larger jump between two scans is a wrong match…
constexpr double kCorrectionMax_rad = 0.10;
constexpr int kRefusedBeforeWide =
    8;  // …unless matches have failed for a while: then the robot has really slipped.
constexpr double kGripNone = 0.03,
                 kGripFull = 0.12;  // Along a corridor wheels know better than walls.
constexpr double kTrustMin = 0.1;
constexpr double kDrawTurnRateMax =
    1.2;  // Scans taken while spinning faster are matched but not drawn.

/// How well a scan pins the robot along its worst direction: 0 in an endless corridor, 0.5 where
/// walls look every way alike.
struct Grip {
  Point2 weak_R{1, 0};  ///< The direction with the least walls across it.
  double share = 0.5;
};

Grip GripOf(const std::vector<Point2>& hits) {
  double xx = 0, xy = 0, yy = 0;
  for (size_t i = 0; i < hits.size(); ++i) {
    // The wall's direction from a hit some way along: close neighbours would show the lidar's
    // noise.
    for (size_t j = i + 1; j < std::min(i + 15, hits.size()); ++j) {
      const Point2 d = hits[j] - hits[i];
      const double length = Norm(d);
      if (length < 0.15) continue;
      if (length > 0.5) break;
      const Point2 n{-d.y / length, d.x / length};
      xx += n.x * n.x;
      xy += n.x * n.y;
      yy += n.y * n.y;
      break;
    }
  }
  if (xx + yy < 10) return {};
  const double half_gap = (xx - yy) / 2, root = std::sqrt(half_gap * half_gap + xy * xy);
  const double angle = 0.5 * std::atan2(2 * xy, xx - yy) + kPi / 2;
  return {{std::cos(angle), std::sin(angle)}, ((xx + yy) / 2 - root) / (xx + yy)};
}

mrpt::slam::CICP::TConfigParams MatchOptions(double reach_m) {
  mrpt::slam::CICP::TConfigParams options;
  options.ICP_algorithm = mrpt::slam::icpClassic;
  options.maxIterations = 30;
  options.minAbsStep_trans = 2e-4;
  options.minAbsStep_rot = 1e-4;
  options.thresholdDist = reach_m;
  options.thresholdAng = 0.0;
  options.smallestThresholdDist = 0.06;
  options.ALFA = 0.5;
  options.skip_cov_calculation = true;
  options.skip_quality_calculation = true;
  options.corresponding_points_decimation = 1;
  return options;
}

}  // namespace

struct Slam::Matcher {
  mrpt::slam::CICP icp;
  mrpt::maps::CSimplePointsMap reference, scan;
  Point2 reference_at;
  int reference_age = 1 << 20;

  Matcher() { icp.setMinLoggingLevel(mrpt::system::LVL_ERROR); }

  void MakeReference(const HomeMap& map, Point2 around) {
    reference.clear();
    for (int index = 0; index < map.cell_count(); ++index) {
      if (!map.lidar_occupied(index)) continue;
      const Point2 p = map.ObstacleIn(index);
      if (Distance(p, around) > kReferenceRadius_m) continue;
      reference.insertPointFast(static_cast<float>(p.x), static_cast<float>(p.y), 0);
    }
    reference.mark_as_modified();
    reference_at = around;
    reference_age = 0;
  }

  void SetScan(const std::vector<Point2>& hits) {
    scan.clear();
    for (const Point2& p : hits)
      scan.insertPointFast(static_cast<float>(p.x), static_cast<float>(p.y), 0);
    scan.mark_as_modified();
  }

  Pose2 Match(const Pose2& guess, double reach_m, double& goodness) {
    icp.options = MatchOptions(reach_m);
    mrpt::slam::CICP::TReturnInfo info;
    const auto pdf =
        icp.Align(&reference, &scan, mrpt::poses::CPose2D(guess.x, guess.y, guess.yaw), info);
    mrpt::poses::CPose2D mean;
    pdf->getMean(mean);
    goodness = info.goodness;
    return {mean.x(), mean.y(), WrapAngle(mean.phi())};
  }
};

Slam::Slam(HomeMap& map) : map_(map), matcher_(std::make_unique<Matcher>()) {}
Slam::~Slam() = default;

void Slam::SetPose(const Pose2& X_MR, const Pose2& X_OR) {
  X_MO_ = X_MR * X_OR.Inverse();
  refused_in_a_row_ = 0;
}

void Slam::Start(const Scan& scan, const Pose2& X_OR) {
  Pose2 X_MR = X_MO_ * X_OR;
  X_MR.yaw = WrapAngle(-DominantWallAngle(scan.hits_R));
  SetPose(X_MR, X_OR);
  started_ = true;
}

bool Slam::AddScan(const Scan& scan, const Pose2& X_OR, const Twist& twist) {
  if (scan.hits_R.size() < 30) return false;
  if (!started_) Start(scan, X_OR);
  const Pose2 guess = X_MO_ * X_OR;
  bool good = true;
  Pose2 X_MR = guess;
  const bool stale = ++matcher_->reference_age > kReferenceScans ||
                     Distance(matcher_->reference_at, guess.position()) > kReferenceMoved_m;
  if (stale) matcher_->MakeReference(map_, guess.position());
  if (matcher_->reference.size() > 50) {
    const bool wide = refused_in_a_row_ >= kRefusedBeforeWide;
    double goodness = 0;
    matcher_->SetScan(scan.hits_R);
    X_MR = matcher_->Match(guess, wide ? 0.6 : 0.25, goodness);
    const double moved_m = Distance(X_MR.position(), guess.position());
    const double turned = std::abs(WrapAngle(X_MR.yaw - guess.yaw));
    const double slack = wide ? 5 : 1;
    good = goodness > kGoodnessMin && moved_m < kCorrectionMax_m * slack &&
           turned < kCorrectionMax_rad * slack;
  }
  if (!good) {
    ++refused_count_;
    ++refused_in_a_row_;
    return false;
  }
  refused_in_a_row_ = 0;
  X_MR = Tempered(X_MR, guess, scan);
  X_MO_ = X_MR * X_OR.Inverse();
  if (std::abs(twist.w_rad_s) < kDrawTurnRateMax) map_.AddScan(X_MR, scan);
  return true;
}

Pose2 Slam::Tempered(Pose2 X_MR, const Pose2& guess, const Scan& scan) const {
  const Grip grip = GripOf(scan.hits_R);
  const double trust =
      std::clamp((grip.share - kGripNone) / (kGripFull - kGripNone), kTrustMin, 1.0);
  const Point2 weak_M = Pose2{0, 0, guess.yaw} * grip.weak_R;
  const double along = Dot(X_MR.position() - guess.position(), weak_M);
  X_MR.x -= (1 - trust) * along * weak_M.x;
  X_MR.y -= (1 - trust) * along * weak_M.y;
  return X_MR;
}

double DominantWallAngle(const std::vector<Point2>& hits) {
  // Each pair of near neighbours votes for its direction, folded into a quarter turn.
  constexpr int kBins = 180;
  std::array<double, kBins> votes{};
  constexpr size_t kApart = 4;
  for (size_t i = 0; i + kApart < hits.size(); ++i) {
    const Point2 d = hits[i + kApart] - hits[i];
    const double length = Norm(d);
    if (length < 0.02 || length > 0.5) continue;
    double angle = std::fmod(std::atan2(d.y, d.x) + 2 * kPi, kPi / 2);
    votes[static_cast<size_t>(angle / (kPi / 2) * kBins) % kBins] += length;
  }
  // The heaviest window of 5° and its centre of mass.
  double best = 0;
  int best_bin = 0;
  constexpr int kHalf = 5;
  for (int b = 0; b < kBins; ++b) {
    double sum = 0;
    for (int k = -kHalf; k <= kHalf; ++k) sum += votes[(b + k + kBins) % kBins];
    if (sum > best) {
      best = sum;
      best_bin = b;
    }
  }
  double offset = 0;
  for (int k = -kHalf; k <= kHalf; ++k) offset += k * votes[(best_bin + k + kBins) % kBins];
  if (best > 0) offset /= best;
  double angle = (best_bin + 0.5 + offset) * (kPi / 2) / kBins;
  if (angle > kPi / 4) angle -= kPi / 2;
  return angle;
}

}  // namespace vacuum
