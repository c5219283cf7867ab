#include "hil/audit/internal/home_match.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>

#include "hil/audit/internal/grid_guess.h"
#include "sim/core/hash.h"
#include "sim/plan/generate.h"
#include "sim/plan/raster.h"

namespace dustproof::internal {

namespace {

constexpr double kRobotHeight_m = 0.1;
constexpr size_t kSideMax = 128;  // Cells of a coarse raster, each way.
constexpr double kCoarse_m = 0.2;
constexpr size_t kFreeCellsMin = 150;  // Of a candidate: less shows no home.
constexpr double kScoreMin = 0.55, kScoreMinDeclared = 0.5;
constexpr double kZMin = 4.0, kZMinDeclared = 3.2;
// Where the home is much like the strangers' homes these scatter widely: then the gap to the best
// of them counts.
constexpr double kScoreNearPerfect = 0.8, kGapMin = 0.1;
constexpr double kScorePromising = 0.42;  // Coarse; below it the other homes aren't asked.
constexpr double kScaleRatioMin = 0.7;    // A map may lack rooms, so the area says only so much.
constexpr size_t kCandidateCells = 45000;
constexpr double kResolutions_m[] = {0.05, 0.025, 0.1, 0.02, 0.03, 0.04, 0.2};

/// Without the popcnt instruction, which the baseline x86-64 lacks, and without a call.
inline size_t CountBits(uint64_t v) {
  v -= v >> 1 & 0x5555555555555555ull;
  v = (v & 0x3333333333333333ull) + (v >> 2 & 0x3333333333333333ull);
  v = (v + (v >> 4)) & 0x0f0f0f0f0f0f0f0full;
  return (v * 0x0101010101010101ull) >> 56;
}

/// Cells as bits, row by row.
class Mask {
 public:
  Mask() = default;
  Mask(int width, int height)
      : width_(width),
        height_(height),
        words_((width + 63) / 64),
        bits_(static_cast<size_t>(words_) * static_cast<size_t>(height), 0) {}
  int width() const { return width_; }
  int height() const { return height_; }
  bool Get(int x, int y) const {
    return x >= 0 && y >= 0 && x < width_ && y < height_ &&
           (bits_[Word(x, y)] >> (x & 63) & 1) != 0;
  }
  void Set(int x, int y) {
    if (x >= 0 && y >= 0 && x < width_ && y < height_) bits_[Word(x, y)] |= uint64_t{1} << (x & 63);
  }
  size_t Count() const {
    size_t count = 0;
    for (const uint64_t word : bits_) count += CountBits(word);
    return count;
  }
  /// Cells set here and, shifted by (dx, dy), in `other`.
  size_t CountCommon(const Mask& other, int dx, int dy) const {
    size_t count = 0;
    for (int y = std::max(0, dy); y < std::min(height_, other.height_ + dy); ++y) {
      for (int w = 0; w < words_; ++w) {
        const uint64_t mine =
            bits_[static_cast<size_t>(y) * static_cast<size_t>(words_) + static_cast<size_t>(w)];
        if (mine != 0) count += CountBits(mine & other.Shifted(w * 64 - dx, y - dy));
      }
    }
    return count;
  }

 private:
  size_t Word(int x, int y) const {
    return static_cast<size_t>(y) * static_cast<size_t>(words_) + static_cast<size_t>(x >> 6);
  }
  /// 64 cells of row y from x on.
  uint64_t Shifted(int x, int y) const {
    const int word = x >= 0 ? x >> 6 : -((63 - x) >> 6);
    const int bit = x - word * 64;
    const uint64_t low = At(word, y) >> bit;
    return bit == 0 ? low : low | At(word + 1, y) << (64 - bit);
  }
  uint64_t At(int word, int y) const {
    return word >= 0 && word < words_ ? bits_[static_cast<size_t>(y) * static_cast<size_t>(words_) +
                                              static_cast<size_t>(word)]
                                      : 0;
  }

  int width_ = 0, height_ = 0, words_ = 0;
  std::vector<uint64_t> bits_;
};

/// Floor, its rim, and the rim a cell wider.
struct Shape {
  Mask floor, rim, rim_wide;
  size_t floor_count = 0, rim_count = 0;
  int x_min = 1 << 20, y_min = 1 << 20, x_max = -1, y_max = -1;

  void Finish() {
    rim = Mask(floor.width(), floor.height());
    rim_wide = rim;
    for (int y = 0; y < floor.height(); ++y) {
      for (int x = 0; x < floor.width(); ++x) {
        if (!floor.Get(x, y)) continue;
        x_min = std::min(x_min, x), x_max = std::max(x_max, x), y_min = std::min(y_min, y),
        y_max = std::max(y_max, y);
        const bool inside = floor.Get(x - 1, y) && floor.Get(x + 1, y) && floor.Get(x, y - 1) &&
                            floor.Get(x, y + 1);
        if (inside) continue;
        rim.Set(x, y);
        for (int dy = -1; dy <= 1; ++dy) {
          for (int dx = -1; dx <= 1; ++dx) rim_wide.Set(x + dx, y + dy);
        }
      }
    }
    floor_count = floor.Count();
    rim_count = rim.Count();
  }
};

/// A home's floor as points, to be laid on rasters of any cell size.
struct Home {
  std::vector<Vec2> floor;  ///< Centres of its free cells.
  double cell_m = 0.05;
  double area_m2 = 0;
  double yaw_rad = 0;  ///< Of its walls, modulo a quarter turn.
  Shape coarse, fine;  ///< The fine one at half the coarse one's cells.
  double coarse_m = kCoarse_m;
};

double Fold(double yaw) {
  const double quarter = std::numbers::pi / 2;
  yaw = std::fmod(yaw, quarter);
  return yaw < 0 ? yaw + quarter : yaw;
}

/// Main direction of a mask's rim, modulo a quarter turn: of its gradients, each weighed by its
/// size.
template <typename F>
double MainDirection(int width, int height, F is_free) {
  // Gradients of a Gaussian, which has no preferred direction of its own as a box has.
  constexpr int kReach = 4;
  double weights[kReach + 1];
  for (int d = 0; d <= kReach; ++d) weights[d] = std::exp(-d * d / 4.5);
  double c = 0, s = 0;
  for (int y = kReach; y + kReach < height; ++y) {
    for (int x = kReach; x + kReach < width; ++x) {
      const double here = is_free(x, y);
      const bool rim = is_free(x + 1, y) != here || is_free(x, y + 1) != here ||
                       is_free(x - 1, y) != here || is_free(x, y - 1) != here;
      if (!rim) continue;
      double gx = 0, gy = 0;
      for (int dy = -kReach; dy <= kReach; ++dy) {
        for (int dx = -kReach; dx <= kReach; ++dx) {
          const double weight =
              is_free(x + dx, y + dy) * weights[std::abs(dx)] * weights[std::abs(dy)];
          gx += dx * weight, gy += dy * weight;
        }
      }
      const double angle = 4 * std::atan2(gy, gx);
      const double weight = gx * gx + gy * gy;
      c += weight * std::cos(angle), s += weight * std::sin(angle);
    }
  }
  return Fold(std::atan2(s, c) / 4);
}

/// Lays points onto a raster of `cell_m`; `spread_m` is the points' own cell.
Shape Rasterise(const std::vector<Vec2>& points, double cell_m, double spread_m) {
  Vec2 low(1e9, 1e9), high(-1e9, -1e9);
  for (const Vec2& p : points) low = low.cwiseMin(p), high = high.cwiseMax(p);
  const int width = static_cast<int>(std::clamp((high.x() - low.x()) / cell_m, 0.0, 4000.0)) + 3;
  const int height = static_cast<int>(std::clamp((high.y() - low.y()) / cell_m, 0.0, 4000.0)) + 3;
  // A cell is floor where points cover at least half of it.
  std::vector<uint16_t> hits(static_cast<size_t>(width) * static_cast<size_t>(height), 0);
  for (const Vec2& p : points) {
    const auto x = static_cast<int>((p.x() - low.x()) / cell_m) + 1,
               y = static_cast<int>((p.y() - low.y()) / cell_m) + 1;
    uint16_t& hit =
        hits[static_cast<size_t>(std::clamp(y, 0, height - 1)) * static_cast<size_t>(width) +
             static_cast<size_t>(std::clamp(x, 0, width - 1))];
    if (hit < UINT16_MAX) ++hit;
  }
  const double per_cell = std::max(1.0, cell_m * cell_m / (spread_m * spread_m));
  const auto needed = static_cast<uint16_t>(std::max(1.0, per_cell / 2));
  Shape shape;
  shape.floor = Mask(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      if (hits[static_cast<size_t>(y) * static_cast<size_t>(width) + static_cast<size_t>(x)] >=
          needed)
        shape.floor.Set(x, y);
    }
  }
  shape.Finish();
  return shape;
}

Home MakeHome(const FloorPlan& plan) {
  Home home;
  const Bounds bounds = BoundsOf(plan);
  const double extent = std::max((bounds.max - bounds.min).maxCoeff(), 1.0);
  home.cell_m = std::max(0.05, extent / 500);
  home.coarse_m = std::max(kCoarse_m, extent / (kSideMax - 8));
  const Grid blocked = OccupancyOf(plan, home.cell_m, kRobotHeight_m);
  std::vector<uint8_t> free(blocked.cells.size(), 0);
  for (const Room& room : plan.rooms) {
    ForEachCellInside(room.polygon, blocked, [&](int x, int y) {
      free[blocked.Index(x, y)] = blocked.At(x, y) == 0 ? 1 : 0;
    });
  }
  for (int y = 0; y < blocked.height; ++y) {
    for (int x = 0; x < blocked.width; ++x) {
      if (free[blocked.Index(x, y)] != 0) home.floor.push_back(blocked.CenterOf(x, y));
    }
  }
  home.area_m2 = static_cast<double>(home.floor.size()) * home.cell_m * home.cell_m;
  home.yaw_rad =
      Fold(MainDirection(blocked.width, blocked.height,
                         [&](int x, int y) { return free[blocked.Index(x, y)] != 0 ? 1.0 : 0.0; }) +
           blocked.X_WG.yaw);
  home.coarse = Rasterise(home.floor, home.coarse_m, home.cell_m);
  home.fine = Rasterise(home.floor, home.coarse_m / 2, home.cell_m);
  return home;
}

/// A candidate's free cells in its own cells, x right, y up.
struct Candidate {
  std::vector<Vec2> cells;
  double yaw_rad = 0;
  double weight = 1;  ///< How many of its cells each of these stands for: large ones are thinned.
};

struct Placement {
  double score = -1;
  double yaw_rad = 0, scale_m = 0;
  bool mirrored = false;
};

std::vector<Vec2> Transform(const Candidate& candidate, double yaw, bool mirrored, double scale) {
  std::vector<Vec2> out;
  out.reserve(candidate.cells.size());
  const double c = std::cos(yaw) * scale, s = std::sin(yaw) * scale;
  for (const Vec2& p : candidate.cells) {
    const double x = mirrored ? -p.x() : p.x();
    out.emplace_back(c * x - s * p.y(), s * x + c * p.y());
  }
  return out;
}

/// Agreement of two shapes with `candidate` shifted by (dx, dy) cells: common floor over all floor,
/// and rims that lie on rims.
double Agreement(const Shape& home, const Shape& candidate, int dx, int dy) {
  const auto common = static_cast<double>(home.floor.CountCommon(candidate.floor, dx, dy));
  const auto mine = static_cast<double>(candidate.floor_count);
  const double floors = common / (mine + static_cast<double>(home.floor_count) - common);
  if (floors < 0.35) return 0.4 * floors;
  const auto precise = static_cast<double>(home.rim_wide.CountCommon(candidate.rim, dx, dy)) /
                       static_cast<double>(candidate.rim_count);
  const auto recalled = static_cast<double>(home.rim.CountCommon(candidate.rim_wide, dx, dy)) /
                        static_cast<double>(home.rim_count);
  return 0.4 * floors +
         0.6 * (precise + recalled > 0 ? 2 * precise * recalled / (precise + recalled) : 0);
}

double BestShift(const Shape& home, const Shape& candidate, int reach, int centre_dx,
                 int centre_dy) {
  double best = -1;
  for (int dy = -reach; dy <= reach; ++dy) {
    for (int dx = -reach; dx <= reach; ++dx) {
      best = std::max(best, Agreement(home, candidate, centre_dx + dx, centre_dy + dy));
    }
  }
  return best;
}

/// The best placement of the candidate in a home, coarse first, then finer around the best.
class Registration {
 public:
  Registration(const Home& home, const Candidate& candidate) : home_(home), candidate_(candidate) {}

  Placement Coarse() {
    Placement best;
    const int reach = std::max(2, static_cast<int>(0.5 / home_.coarse_m));
    for (const double scale : Scales()) {
      for (int turn = 0; turn < 8; ++turn) {
        const bool mirrored = turn >= 4;
        const double own = mirrored ? -candidate_.yaw_rad : candidate_.yaw_rad;
        const double yaw = home_.yaw_rad - own + (turn % 4) * std::numbers::pi / 2;
        const Placement placed = Try(yaw, mirrored, scale, home_.coarse, home_.coarse_m, reach);
        if (placed.score > best.score) best = placed;
      }
    }
    return best;
  }

  /// Around a coarse placement, at half the cell size: ever smaller turns and scales, as long as
  /// they help.
  Placement Fine(const Placement& coarse) {
    if (coarse.score < 0) return coarse;
    const double cell = home_.coarse_m / 2;
    Placement best = Try(coarse.yaw_rad, coarse.mirrored, coarse.scale_m, home_.fine, cell, 4);
    for (const double step : {0.03, 0.015, 0.007}) {
      bool better = true;
      for (int round = 0; better && round < 3; ++round) {
        better = false;
        for (const auto& [turn, stretch] : {std::pair(step, 0.0), std::pair(-step, 0.0),
                                            std::pair(0.0, step), std::pair(0.0, -step)}) {
          const Placement placed = Try(best.yaw_rad + turn, best.mirrored,
                                       best.scale_m * (1 + stretch), home_.fine, cell, 3);
          if (placed.score > best.score) best = placed, better = true;
        }
      }
    }
    return best;
  }

 private:
  std::vector<double> Scales() const {
    const auto count = static_cast<double>(candidate_.cells.size()) * candidate_.weight;
    const double by_area = std::sqrt(home_.area_m2 / count);
    std::vector<double> scales = {by_area, by_area * 1.06};
    for (const double resolution : kResolutions_m) {
      const double ratio = resolution / by_area;
      if (ratio > kScaleRatioMin && ratio < 1.2 && std::abs(ratio - 1) > 0.015)
        scales.push_back(resolution);
    }
    return scales;
  }

  Placement Try(double yaw, bool mirrored, double scale, const Shape& home, double cell,
                int reach) {
    const double spread = scale * std::sqrt(candidate_.weight);
    const Shape shape = Rasterise(Transform(candidate_, yaw, mirrored, scale), cell, spread);
    Placement placed{-1, yaw, scale, mirrored};
    if (shape.floor_count < 30 || shape.rim_count == 0 || shape.x_max < 0) return placed;
    const int centre_dx = (home.x_min + home.x_max - shape.x_min - shape.x_max) / 2;
    const int centre_dy = (home.y_min + home.y_max - shape.y_min - shape.y_max) / 2;
    placed.score = BestShift(home, shape, reach, centre_dx, centre_dy);
    return placed;
  }

  const Home& home_;
  const Candidate& candidate_;
};

}  // namespace

struct HomeMatcher::State {
  Home home;
  std::vector<Home> others;
  mutable std::map<uint64_t, std::optional<HomeMatch>> known;  ///< By hash of the cells.

  std::optional<HomeMatch> Judge(const Candidate& candidate, bool declared) const;
};

HomeMatcher::HomeMatcher(const FloorPlan& plan, int null_homes)
    : state_(std::make_unique<State>()) {
  state_->home = MakeHome(plan);
  // Unrelated homes of about the same size, so that size alone tells nothing.
  const double side =
      std::clamp(std::sqrt(std::max(state_->home.area_m2, 4.0) / 0.75) * 1.1, 4.0, 40.0);
  for (int i = 0; i < null_homes; ++i) {
    GenerateOptions options;
    options.length_m_min = side * 0.8;
    options.length_m_max = side * 1.25;
    state_->others.push_back(
        MakeHome(GeneratePlan(0x9d5f'0000u + static_cast<uint64_t>(i), options)));
  }
}

HomeMatcher::~HomeMatcher() = default;

std::optional<HomeMatch> HomeMatcher::State::Judge(const Candidate& candidate,
                                                   bool declared) const {
  if (home.floor.empty() || others.size() < 5) return std::nullopt;
  Registration mine(home, candidate);
  const Placement coarse = mine.Coarse();
  if (coarse.score < kScorePromising) return std::nullopt;
  const Placement placed = mine.Fine(coarse);
  if (placed.score < (declared ? kScoreMinDeclared : kScoreMin)) return std::nullopt;
  double sum = 0, squares = 0, n = 0, best_other = 0;
  for (const Home& other : others) {
    Registration theirs(other, candidate);
    const double score = theirs.Fine(theirs.Coarse()).score;
    if (score >= placed.score)
      return std::nullopt;  // One stranger's home that fits as well is enough.
    sum += score, squares += score * score, n += 1, best_other = std::max(best_other, score);
  }
  const double mean = sum / n, spread = std::sqrt(std::max(0.0, squares / n - mean * mean));
  HomeMatch match;
  match.score = placed.score;
  match.z = (placed.score - mean) / std::max(spread, 0.02);
  match.p_value = 1 / (n + 1);
  const bool far_above = match.z >= (declared ? kZMinDeclared : kZMin);
  const bool near_perfect =
      placed.score >= kScoreNearPerfect && placed.score - best_other >= kGapMin;
  if (!far_above && !near_perfect) return std::nullopt;
  return match;
}

std::optional<HomeMatch> HomeMatcher::MatchGrid(std::span<const std::byte> cells, size_t width,
                                                bool declared) const {
  if (width < 8 || cells.size() < width * 8) return std::nullopt;
  Hasher hasher;
  hasher.AddBytes(cells);
  hasher.Add(width);
  hasher.Add(declared);
  const uint64_t key = hasher.Digest();
  if (const auto known = state_->known.find(key); known != state_->known.end())
    return known->second;

  std::optional<HomeMatch> best;
  const size_t height = cells.size() / width;
  for (const std::vector<uint8_t>& mask : FloorGuesses(cells.first(width * height), width)) {
    Candidate candidate;
    for (size_t y = 0; y < height; ++y) {
      for (size_t x = 0; x < width; ++x) {
        if (mask[y * width + x] != 0)
          candidate.cells.emplace_back(static_cast<double>(x) + 0.5, static_cast<double>(y) + 0.5);
      }
    }
    if (candidate.cells.size() < kFreeCellsMin) continue;
    if (candidate.cells.size() > kCandidateCells) {
      // Every n-th, along a step that shares no factor with rows.
      const size_t keep = candidate.cells.size() / kCandidateCells + 1;
      std::vector<Vec2> thin;
      for (size_t i = 0; i < candidate.cells.size(); i += keep) thin.push_back(candidate.cells[i]);
      candidate.cells = std::move(thin);
      candidate.weight = static_cast<double>(keep);
    }
    candidate.yaw_rad =
        MainDirection(static_cast<int>(width), static_cast<int>(height), [&](int x, int y) {
          return mask[static_cast<size_t>(y) * width + static_cast<size_t>(x)] != 0 ? 1.0 : 0.0;
        });
    auto match = state_->Judge(candidate, declared);
    if (match && (!best || match->score > best->score)) best = std::move(match);
    if (best) break;
  }
  if (best)
    best->form = "grid of " + std::to_string(width) + " x " + std::to_string(height) + " cells",
    best->range = {0, cells.size()};
  state_->known[key] = best;
  return best;
}

std::optional<HomeMatch> HomeMatcher::MatchBytes(std::span<const std::byte> bytes,
                                                 bool declared) const {
  std::optional<HomeMatch> best;
  for (const GridGuess& guess : GuessGrids(bytes)) {
    auto match = MatchGrid(guess.cells, guess.width, declared);
    if (!match || (best && best->score >= match->score)) continue;
    best = std::move(match);
    best->form += guess.form.empty() ? "" : ", " + guess.form;
    best->range = guess.range;
  }
  return best;
}

}  // namespace dustproof::internal
