#include "sim/plan/map_dock.h"

#include <cmath>
#include <numbers>

namespace dustproof {
namespace {

constexpr int kAngles = 24;
constexpr double kAhead_m_max = 2.0;  // More room than this makes a place no better.
constexpr double kBeside_m_max = 0.8;
constexpr size_t kTriedMax =
    20'000;  // Cells at a wall; of larger maps, every second, third, … one.
constexpr double kGapWeight =
    20;  // A centimetre of gap behind the dock costs as much as 20 cm of room.

class DockFinder {
 public:
  DockFinder(const Grid& floor, double robot_radius_m)
      : floor_(floor),
        radius_m_(robot_radius_m),
        X_GW_(floor.X_WG.inverse()),
        step_m_(floor.resolution_m / 2) {
    size_t at_wall = 0;
    for (int y = 1; y + 1 < floor_.height; ++y) {
      for (int x = 1; x + 1 < floor_.width; ++x) at_wall += floor_.At(x, y) != 0 && AtWall(x, y);
    }
    stride_ = 1 + at_wall / kTriedMax;
  }

  std::optional<Pose2> Find() {
    for (const auto& [half_width_m, ahead_m] :
         {std::pair{0.35, 1.2},
          {0.3, 0.9},
          {0.25, 0.6},
          {radius_m_ + 0.01, kDockDepth_m + 2 * radius_m_ + 0.03}}) {
      if (const std::optional<Pose2> best = FindWith(half_width_m, ahead_m)) return best;
    }
    return std::nullopt;
  }

 private:
  bool IsFloor(const Vec2& p_W) const {
    const Vec2 p = X_GW_ * p_W / floor_.resolution_m;
    const int x = static_cast<int>(std::floor(p.x())), y = static_cast<int>(std::floor(p.y()));
    return floor_.Has(x, y) && floor_.At(x, y) != 0;
  }

  std::optional<Pose2> FindWith(double half_width_m, double ahead_m) {
    std::optional<Pose2> best;
    double best_score = -100;
    size_t met = 0;
    for (int y = 1; y + 1 < floor_.height; ++y) {
      for (int x = 1; x + 1 < floor_.width; ++x) {
        if (floor_.At(x, y) == 0 || !AtWall(x, y) || met++ % stride_ != 0) continue;
        for (int k = 0; k < kAngles; ++k) {
          const double yaw = WrapAngle(k * 2 * std::numbers::pi / kAngles + floor_.X_WG.yaw);
          const std::optional<Pose2> X_WD = BackToTheWall(floor_.CenterOf(x, y), yaw);
          if (!X_WD || !IsFree(*X_WD, half_width_m, ahead_m)) continue;
          const double score = Score(*X_WD, half_width_m, ahead_m);
          if (score > best_score + 1e-9) {
            best_score = score;
            best = X_WD;
          }
        }
      }
    }
    return best;
  }

  bool AtWall(int x, int y) const {
    return floor_.At(x - 1, y) == 0 || floor_.At(x + 1, y) == 0 || floor_.At(x, y - 1) == 0 ||
           floor_.At(x, y + 1) == 0;
  }

  // Pushes a dock at `p` backwards until its body just clears the wall; nothing unless the wall
  // backs most of its width.
  std::optional<Pose2> BackToTheWall(const Vec2& p, double yaw) const {
    Pose2 X_WD{p.x(), p.y(), yaw};
    if (!IsFloor(X_WD * Vec2(0.3, 0)) || IsFloor(X_WD * Vec2(-1.5 * floor_.resolution_m, 0)))
      return std::nullopt;
    const double quarter_m = floor_.resolution_m / 4;
    for (int back = 4; back >= -4; --back) {
      const Vec2 moved = Pose2{p.x(), p.y(), yaw} * Vec2(-back * quarter_m, 0);
      X_WD = {moved.x(), moved.y(), yaw};
      // A hair in front of the wall, so that the back's own line isn't in it.
      if (!IsFree(X_WD, kDockWidth_m / 2, kDockDepth_m)) continue;
      int backed = 0;
      for (int i = -3; i <= 3; ++i) {
        if (!IsFloor(X_WD * Vec2(-1.6 * floor_.resolution_m, i * kDockWidth_m / 7))) ++backed;
      }
      return backed >= 6 ? std::optional(X_WD) : std::nullopt;
    }
    return std::nullopt;
  }

  // Floor all over [0, ahead] × [-half_width, half_width] of D.
  bool IsFree(const Pose2& X_WD, double half_width_m, double ahead_m) const {
    const int rows = static_cast<int>(std::ceil(ahead_m / step_m_)),
              columns = static_cast<int>(std::ceil(half_width_m / step_m_));
    const double c = std::cos(X_WD.yaw), s = std::sin(X_WD.yaw);
    for (int i = 0; i <= rows; ++i) {
      const double dx = 1e-6 + ahead_m * i / rows;
      for (int j = -columns; j <= columns; ++j) {
        const double dy = half_width_m * j / columns;
        if (!IsFloor({X_WD.x + c * dx - s * dy, X_WD.y + s * dx + c * dy})) return false;
      }
    }
    return true;
  }

  double Score(const Pose2& X_WD, double half_width_m, double ahead_m) const {
    double ahead = ahead_m;
    while (ahead < kAhead_m_max && IsFloor(X_WD * Vec2(ahead + step_m_, 0))) ahead += step_m_;
    double beside = half_width_m;
    const double x = radius_m_ + kDockDepth_m;
    while (beside < kBeside_m_max && IsFloor(X_WD * Vec2(x, beside + step_m_)) &&
           IsFloor(X_WD * Vec2(x, -beside - step_m_))) {
      beside += step_m_;
    }
    return ahead + beside - kGapWeight * MeanGap(X_WD);
  }

  // Between the dock's back and the wall, over its width.
  double MeanGap(const Pose2& X_WD) const {
    double sum = 0;
    for (int i = -3; i <= 3; ++i) {
      double gap = 0;
      while (gap < 2 * floor_.resolution_m && IsFloor(X_WD * Vec2(-gap, i * kDockWidth_m / 7)))
        gap += floor_.resolution_m / 8;
      sum += gap;
    }
    return sum / 7;
  }

  const Grid& floor_;
  const double radius_m_;
  const Pose2 X_GW_;
  const double step_m_;
  size_t stride_ = 1;
};

}  // namespace

std::optional<Pose2> PlaceDock(const Grid& floor, double robot_radius_m) {
  return DockFinder(floor, robot_radius_m).Find();
}

}  // namespace dustproof
