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
constexpr size_t kSideMax = 128;              // Cells of a coarse raster, each way.
constexpr double kCoarse_m = 0.2;
constexpr size_t kFreeCellsMin = 150;         // Of a candidate: less shows no home.
constexpr double kScoreMin = 0.55, kScoreMinDeclared = 0.45;
constexpr double kZMin = 4.0, kZMinDeclared = 1.5;
constexpr double kScorePromising = 0.42;      // Coarse; below it the other homes aren't asked.
constexpr double kResolutions_m[] = {0.05, 0.025, 0.1, 0.02, 0.03, 0.04, 0.2};

/// Cells as bits, row by row.
class Mask {
 public:
  Mask() = default;
  Mask(int width, int height) : width_(width), height_(height), words_((width + 63) / 64), bits_(static_cast<size_t>(words_) * static_cast<size_t>(height), 0) {}
  int width() const { return width_; }
  int height() const { return height_; }
  bool Get(int x, int y) const {
    return x >= 0 && y >= 0 && x < width_ && y < height_ && (bits_[Word(x, y)] >> (x & 63) & 1) != 0;
  }
  void Set(int x, int y) {
    if (x >= 0 && y >= 0 && x < width_ && y < height_) bits_[Word(x, y)] |= uint64_t{1} << (x & 63);
  }
  size_t Count() const {
    size_t count = 0;
    for (const uint64_t word : bits_) count += static_cast<size_t>(__builtin_popcountll(word));
    return count;
  }
  /// Cells set here and, shifted by (dx, dy), in `other`.
  size_t CountCommon(const Mask& other, int dx, int dy) const {
    size_t count = 0;
    for (int y = std::max(0, dy); y < std::min(height_, other.height_ + dy); ++y) {
      for (int w = 0; w < words_; ++w) {
        const uint64_t mine = bits_[static_cast<size_t>(y) * static_cast<size_t>(words_) + static_cast<size_t>(w)];
        if (mine != 0) count += static_cast<size_t>(__builtin_popcountll(mine & other.Shifted(w * 64 - dx, y - dy)));
      }
    }
    return count;
  }

 private:
  size_t Word(int x, int y) const { return static_cast<size_t>(y) * static_cast<size_t>(words_) + static_cast<size_t>(x >> 6); }
  /// 64 cells of row y from x on.
  uint64_t Shifted(int x, int y) const {
    const int word = x >= 0 ? x >> 6 : -((63 - x) >> 6);
    const int bit = x - word * 64;
    const uint64_t low = At(word, y) >> bit;
    return bit == 0 ? low : low | At(word + 1, y) << (64 - bit);
  }
  uint64_t At(int word, int y) const {
    return word >= 0 && word < words_ ? bits_[static_cast<size_t>(y) * static_cast<size_t>(words_) + static_cast<size_t>(word)] : 0;
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
        x_min = std::min(x_min, x), x_max = std::max(x_max, x), y_min = std::min(y_min, y), y_max = std::max(y_max, y);
        const bool inside = floor.Get(x - 1, y) && floor.Get(x + 1, y) && floor.Get(x, y - 1) && floor.Get(x, y + 1);
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
  std::vector<Vec2> floor;       ///< Centres of its free cells.
  double cell_m = 0.05;
  double area_m2 = 0;
  double yaw_rad = 0;            ///< Of its walls, modulo a quarter turn.
  Shape coarse;
  double coarse_m = kCoarse_m;
};

double Fold(double yaw) {
  const double quarter = std::numbers::pi / 2;
  yaw = std::fmod(yaw, quarter);
  return yaw < 0 ? yaw + quarter : yaw;
}

/// Main direction of a mask's rim, modulo a quarter turn: of its gradients, each weighed by its size.
template <typename F>
double MainDirection(int width, int height, F is_free) {
  double c = 0, s = 0;
  for (int y = 2; y + 2 < height; ++y) {
    for (int x = 2; x + 2 < width; ++x) {
      double gx = 0, gy = 0;
      for (int d = -2; d <= 2; ++d) {
        gx += is_free(x + 1, y + d) + is_free(x + 2, y + d) - is_free(x - 1, y + d) - is_free(x - 2, y + d);
        gy += is_free(x + d, y + 1) + is_free(x + d, y + 2) - is_free(x + d, y - 1) - is_free(x + d, y - 2);
      }
      const double weight = gx * gx + gy * gy;
      if (weight < 9) continue;
      const double angle = 4 * std::atan2(gy, gx);
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
    const auto x = static_cast<int>((p.x() - low.x()) / cell_m) + 1, y = static_cast<int>((p.y() - low.y()) / cell_m) + 1;
    uint16_t& hit = hits[static_cast<size_t>(std::clamp(y, 0, height - 1)) * static_cast<size_t>(width) + static_cast<size_t>(std::clamp(x, 0, width - 1))];
    if (hit < UINT16_MAX) ++hit;
  }
  const double per_cell = std::max(1.0, cell_m * cell_m / (spread_m * spread_m));
  const auto needed = static_cast<uint16_t>(std::max(1.0, per_cell / 2));
  Shape shape;
  shape.floor = Mask(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      if (hits[static_cast<size_t>(y) * static_cast<size_t>(width) + static_cast<size_t>(x)] >= needed) shape.floor.Set(x, y);
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
    ForEachCellInside(room.polygon, blocked, [&](int x, int y) { free[blocked.Index(x, y)] = blocked.At(x, y) == 0 ? 1 : 0; });
  }
  for (int y = 0; y < blocked.height; ++y) {
    for (int x = 0; x < blocked.width; ++x) {
      if (free[blocked.Index(x, y)] != 0) home.floor.push_back(blocked.CenterOf(x, y));
    }
  }
  home.area_m2 = static_cast<double>(home.floor.size()) * home.cell_m * home.cell_m;
  home.yaw_rad = Fold(MainDirection(blocked.width, blocked.height, [&](int x, int y) { return free[blocked.Index(x, y)] != 0 ? 1.0 : 0.0; }) +
                      blocked.X_WG.yaw);
  home.coarse = Rasterise(home.floor, home.coarse_m, home.cell_m);
  return home;
}

/// A candidate's free cells in its own cells, x right, y up.
struct Candidate {
  std::vector<Vec2> cells;
  double yaw_rad = 0;
  double width = 0, height = 0;
};

struct Placement {
  double score = -1;
  double yaw_rad = 0, scale_m = 0;
  bool mirrored = false;
  bool partial = false;
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

/// Agreement of two shapes with `candidate` shifted by (dx, dy) cells: common floor over all floor, and rims that lie on rims.
/// For a part of a home only what the candidate shows must agree.
double Agreement(const Shape& home, const Shape& candidate, int dx, int dy, bool partial) {
  const auto common = static_cast<double>(home.floor.CountCommon(candidate.floor, dx, dy));
  const auto precise = static_cast<double>(home.rim_wide.CountCommon(candidate.rim, dx, dy)) / static_cast<double>(candidate.rim_count);
  const auto mine = static_cast<double>(candidate.floor_count);
  if (partial) return 0.4 * common / mine + 0.6 * precise;
  const auto recalled = static_cast<double>(home.rim.CountCommon(candidate.rim_wide, dx, dy)) / static_cast<double>(home.rim_count);
  const double rims = precise + recalled > 0 ? 2 * precise * recalled / (precise + recalled) : 0;
  return 0.4 * common / (mine + static_cast<double>(home.floor_count) - common) + 0.6 * rims;
}

double BestShift(const Shape& home, const Shape& candidate, bool partial, int reach, int centre_dx, int centre_dy) {
  double best = -1;
  for (int dy = -reach; dy <= reach; ++dy) {
    for (int dx = -reach; dx <= reach; ++dx) {
      const double score = Agreement(home, candidate, centre_dx + dx, centre_dy + dy, partial);
      best = std::max(best, score);
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
    for (const double scale : Scales()) {
      for (int turn = 0; turn < 8; ++turn) {
        const bool mirrored = turn >= 4;
        const double own = mirrored ? -candidate_.yaw_rad : candidate_.yaw_rad;
        const double yaw = home_.yaw_rad - own + (turn % 4) * std::numbers::pi / 2;
        const Placement placed = Try(yaw, mirrored, scale, home_.coarse, home_.coarse_m);
        if (placed.score > best.score) best = placed;
      }
    }
    return best;
  }

  /// Around a coarse placement, at half the cell size: small turns and scales.
  Placement Fine(const Placement& coarse) {
    Placement best;
    if (coarse.score < 0) return best;
    const double cell = home_.coarse_m / 2;
    const Shape home = Rasterise(home_.floor, cell, home_.cell_m);
    for (const double turn : {0.0, -0.02, 0.02, -0.045, 0.045}) {
      for (const double stretch : {1.0, 0.985, 1.015, 0.97, 1.03}) {
        const Placement placed = Try(coarse.yaw_rad + turn, coarse.mirrored, coarse.scale_m * stretch, home, cell);
        if (placed.score > best.score) best = placed;
      }
    }
    return best;
  }

 private:
  std::vector<double> Scales() const {
    const auto count = static_cast<double>(candidate_.cells.size());
    const double by_area = std::sqrt(home_.area_m2 / count);
    std::vector<double> scales = {by_area};
    for (const double resolution : kResolutions_m) {
      const double share = count * resolution * resolution / home_.area_m2;
      if (share > 0.12 && share < 1.5 && std::abs(resolution / by_area - 1) > 0.02) scales.push_back(resolution);
    }
    return scales;
  }

  Placement Try(double yaw, bool mirrored, double scale, const Shape& home, double cell) {
    const Shape shape = Rasterise(Transform(candidate_, yaw, mirrored, scale), cell, scale);
    Placement placed{-1, yaw, scale, mirrored, false};
    if (shape.floor_count < 30 || shape.rim_count == 0 || shape.x_max < 0) return placed;
    const double share = static_cast<double>(shape.floor_count) / static_cast<double>(home.floor_count);
    if (share > 1.7) return placed;
    const int centre_dx = (home.x_min + home.x_max - shape.x_min - shape.x_max) / 2;
    const int centre_dy = (home.y_min + home.y_max - shape.y_min - shape.y_max) / 2;
    const int reach = std::max(3, static_cast<int>(0.6 / cell));
    placed.score = BestShift(home, shape, false, reach, centre_dx, centre_dy);
    if (share < 0.75) {
      // A part of the home may lie anywhere in it.
      const int slack_x = std::max(0, (home.x_max - home.x_min) - (shape.x_max - shape.x_min)) / 2 + 2;
      const int slack_y = std::max(0, (home.y_max - home.y_min) - (shape.y_max - shape.y_min)) / 2 + 2;
      double part = -1;
      for (int dy = -slack_y; dy <= slack_y; ++dy) {
        for (int dx = -slack_x; dx <= slack_x; ++dx) {
          part = std::max(part, Agreement(home, shape, centre_dx + dx, centre_dy + dy, true));
        }
      }
      // What is left out costs: a tenth of the home agrees with anything.
      part *= 0.55 + 0.45 * std::min(1.0, share / 0.75);
      if (part > placed.score) placed.score = part, placed.partial = true;
    }
    return placed;
  }

  const Home& home_;
  const Candidate& candidate_;
};

}  // namespace

struct HomeMatcher::State {
  Home home;
  std::vector<Home> others;
  mutable std::map<uint64_t, std::optional<HomeMatch>> known;   ///< By hash of the cells.

  std::optional<HomeMatch> Judge(const Candidate& candidate, bool declared) const;
};

HomeMatcher::HomeMatcher(const FloorPlan& plan, int null_homes) : state_(std::make_unique<State>()) {
  state_->home = MakeHome(plan);
  // Unrelated homes of about the same size, so that size alone tells nothing.
  const double side = std::clamp(std::sqrt(std::max(state_->home.area_m2, 4.0) / 0.75) * 1.1, 4.0, 40.0);
  for (int i = 0; i < null_homes; ++i) {
    GenerateOptions options;
    options.length_m_min = side * 0.8;
    options.length_m_max = side * 1.25;
    state_->others.push_back(MakeHome(GeneratePlan(0x9d5f'0000u + static_cast<uint64_t>(i), options)));
  }
}

HomeMatcher::~HomeMatcher() = default;

std::optional<HomeMatch> HomeMatcher::State::Judge(const Candidate& candidate, bool declared) const {
  if (home.floor.empty() || others.size() < 5) return std::nullopt;
  Registration mine(home, candidate);
  const Placement coarse = mine.Coarse();
  if (coarse.score < kScorePromising) return std::nullopt;
  const Placement placed = mine.Fine(coarse);
  if (placed.score < (declared ? kScoreMinDeclared : kScoreMin)) return std::nullopt;
  double sum = 0, squares = 0;
  int as_good = 0;
  for (const Home& other : others) {
    Registration theirs(other, candidate);
    const double score = theirs.Fine(theirs.Coarse()).score;
    sum += score, squares += score * score;
    as_good += score >= placed.score ? 1 : 0;
  }
  const double n = static_cast<double>(others.size());
  const double mean = sum / n, spread = std::sqrt(std::max(1e-6, squares / n - mean * mean));
  HomeMatch match;
  match.score = placed.score;
  match.z = (placed.score - mean) / std::max(spread, 0.01);
  match.p_value = (1 + as_good) / (n + 1);
  if (as_good > 0 || match.z < (declared ? kZMinDeclared : kZMin)) return std::nullopt;
  return match;
}

std::optional<HomeMatch> HomeMatcher::MatchGrid(std::span<const std::byte> cells, size_t width, bool declared) const {
  if (width < 8 || cells.size() < width * 8) return std::nullopt;
  Hasher hasher;
  hasher.AddBytes(cells);
  hasher.Add(width);
  hasher.Add(declared);
  const uint64_t key = hasher.Digest();
  if (const auto known = state_->known.find(key); known != state_->known.end()) return known->second;

  std::optional<HomeMatch> best;
  const size_t height = cells.size() / width;
  for (const std::vector<uint8_t>& mask : FloorGuesses(cells.first(width * height), width)) {
    Candidate candidate;
    candidate.width = static_cast<double>(width), candidate.height = static_cast<double>(height);
    for (size_t y = 0; y < height; ++y) {
      for (size_t x = 0; x < width; ++x) {
        if (mask[y * width + x] != 0) candidate.cells.emplace_back(static_cast<double>(x) + 0.5, static_cast<double>(y) + 0.5);
      }
    }
    if (candidate.cells.size() < kFreeCellsMin) continue;
    candidate.yaw_rad = MainDirection(static_cast<int>(width), static_cast<int>(height), [&](int x, int y) {
      return mask[static_cast<size_t>(y) * width + static_cast<size_t>(x)] != 0 ? 1.0 : 0.0;
    });
    auto match = state_->Judge(candidate, declared);
    if (match && (!best || match->score > best->score)) best = std::move(match);
  }
  if (best) best->form = "grid of " + std::to_string(width) + " x " + std::to_string(height) + " cells", best->range = {0, cells.size()};
  state_->known[key] = best;
  return best;
}

std::optional<HomeMatch> HomeMatcher::MatchBytes(std::span<const std::byte> bytes, bool declared) const {
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
