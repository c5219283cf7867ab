#include "hil/audit/internal/path_match.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <complex>
#include <cstring>
#include <map>

namespace dustproof::internal {

namespace {

using Complex = std::complex<double>;

constexpr size_t kPointsMin = 20;
constexpr double kStepMin_m =
    0.1;  // The true way is thinned to this, as a product thins its own: wiggles add length.
constexpr double kWayStep_m = 0.05;  // And laid out in steps of this.
constexpr double kWindow_m = 12;     // Of the way, for the first fit. Shorter pieces of lanes look
                                     // alike in any home.
constexpr size_t kSamples = 29;
constexpr double kWindowRms_m = 0.14;
constexpr double kScaleTolerance = 0.03;
constexpr double kSpreadMin_m = 0.12;  // Across its main direction: a straight line fits anywhere.
constexpr double kShapeSpread_m = 0.35;  // Of a short way that must be telling by its shape alone.
constexpr double kNear_m = 0.22;         // A point this near the true way, in order, is on it.
constexpr double kLostMax_m = 0.45;
constexpr double kFollowedMin_m = 25;
constexpr double kFollowedShare = 0.8;   // Of what comes after the first fit…
constexpr double kFollowedOfAll = 0.45;  // …and of the whole.
constexpr size_t kRunLengthsMin = 4;
constexpr int kTrackingsMax = 150;  // For each scale and start.
constexpr size_t kPointsMax = 20000;
constexpr size_t kWindowStep = 2;  // Of the way, between the windows that are tried.
constexpr double kSpanTolerance_m = 0.5;
// A product's own thinning shortens the way.
constexpr double kStretches[] = {1.0, 0.975, 1.025, 0.95, 1.05};

struct Track {
  std::vector<Complex> points;
  std::vector<double> length;  ///< Up to each point.
  double total() const { return length.empty() ? 0 : length.back(); }
};

/// Without `hypot`'s care for numbers that overflow.
double Length(const Complex& c) { return std::sqrt(std::norm(c)); }

Track MakeTrack(const std::vector<double>& x, const std::vector<double>& y) {
  Track track;
  const size_t count = std::min({x.size(), y.size(), kPointsMax});
  for (size_t i = 0; i < count; ++i) {
    const Complex p(x[i], y[i]);
    if (!track.points.empty() && p == track.points.back()) continue;
    track.length.push_back(
        track.points.empty() ? 0 : track.length.back() + Length(p - track.points.back()));
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

/// How many different lengths the straight runs of a track from `from` on have, in metres: lanes of
/// one length fit any room that is as wide, and say nothing about whose it is.
size_t CountRunLengths(const Track& track, double scale, double from) {
  constexpr double kLook_m = 0.3, kRunMin_m = 0.6, kApart_m = 0.4;
  std::vector<double> lengths;
  double run_begin = from;
  Complex heading = 0;
  for (double s = from; s + kLook_m / scale < track.total(); s += kLook_m / scale) {
    const Complex step = PointAt(track, s + kLook_m / scale) - PointAt(track, s);
    if (std::abs(step) == 0) continue;
    const Complex direction = step / std::abs(step);
    const bool turned = heading != Complex(0) && (std::conj(heading) * direction).real() < 0.5;
    if (turned || heading == Complex(0)) {
      const double length = (s - run_begin) * scale;
      const bool known = std::any_of(lengths.begin(), lengths.end(),
                                     [&](double l) { return std::abs(l - length) < kApart_m; });
      if (turned && length >= kRunMin_m && !known) lengths.push_back(length);
      run_begin = s;
      heading = direction;
    }
  }
  return lengths.size();
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

}  // namespace

/// Distances between the ends and the middle of a window: neither turning nor mirroring changes
/// them, so they tell at once where a fit is in vain.
struct Spans {
  double across = 0, first_half = 0, second_half = 0;
  bool Near(const Spans& other) const {
    return std::abs(across - other.across) <= kSpanTolerance_m &&
           std::abs(first_half - other.first_half) <= kSpanTolerance_m &&
           std::abs(second_half - other.second_half) <= kSpanTolerance_m;
  }
};

struct PathMatcher::State {
  std::vector<Complex> way;  ///< Every kWayStep_m.
  /// Windows of kWindow_m along the way at one stretch: by their spans in boxes of the tolerance,
  /// where each begins.
  struct Windows {
    struct Window {
      uint32_t begin;
      Spans spans;
    };
    std::map<std::array<int, 3>, std::vector<Window>> boxes;
  };
  std::array<Windows, std::size(kStretches)> windows;
  double total() const {
    return way.empty() ? 0 : kWayStep_m * static_cast<double>(way.size() - 1);
  }

  std::optional<PathMatch> Match(const std::vector<double>& x, const std::vector<double>& y) const;
  std::optional<PathMatch> MatchAtScale(const Track& track, double scale) const;
  std::optional<PathMatch> MatchWindow(const Track& track, double scale, double start) const;
  double Follow(const Track& track, double scale, double from, const Fit& fit,
                size_t way_index) const;
  Complex WayAt(size_t begin, double step, size_t sample) const {
    return way[begin + static_cast<size_t>(step * static_cast<double>(sample) + 0.5)];
  }
  Spans SpansAt(size_t begin, double step) const;
  void IndexWindows();
  std::vector<uint32_t> WindowsLike(const Spans& spans, size_t stretch) const;
};

PathMatcher::PathMatcher(const std::vector<PoseSample>& poses) : state_(std::make_unique<State>()) {
  std::vector<double> x, y;
  for (const PoseSample& pose : poses) {
    const bool moved =
        x.empty() || std::hypot(pose.pose.x - x.back(), pose.pose.y - y.back()) >= kStepMin_m;
    if (moved) x.push_back(pose.pose.x), y.push_back(pose.pose.y);
  }
  const Track track = MakeTrack(x, y);
  if (track.total() < kWindow_m) return;
  const auto count = static_cast<size_t>(track.total() / kWayStep_m) + 1;
  for (size_t i = 0; i < count; ++i)
    state_->way.push_back(PointAt(track, static_cast<double>(i) * kWayStep_m));
  state_->IndexWindows();
}

PathMatcher::~PathMatcher() = default;

/// How many metres of the track, from `from` on, stay near the way while both go on: a lane that
/// ends elsewhere loses it.
double PathMatcher::State::Follow(const Track& track, double scale, double from, const Fit& fit,
                                  size_t way_index) const {
  const auto begin = static_cast<size_t>(
      std::lower_bound(track.length.begin(), track.length.end(), from) - track.length.begin());
  size_t at = way_index;
  double lost_m = 0, followed_m = 0;
  for (size_t i = begin; i < track.points.size(); ++i) {
    const Complex point = fit.Map(track.points[i]);
    const double step_m = i > begin ? (track.length[i] - track.length[i - 1]) * scale : 0;
    const size_t reach =
        std::min(way.size() - 1, at + static_cast<size_t>((1.3 * step_m + 0.15) / kWayStep_m));
    size_t nearest = at;
    for (size_t k = at; k <= reach; ++k) {
      if (std::norm(way[k] - point) < std::norm(way[nearest] - point)) nearest = k;
    }
    at = nearest;
    lost_m = std::norm(way[at] - point) > kNear_m * kNear_m ? lost_m + step_m : 0;
    followed_m += step_m;
    if (lost_m > kLostMax_m) break;
  }
  followed_m -= lost_m;
  // Both must have gone on alike: a pointer that lags or runs ahead has cut corners.
  const double advance =
      static_cast<double>(at - way_index) * kWayStep_m / std::max(followed_m, 1e-9);
  return advance > 0.85 && advance < 1.15 ? followed_m : 0;
}

namespace {

/// Samples of the way from one to the next of a window of the track.
double WayStepsFor(double window_m, double stretch) {
  return window_m * stretch / kWayStep_m / static_cast<double>(kSamples - 1);
}

std::array<int, 3> BoxOf(const Spans& spans) {
  const auto box = [](double span) { return static_cast<int>(span / kSpanTolerance_m); };
  return {box(spans.across), box(spans.first_half), box(spans.second_half)};
}

}  // namespace

Spans PathMatcher::State::SpansAt(size_t begin, double step) const {
  const Complex first = WayAt(begin, step, 0), middle = WayAt(begin, step, kSamples / 2),
                last = WayAt(begin, step, kSamples - 1);
  return {Length(last - first), Length(middle - first), Length(last - middle)};
}

void PathMatcher::State::IndexWindows() {
  for (size_t i = 0; i < std::size(kStretches); ++i) {
    const double step = WayStepsFor(kWindow_m, kStretches[i]);
    const auto span = static_cast<size_t>(step * static_cast<double>(kSamples - 1) + 0.5);
    for (size_t begin = 0; begin + span < way.size(); begin += kWindowStep) {
      const Spans spans = SpansAt(begin, step);
      windows[i].boxes[BoxOf(spans)].push_back({static_cast<uint32_t>(begin), spans});
    }
  }
}

/// Where windows of the way begin whose spans are near these, in order.
std::vector<uint32_t> PathMatcher::State::WindowsLike(const Spans& spans, size_t stretch) const {
  const std::array<int, 3> box = BoxOf(spans);
  std::vector<uint32_t> found;
  for (int i = 0; i < 27; ++i) {
    const auto entry = windows[stretch].boxes.find(
        {box[0] + i % 3 - 1, box[1] + i / 3 % 3 - 1, box[2] + i / 9 - 1});
    if (entry == windows[stretch].boxes.end()) continue;
    for (const Windows::Window& window : entry->second) {
      if (window.spans.Near(spans)) found.push_back(window.begin);
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

/// From `start` metres of the track on.
std::optional<PathMatch> PathMatcher::State::MatchWindow(const Track& track, double scale,
                                                         double start) const {
  const double length = track.total() * scale;
  std::vector<Complex> p(kSamples), q(kSamples);
  for (size_t i = 0; i < kSamples; ++i)
    p[i] = PointAt(track, (start + kWindow_m * static_cast<double>(i) / (kSamples - 1)) / scale);
  if (MinorSpread(p) * scale < kSpreadMin_m) return std::nullopt;
  const Spans spans{Length(p[kSamples - 1] - p[0]) * scale, Length(p[kSamples / 2] - p[0]) * scale,
                    Length(p[kSamples - 1] - p[kSamples / 2]) * scale};
  int trackings = 0;
  for (size_t stretch = 0; stretch < std::size(kStretches); ++stretch) {
    const double step = WayStepsFor(kWindow_m, kStretches[stretch]);
    for (const uint32_t begin : WindowsLike(spans, stretch)) {
      for (size_t i = 0; i < kSamples; ++i) q[i] = WayAt(begin, step, i);
      const Fit fit = FitSimilarity(p, q);
      if (fit.rms > kWindowRms_m || std::abs(std::abs(fit.a) / scale - 1) > kScaleTolerance)
        continue;
      if (++trackings > kTrackingsMax) return std::nullopt;
      const double followed = Follow(track, scale, start / scale, fit, begin);
      const double wanted = std::max({std::min(kFollowedMin_m, length * 0.95),
                                      kFollowedShare * (length - start), kFollowedOfAll * length});
      const bool telling = length >= kFollowedMin_m
                               ? CountRunLengths(track, scale, start / scale) >= kRunLengthsMin
                               : MinorSpread(q) >= kShapeSpread_m;
      if (followed >= wanted && telling)
        return PathMatch{fit.rms, followed, track.points.size(), "", {}};
    }
  }
  return std::nullopt;
}

std::optional<PathMatch> PathMatcher::State::MatchAtScale(const Track& track, double scale) const {
  const double length = track.total() * scale;
  if (length < kWindow_m || length > total() * 1.15) return std::nullopt;
  for (const double start : {0.0, 2.5, length / 4, length / 2}) {
    if (start > 0 && (start + kWindow_m > length || length < 2 * kWindow_m)) continue;
    if (auto match = MatchWindow(track, scale, start)) return match;
  }
  return std::nullopt;
}

std::optional<PathMatch> PathMatcher::State::Match(const std::vector<double>& x,
                                                   const std::vector<double>& y) const {
  if (way.empty() || x.size() < kPointsMin) return std::nullopt;
  const Track track = MakeTrack(x, y);
  if (track.points.size() < kPointsMin || !std::isfinite(track.total()) || track.total() <= 0)
    return std::nullopt;
  // The usual units: metres down to millimetres, and cells of a map.
  for (const double scale : {0.001, 1.0, 0.01, 0.05, 0.025, 0.1, 0.02, 0.005}) {
    if (auto match = MatchAtScale(track, scale)) return match;
  }
  return std::nullopt;
}

std::optional<PathMatch> PathMatcher::MatchPoints(const std::vector<double>& x,
                                                  const std::vector<double>& y) const {
  return state_->Match(x, y);
}

std::optional<PathMatch> PathMatcher::MatchPairs(const std::vector<double>& values) const {
  if (state_->way.empty() || values.size() < 2 * kPointsMin) return std::nullopt;
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
constexpr NumberTypeInfo kTypes[] = {
    {NumberType::kInt16, "int16 little-endian", 2}, {NumberType::kInt16Big, "int16 big-endian", 2},
    {NumberType::kInt32, "int32 little-endian", 4}, {NumberType::kFloat, "float little-endian", 4},
    {NumberType::kFloatBig, "float big-endian", 4}, {NumberType::kInt8, "int8", 1}};

double Read(NumberType type, std::span<const std::byte> bytes, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<uint32_t>(bytes[at + i]); };
  switch (type) {
    case NumberType::kInt8:
      return static_cast<int8_t>(byte(0));
    case NumberType::kInt16:
      return static_cast<int16_t>(byte(0) | byte(1) << 8);
    case NumberType::kInt16Big:
      return static_cast<int16_t>(byte(1) | byte(0) << 8);
    case NumberType::kInt32:
      return static_cast<int32_t>(byte(0) | byte(1) << 8 | byte(2) << 16 | byte(3) << 24);
    case NumberType::kFloat:
      return static_cast<double>(
          std::bit_cast<float>(byte(0) | byte(1) << 8 | byte(2) << 16 | byte(3) << 24));
    case NumberType::kFloatBig:
      return static_cast<double>(
          std::bit_cast<float>(byte(3) | byte(2) << 8 | byte(1) << 16 | byte(0) << 24));
  }
  return 0;
}

bool IsFloat(NumberType type) {
  return type == NumberType::kFloat || type == NumberType::kFloatBig;
}

/// Longest step between neighbours that a path may have, in the type's likely units (mm, cells, m).
double StepMax(NumberType type) {
  return IsFloat(type) ? 3.0 : type == NumberType::kInt8 ? 127 : 1600;
}

}  // namespace

namespace {

/// Points that stand one after another in bytes.
struct Run {
  std::vector<double> x, y;
  ByteRange range;
};

/// The two longest runs of points that could be a path, of one type from one phase on: no wild
/// number, no leap.
std::vector<Run> FindRuns(std::span<const std::byte> bytes, const NumberTypeInfo& info,
                          size_t phase, bool steps) {
  std::vector<Run> longest;
  const size_t pair = 2 * info.bytes;
  Run run;
  run.range.begin = phase;
  double at_x = 0, at_y = 0;
  for (size_t at = phase; at + pair <= bytes.size() + pair; at += pair) {
    bool fits = at + pair <= bytes.size();
    double vx = 0, vy = 0;
    if (fits) {
      vx = Read(info.type, bytes, at), vy = Read(info.type, bytes, at + info.bytes);
      // Squared: this is done for every byte of everything, in many ways.
      double leap_x = vx, leap_y = vy;
      if (!steps) leap_x -= run.x.empty() ? vx : run.x.back();
      if (!steps) leap_y -= run.y.empty() ? vy : run.y.back();
      const double leap_squared = leap_x * leap_x + leap_y * leap_y;
      const bool denormal = IsFloat(info.type) && vx != 0 && std::abs(vx) < 1e-6;
      fits = std::isfinite(vx) && std::isfinite(vy) && std::abs(vx) < 1e5 && std::abs(vy) < 1e5 &&
             leap_squared <= StepMax(info.type) * StepMax(info.type) && !denormal;
    }
    if (fits) {
      at_x += vx, at_y += vy;
      run.x.push_back(steps ? at_x : vx), run.y.push_back(steps ? at_y : vy);
      continue;
    }
    if (run.x.size() >= kPointsMin) {
      run.range.end = std::min(at, bytes.size());
      longest.push_back(std::move(run));
      std::stable_sort(longest.begin(), longest.end(),
                       [](const Run& a, const Run& b) { return a.x.size() > b.x.size(); });
      if (longest.size() > 2) longest.pop_back();
    }
    run = Run();
    run.range.begin = at + pair;
    at_x = at_y = 0;
  }
  return longest;
}

}  // namespace

std::optional<PathMatch> PathMatcher::MatchBytes(std::span<const std::byte> bytes) const {
  if (state_->way.empty() || bytes.size() < 2 * kPointsMin) return std::nullopt;
  for (const NumberTypeInfo& info : kTypes) {
    for (size_t phase = 0; phase < 2 * info.bytes; ++phase) {
      for (const bool steps : {false, true}) {
        if (info.type == NumberType::kInt8 && !steps) continue;
        for (const Run& run : FindRuns(bytes, info, phase, steps)) {
          auto match = state_->Match(run.x, run.y);
          if (!match) continue;
          match->form = std::string(info.name) + (steps ? " steps" : " points");
          match->range = run.range;
          return match;
        }
      }
    }
  }
  return std::nullopt;
}

}  // namespace dustproof::internal
