#include "hil/audit/internal/registration.h"

#include <algorithm>
#include <cmath>

#include "sim/plan/raster.h"

namespace dustproof::internal {

namespace {

constexpr double kRobotHeight_m = 0.1;
constexpr size_t kFloorSquaresMin = 30;
constexpr double kFloorsMin =
    0.5;  // Below it rims are not asked: the score stays far below any bar.
constexpr double kFloorWeight = 0.4;
constexpr double kScaleMin_m = 0.008, kScaleMax_m = 0.4;
constexpr double kAreaMin_m2 = 5.0, kAreaShareMin = 0.08;  // Less shows no home.
constexpr double kSideSlack = 1.1;
constexpr double kScoreByChance = 0.6;  // The best that homes do which have nothing to do with it.
constexpr size_t kPeaksKept = 5;        // Of one orientation and scale.
constexpr size_t kSettledKept = 16, kRefinedKept = 3;
constexpr double kCellSquaresMax = 2.5;  // A picture's steps at walls count as misfits else.
constexpr double kCoarseErrorMax = 1.4;  // Squares, at the ends of a picture, between two scales.

bool SpeaksMore(const Placement& a, const Placement& b) { return a.evidence() > b.evidence(); }

void KeepBest(std::vector<Placement>* placements, size_t count_max) {
  std::erase_if(*placements, [](const Placement& each) { return each.score < 0; });
  std::stable_sort(placements->begin(), placements->end(), SpeaksMore);
  if (placements->size() > count_max) placements->resize(count_max);
}

/// The best of many shifts; neighbours are one.
class Peaks {
 public:
  explicit Peaks(size_t count_max) : count_max_(count_max) {}

  void Offer(const Placement& placed) {
    const auto near = std::find_if(best_.begin(), best_.end(), [&](const Placement& other) {
      return std::abs(other.dx - placed.dx) <= 1 && std::abs(other.dy - placed.dy) <= 1;
    });
    if (near != best_.end()) {
      if (SpeaksMore(placed, *near)) *near = placed;
    } else if (best_.size() < count_max_) {
      best_.push_back(placed);
    } else {
      const auto least = std::max_element(best_.begin(), best_.end(), SpeaksMore);
      if (SpeaksMore(placed, *least)) *least = placed;
    }
  }
  const std::vector<Placement>& best() const { return best_; }

 private:
  const size_t count_max_;
  std::vector<Placement> best_;
};

/// Shifts of a picture's first square in a home's: from minimum to maximum, both ways.
struct Shifts {
  int dx_min, dx_max, dy_min, dy_max;
};

/// Holds a picture against a home under all shifts. `at` says the rest of the placement.
void Compare(const HomeRaster::Layers& home, const PictureLayers& picture, const Shifts& shifts,
             const Placement& at, Peaks* peaks) {
  for (int dx = shifts.dx_min; dx <= shifts.dx_max; ++dx) {
    const MovedGrid floor(picture.floor, dx);
    MovedGrid known, rim, rim_grown, inner;
    bool moved = false;
    for (int dy = shifts.dy_min; dy <= shifts.dy_max; ++dy) {
      const auto common = static_cast<double>(floor.CountCommon(home.floor, dy));
      if (common * 2 < static_cast<double>(picture.floor_count)) continue;
      if (!moved) {
        known = MovedGrid(picture.known, dx), inner = MovedGrid(picture.inner, dx);
        rim = MovedGrid(picture.rim, dx), rim_grown = MovedGrid(picture.rim_grown, dx);
        moved = true;
      }
      const auto theirs = static_cast<double>(known.CountCommon(home.floor, dy));
      const double floors = common / (static_cast<double>(picture.floor_count) + theirs - common);
      if (floors < kFloorsMin) continue;
      const auto shown = static_cast<double>(inner.CountCommon(home.rim, dy));
      if (shown == 0) continue;
      const double precise = static_cast<double>(rim.CountCommon(home.rim_grown, dy)) /
                             static_cast<double>(picture.rim_count);
      const double recalled = static_cast<double>(rim_grown.CountCommon(home.rim, dy)) / shown;
      const double rims =
          precise + recalled > 0 ? 2 * precise * recalled / (precise + recalled) : 0;
      Placement placed = at;
      placed.score = kFloorWeight * floors + (1 - kFloorWeight) * rims;
      placed.rim_squares = shown;
      placed.dx = dx, placed.dy = dy;
      peaks->Offer(placed);
    }
  }
}

bool TooLittle(const PictureLayers& picture) {
  return picture.floor_count < kFloorSquaresMin || picture.rim_count == 0;
}

}  // namespace

struct HomeRaster::Floor {
  int width = 0, height = 0;
  double cell_m = 0;
  std::vector<uint8_t> floor;  ///< 1 where a robot could stand.
};

HomeRaster::Floor HomeRaster::FloorOf(const FloorPlan& plan, const Squares& squares) {
  Floor home;
  home.cell_m = squares.side_m(Squares::kLevels - 1) / 2;
  const Grid blocked = OccupancyOf(plan, home.cell_m, kRobotHeight_m);
  home.cell_m = blocked.resolution_m;
  home.width = blocked.width, home.height = blocked.height;
  home.floor.assign(blocked.cells.size(), 0);
  for (const Room& room : plan.rooms) {
    ForEachCellInside(room.polygon, blocked, [&](int x, int y) {
      home.floor[blocked.Index(x, y)] = blocked.At(x, y) == 0 ? 1 : 0;
    });
  }
  return home;
}

HomeRaster::HomeRaster(const FloorPlan& plan, const Squares& squares)
    : HomeRaster(FloorOf(plan, squares), squares) {}

HomeRaster::HomeRaster(const Floor& home, const Squares& squares)
    : squares_(squares),
      cell_m_(home.cell_m),
      picture_(home.width, home.height, home.floor, std::vector<uint8_t>(home.floor.size(), 1)) {}

double HomeRaster::area_m2() const { return picture_.floor_count() * cell_m_ * cell_m_; }
double HomeRaster::long_side_m() const { return picture_.long_side() * cell_m_; }
double HomeRaster::short_side_m() const { return picture_.short_side() * cell_m_; }

const HomeRaster::Layers& HomeRaster::At(int level, int orientation) const {
  std::optional<Layers>& at = layers_[static_cast<size_t>(level)][static_cast<size_t>(orientation)];
  if (at) return *at;
  at.emplace();
  if (orientation == 0) {
    PictureLayers made = picture_.MakeLayers(cell_m_, 0, squares_.side_m(level));
    at->floor = std::move(made.floor), at->rim = std::move(made.rim);
    at->rim_grown = at->rim.Grown();
  } else {
    const Layers& upright = At(level, 0);
    at->floor = upright.floor.Laid(orientation);
    at->rim = upright.rim.Laid(orientation);
    at->rim_grown = upright.rim_grown.Laid(orientation);
  }
  for (int y = 0; y < at->floor.height(); ++y) {
    for (int x = 0; x < at->floor.width(); ++x) {
      if (!at->floor.Get(x, y)) continue;
      at->x_min = std::min(at->x_min, x), at->x_max = std::max(at->x_max, x);
      at->y_min = std::min(at->y_min, y), at->y_max = std::max(at->y_max, y);
    }
  }
  return *at;
}

double Placement::evidence() const {
  return score < 0 ? -1e9 : (score - kScoreByChance) * std::sqrt(rim_squares);
}

Registration::ScaleRange Registration::PlausibleScales() const {
  const double cells = picture_.floor_count();
  if (cells < 1 || home_.area_m2() <= 0) return {};
  const double area_min = std::max(kAreaMin_m2, kAreaShareMin * home_.area_m2());
  const double smallest = std::max(kScaleMin_m, std::sqrt(area_min / cells));
  const double largest =
      std::min({kScaleMax_m, kSideSlack * home_.long_side_m() / picture_.long_side(),
                kSideSlack * home_.short_side_m() / picture_.short_side()});
  return {FloorPicture::StepNear(smallest), FloorPicture::StepNear(largest)};
}

Placement Registration::FindBest(ScaleRange range) const {
  std::vector<Placement> placed = LookEverywhere(range);
  for (int level = 1; level < Squares::kLevels; ++level) {
    for (Placement& each : placed) each = Descend(each, level, range);
    KeepBest(&placed, level == 1 ? kSettledKept : kRefinedKept);
    for (Placement& each : placed) each = Climb(each, level, range);
    KeepBest(&placed, level == 1 ? kRefinedKept : 1);
  }
  return placed.empty() ? Placement() : placed.front();
}

/// The best placements at each scale and in each orientation, on coarse squares, under every shift
/// that leaves the picture's floor within the home's, but for a tenth.
std::vector<Placement> Registration::LookEverywhere(ScaleRange range) const {
  const auto shifts = [](int mine_min, int mine_max, int theirs_min, int theirs_max) {
    const int slack = (mine_max - mine_min) / 10 + 2;
    const int low = theirs_min - mine_min, high = theirs_max - mine_max;
    return std::pair(std::min(low, high) - slack, std::max(low, high) + slack);
  };
  // Steps so small that between two of them the ends of the picture move by little more than a
  // square.
  const double half_m = home_.long_side_m() / 2;
  const int stride = std::clamp(
      static_cast<int>(kCoarseErrorMax * squares_.coarse_m / half_m / FloorPicture::kStep), 1, 6);
  std::vector<Placement> best;
  for (int step = range.last; step >= range.first; step -= stride) {
    const PictureLayers& picture = picture_.Layers(step, 0, squares_.coarse_m);
    if (TooLittle(picture)) continue;
    for (int orientation = 0; orientation < 8; ++orientation) {
      const HomeRaster::Layers& home = home_.At(0, orientation);
      const auto [dx_min, dx_max] = shifts(picture.x_min, picture.x_max, home.x_min, home.x_max);
      const auto [dy_min, dy_max] = shifts(picture.y_min, picture.y_max, home.y_min, home.y_max);
      Placement at;
      at.scale_step = step, at.orientation = orientation;
      Peaks peaks(kPeaksKept);
      Compare(home, picture, {dx_min, dx_max, dy_min, dy_max}, at, &peaks);
      best.insert(best.end(), peaks.best().begin(), peaks.best().end());
    }
  }
  return best;
}

/// A placement that is being refined on squares of one level.
class Registration::Search {
 public:
  /// `from` is one on squares of `from_level`.
  Search(const Registration& registration, int level, ScaleRange range, const Placement& from,
         int from_level)
      : picture_(registration.picture_),
        home_(registration.home_.At(level, from.orientation)),
        side_m_(registration.squares_.side_m(level)),
        range_(range),
        best_(from) {
    const HomeRaster::Layers& home = registration.home_.At(from_level, from.orientation);
    const double from_side_m = registration.squares_.side_m(from_level);
    const PictureLayers& picture = picture_.Layers(from.scale_step, from.turn_step, from_side_m);
    const double finer = from_side_m / side_m_;
    middle_x_ = Middle(from.dx, picture.floor.width(), home.floor.width()) * finer;
    middle_y_ = Middle(from.dy, picture.floor.height(), home.floor.height()) * finer;
    best_.score = -1;
  }
  const Placement& best() const { return best_; }

  /// Tries another scale and turn, `reach` squares around the best so far. True where it is better.
  bool Try(int scale_step, int turn_step, int reach) {
    if (scale_step < range_.first || scale_step > range_.last) return false;
    const PictureLayers& picture = picture_.Layers(scale_step, turn_step, side_m_);
    if (TooLittle(picture)) return false;
    Placement at = best_;
    at.scale_step = scale_step, at.turn_step = turn_step;
    const int dx = Shift(middle_x_, picture.floor.width(), home_.floor.width()),
              dy = Shift(middle_y_, picture.floor.height(), home_.floor.height());
    Peaks peaks(1);
    Compare(home_, picture, {dx - reach, dx + reach, dy - reach, dy + reach}, at, &peaks);
    if (peaks.best().empty()) return false;
    const Placement& placed = peaks.best().front();
    if (best_.score >= 0 && !SpeaksMore(placed, best_)) return false;
    best_ = placed;
    middle_x_ = Middle(placed.dx, picture.floor.width(), home_.floor.width());
    middle_y_ = Middle(placed.dy, picture.floor.height(), home_.floor.height());
    return true;
  }

 private:
  // Of the picture from the middle of the home, in squares: it stays as scale, turn and level
  // change.
  static double Middle(int shift, int width, int home_width) {
    return shift + (width - home_width) / 2.0;
  }
  static int Shift(double middle, int width, int home_width) {
    return static_cast<int>(std::lround(middle - (width - home_width) / 2.0));
  }

  const FloorPicture& picture_;
  const HomeRaster::Layers& home_;
  const double side_m_;
  const ScaleRange range_;
  Placement best_;
  double middle_x_ = 0, middle_y_ = 0;
};

/// Whether squares of a level say more than those of the level before.
bool Registration::WorthRefining(const Placement& placed, int level) const {
  return FloorPicture::ScaleAt(placed.scale_step) <= kCellSquaresMax * squares_.side_m(level);
}

/// From squares to those of half the side, where it is.
Placement Registration::Descend(const Placement& from, int level, ScaleRange range) const {
  if (!WorthRefining(from, level)) return from;
  Search search(*this, level, range, from, level - 1);
  search.Try(from.scale_step, from.turn_step, 2);
  return search.best();
}

/// Ever smaller turns and changes of scale, as long as they help.
Placement Registration::Climb(const Placement& from, int level, ScaleRange range) const {
  if (!WorthRefining(from, level)) return from;
  Search search(*this, level, range, from, level);
  search.Try(from.scale_step, from.turn_step, 0);
  for (int step = level == 1 ? 4 : 2; step >= 1; step /= 2) {
    bool better = true;
    for (int round = 0; better && round < 3; ++round) {
      better = false;
      for (const auto& [turn, stretch] :
           {std::pair(step, 0), std::pair(-step, 0), std::pair(0, step), std::pair(0, -step)})
        better |= search.Try(search.best().scale_step + stretch, search.best().turn_step + turn, 2);
    }
  }
  return search.best();
}

}  // namespace dustproof::internal
