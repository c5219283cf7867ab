#include "hil/audit/internal/path_match.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <complex>
#include <cstring>

namespace dustproof::internal {

namespace {

using Complex = std::complex<double>;

constexpr size_t kPointsMin = 20;
constexpr double kStepMin_m = 0.02;       // The true way is thinned to this.
constexpr double kLengthMin_m = 12;       // Shorter pieces of lanes look alike in any home.
constexpr double kWindow_m = 14;          // Of the way, for the first fit.
constexpr size_t kSamples = 28;
constexpr double kOffsetStep_m = 0.15;
constexpr double kWindowRms_m = 0.14;
constexpr double kNear_m = 0.25;          // A point this near the true way is on it.
constexpr double kNearShare = 0.85;
constexpr double kSpreadMin_m = 0.25;     // Across its main direction: a straight line fits anywhere.
constexpr size_t kPointsMax = 20000;

struct Track {
  std::vector<Complex> points;
  std::vector<double> length;   ///< Up to each point.
  double total() const { return length.empty() ? 0 : length.back(); }
};

Track MakeTrack(const std::vector<double>& x, const std::vector<double>& y) {
  Track track;
  const size_t count = std::min({x.size(), y.size(), kPointsMax});
  for (size_t i = 0; i < count; ++i) {
    const Complex p(x[i], y[i]);
    if (!track.points.empty() && p == track.points.back()) continue;
    track.length.push_back(track.points.empty() ? 0 : track.length.back() + std::abs(p - track.points.back()));
    track.points.push_back(p);
  }
  return track;
}

Complex PointAt(const Track& track, double s) {
  const auto after = std::upper_bound(track.length.begin(), track.length.end(), s);
  if (after == track.length.begin()) return track.points.front();
  if (after == track.length.end()) return track.points.back();
  const auto i = static_cast<size_t>(after - track.length.begin());
  const double share = (s - track.length[i - 1]) / (track.length[i] - track.length[i - 1]);
  return track.points[i - 1] + share * (track.points[i] - track.points[i - 1]);
}

/// Spread across the main direction.
double MinorSpread(const std::vector<Complex>& points) {
  Complex mean = 0;
  for (const Complex& p : points) mean += p;
  mean /= static_cast<double>(points.size());
  double xx = 0, yy = 0, xy = 0;
  for (const Complex& p : points) {
    const Complex d = p - mean;
    xx += d.real() * d.real(), yy += d.imag() * d.imag(), xy += d.real() * d.imag();
  }
  const double n = static_cast<double>(points.size());
  const double half = (xx + yy) / 2, apart = std::sqrt((xx - yy) * (xx - yy) / 4 + xy * xy);
  return std::sqrt(std::max(0.0, half - apart) / n);
}

/// Similarity q = a p + b (or of p mirrored) of least squares.
struct Fit {
  Complex a, b;
  bool mirrored = false;
  double rms = 1e9;
  Complex Map(const Complex& p) const { return a * (mirrored ? std::conj(p) : p) + b; }
};

Fit FitSimilarity(const std::vector<Complex>& p, const std::vector<Complex>& q) {
  const double n = static_cast<double>(p.size());
  Complex mean_p = 0, mean_q = 0;
  for (size_t i = 0; i < p.size(); ++i) mean_p += p[i], mean_q += q[i];
  mean_p /= n, mean_q /= n;
  Complex straight = 0, mirrored = 0;
  double pp = 0, qq = 0;
  for (size_t i = 0; i < p.size(); ++i) {
    const Complex dp = p[i] - mean_p, dq = q[i] - mean_q;
    straight += std::conj(dp) * dq;
    mirrored += dp * dq;
    pp += std::norm(dp), qq += std::norm(dq);
  }
  Fit fit;
  if (pp <= 0) return fit;
  fit.mirrored = std::norm(mirrored) > std::norm(straight);
  const Complex best = fit.mirrored ? mirrored : straight;
  fit.a = best / pp;
  fit.b = mean_q - fit.a * (fit.mirrored ? std::conj(mean_p) : mean_p);
  fit.rms = std::sqrt(std::max(0.0, qq - std::norm(best) / pp) / n);
  return fit;
}

/// Cells near the way, for a quick distance test.
class NearGrid {
 public:
  explicit NearGrid(const Track& way) {
    for (const Complex& p : way.points) low_ = {std::min(low_.real(), p.real()), std::min(low_.imag(), p.imag())}, high_ = {std::max(high_.real(), p.real()), std::max(high_.imag(), p.imag())};
    width_ = static_cast<int>((high_.real() - low_.real()) / kCell) + 12;
    height_ = static_cast<int>((high_.imag() - low_.imag()) / kCell) + 12;
    if (static_cast<int64_t>(width_) * height_ > 4'000'000) width_ = height_ = 0;
    near_.assign(static_cast<size_t>(width_) * static_cast<size_t>(height_), 0);
    const int reach = static_cast<int>(kNear_m / kCell);
    for (const Complex& p : way.points) {
      const int cx = CellX(p), cy = CellY(p);
      for (int dy = -reach; dy <= reach; ++dy) {
        for (int dx = -reach; dx <= reach; ++dx) {
          if (dx * dx + dy * dy <= reach * reach && Has(cx + dx, cy + dy)) near_[Index(cx + dx, cy + dy)] = 1;
        }
      }
    }
  }
  bool IsNear(const Complex& p) const {
    const int x = CellX(p), y = CellY(p);
    return Has(x, y) && near_[Index(x, y)] != 0;
  }

 private:
  static constexpr double kCell = 0.05;
  int CellX(const Complex& p) const { return static_cast<int>(std::clamp((p.real() - low_.real()) / kCell, -1e6, 1e6)) + 6; }
  int CellY(const Complex& p) const { return static_cast<int>(std::clamp((p.imag() - low_.imag()) / kCell, -1e6, 1e6)) + 6; }
  bool Has(int x, int y) const { return x >= 0 && y >= 0 && x < width_ && y < height_; }
  size_t Index(int x, int y) const { return static_cast<size_t>(y) * static_cast<size_t>(width_) + static_cast<size_t>(x); }
  Complex low_{1e9, 1e9}, high_{-1e9, -1e9};
  int width_ = 0, height_ = 0;
  std::vector<uint8_t> near_;
};

}  // namespace

struct PathMatcher::State {
  Track way;
  std::optional<NearGrid> near;

  std::optional<PathMatch> Match(const std::vector<double>& x, const std::vector<double>& y) const;
  std::optional<PathMatch> MatchAtScale(const Track& track, double scale) const;
};

PathMatcher::PathMatcher(const std::vector<PoseSample>& poses) : state_(std::make_unique<State>()) {
  std::vector<double> x, y;
  for (const PoseSample& pose : poses) {
    const bool moved = x.empty() || std::hypot(pose.pose.x - x.back(), pose.pose.y - y.back()) >= kStepMin_m;
    if (moved) x.push_back(pose.pose.x), y.push_back(pose.pose.y);
  }
  const size_t step = std::max<size_t>(1, x.size() / kPointsMax + 1);
  std::vector<double> thin_x, thin_y;
  for (size_t i = 0; i < x.size(); i += step) thin_x.push_back(x[i]), thin_y.push_back(y[i]);
  state_->way = MakeTrack(thin_x, thin_y);
  if (state_->way.total() >= kLengthMin_m) state_->near.emplace(state_->way);
}

PathMatcher::~PathMatcher() = default;

std::optional<PathMatch> PathMatcher::State::MatchAtScale(const Track& track, double scale) const {
  const double length = track.total() * scale;
  if (!near || length < kLengthMin_m || length > way.total() * 1.15) return std::nullopt;
  const double window = std::min(kWindow_m, length);
  std::vector<Complex> p(kSamples), q(kSamples);
  // A measured way is a little longer than the true one, for its noise.
  for (const double stretch : {1.0, 0.97, 1.03, 0.94, 1.06}) {
    for (size_t i = 0; i < kSamples; ++i) {
      p[i] = PointAt(track, window / scale * static_cast<double>(i) / (kSamples - 1));
    }
    const double true_window = window * stretch;
    for (double offset = 0; offset + true_window <= way.total(); offset += kOffsetStep_m) {
      for (size_t i = 0; i < kSamples; ++i) q[i] = PointAt(way, offset + true_window * static_cast<double>(i) / (kSamples - 1));
      const Fit fit = FitSimilarity(p, q);
      if (fit.rms > kWindowRms_m || std::abs(std::abs(fit.a) / scale - 1) > 0.12 || MinorSpread(q) < kSpreadMin_m) continue;
      size_t on_way = 0;
      for (const Complex& point : track.points) on_way += near->IsNear(fit.Map(point)) ? 1 : 0;
      if (static_cast<double>(on_way) < kNearShare * static_cast<double>(track.points.size())) continue;
      return PathMatch{fit.rms, length, track.points.size(), "", {}};
    }
  }
  return std::nullopt;
}

std::optional<PathMatch> PathMatcher::State::Match(const std::vector<double>& x, const std::vector<double>& y) const {
  if (!near || x.size() < kPointsMin) return std::nullopt;
  const Track track = MakeTrack(x, y);
  if (track.points.size() < kPointsMin || !std::isfinite(track.total()) || track.total() <= 0) return std::nullopt;
  // The usual units, and the scale at which the whole way was sent.
  for (const double scale : {0.001, 1.0, 0.01, 0.05, 0.025, 0.1, 0.02, 0.005, way.total() / track.total()}) {
    if (auto match = MatchAtScale(track, scale)) return match;
  }
  return std::nullopt;
}

std::optional<PathMatch> PathMatcher::MatchPoints(const std::vector<double>& x, const std::vector<double>& y) const {
  return state_->Match(x, y);
}

std::optional<PathMatch> PathMatcher::MatchPairs(const std::vector<double>& values) const {
  if (!state_->near || values.size() < 2 * kPointsMin) return std::nullopt;
  for (const size_t stride : {size_t{2}, size_t{3}, size_t{4}}) {
    for (size_t phase = 0; phase + 1 < stride; ++phase) {
      std::vector<double> x, y, sum_x, sum_y;
      double at_x = 0, at_y = 0;
      for (size_t i = phase; i + 1 < values.size(); i += stride) {
        x.push_back(values[i]), y.push_back(values[i + 1]);
        at_x += values[i], at_y += values[i + 1];
        sum_x.push_back(at_x), sum_y.push_back(at_y);
      }
      if (auto match = state_->Match(x, y)) {
        match->form = "pairs";
        return match;
      }
      if (auto match = state_->Match(sum_x, sum_y)) {
        match->form = "steps";
        return match;
      }
    }
  }
  return std::nullopt;
}

namespace {

enum class NumberType { kInt8, kInt16, kInt16Big, kInt32, kFloat, kFloatBig };
struct NumberTypeInfo {
  NumberType type;
  const char* name;
  size_t bytes;
};
constexpr NumberTypeInfo kTypes[] = {{NumberType::kInt16, "int16 little-endian", 2}, {NumberType::kInt16Big, "int16 big-endian", 2},
                                     {NumberType::kInt32, "int32 little-endian", 4}, {NumberType::kFloat, "float little-endian", 4},
                                     {NumberType::kFloatBig, "float big-endian", 4}, {NumberType::kInt8, "int8", 1}};

double Read(NumberType type, std::span<const std::byte> bytes, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<uint32_t>(bytes[at + i]); };
  switch (type) {
    case NumberType::kInt8: return static_cast<int8_t>(byte(0));
    case NumberType::kInt16: return static_cast<int16_t>(byte(0) | byte(1) << 8);
    case NumberType::kInt16Big: return static_cast<int16_t>(byte(1) | byte(0) << 8);
    case NumberType::kInt32: return static_cast<int32_t>(byte(0) | byte(1) << 8 | byte(2) << 16 | byte(3) << 24);
    case NumberType::kFloat: return static_cast<double>(std::bit_cast<float>(byte(0) | byte(1) << 8 | byte(2) << 16 | byte(3) << 24));
    case NumberType::kFloatBig: return static_cast<double>(std::bit_cast<float>(byte(3) | byte(2) << 8 | byte(1) << 16 | byte(0) << 24));
  }
  return 0;
}

bool IsFloat(NumberType type) { return type == NumberType::kFloat || type == NumberType::kFloatBig; }

/// Longest step between neighbours that a path may have, in the type's likely units (mm, cells, m).
double StepMax(NumberType type) { return IsFloat(type) ? 3.0 : type == NumberType::kInt8 ? 127 : 1600; }

}  // namespace

std::optional<PathMatch> PathMatcher::MatchBytes(std::span<const std::byte> bytes) const {
  constexpr int kCandidatesMax = 48;
  if (!state_->near || bytes.size() < 2 * kPointsMin) return std::nullopt;
  int candidates = 0;
  for (const NumberTypeInfo& info : kTypes) {
    const size_t pair = 2 * info.bytes;
    for (size_t phase = 0; phase < pair; ++phase) {
      for (const bool steps : {false, true}) {
        if (info.type == NumberType::kInt8 && !steps) continue;
        // Runs of points that could be a path: no wild number, no leap.
        std::vector<double> x, y;
        size_t begin = phase;
        double at_x = 0, at_y = 0;
        for (size_t at = phase;; at += pair) {
          bool fits = at + pair <= bytes.size();
          double vx = 0, vy = 0;
          if (fits) {
            vx = Read(info.type, bytes, at), vy = Read(info.type, bytes, at + info.bytes);
            const double leap = steps || x.empty() ? 0.0 : std::hypot(vx - x.back(), vy - y.back());
            const double size = steps ? std::hypot(vx, vy) : 0.0;
            fits = std::isfinite(vx) && std::isfinite(vy) && std::abs(vx) < 1e5 && std::abs(vy) < 1e5 &&
                   leap <= StepMax(info.type) && size <= StepMax(info.type);
            if (fits && steps && IsFloat(info.type) && vx != 0 && std::abs(vx) < 1e-6) fits = false;
          }
          if (fits) {
            at_x += vx, at_y += vy;
            x.push_back(steps ? at_x : vx), y.push_back(steps ? at_y : vy);
            continue;
          }
          if (x.size() >= kPointsMin && candidates < kCandidatesMax) {
            ++candidates;
            if (auto match = state_->Match(x, y)) {
              match->form = std::string(info.name) + (steps ? " steps" : " points");
              match->range = {begin, std::min(at, bytes.size())};
              return match;
            }
          }
          if (at + pair > bytes.size()) break;
          x.clear(), y.clear();
          at_x = at_y = 0;
          begin = at + pair;
        }
      }
    }
  }
  return std::nullopt;
}

}  // namespace dustproof::internal
