#include "hil/audit/internal/home_match.h"

#include <algorithm>
#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <map>
#include <sstream>
#include <utility>

#include "hil/audit/internal/grid_guess.h"
#include "hil/audit/internal/registration.h"
#include "sim/core/hash.h"
#include "sim/plan/generate.h"

namespace dustproof::internal {

namespace {

constexpr double kSquare_m = 0.2;
constexpr double kSquaresAcross = 110;  // Larger homes are laid on larger squares.
constexpr size_t kFloorCellsMin = 150;  // Of a picture: less shows no home.
/// What a picture must reach.
struct Bar {
  double score;  ///< At least.
  // How much worse than the true home the best of the strangers' homes must fit: what the picture
  // lacks for a perfect fit is at most this share of what it lacks there. Of some 450 pictures of
  // other homes, whole and in pieces, none came below 0.6; of pictures of the true home most lie
  // below 0.2.
  double misfit_share;
};
constexpr Bar kUnknownBar{0.8, 0.45}, kDeclaredBar{0.6, 0.6};
// Maps mostly have one of these, and a picture that must fit at one of them fits strangers' homes
// less well.
constexpr double kUsualCells_m[] = {0.05, 0.025, 0.1, 0.02, 0.03, 0.04, 0.2, 0.01};
// At any other scale the strangers' homes are tried near the one at which the picture fits the true
// home: what fits when it is shrunk to a few square metres tells nothing about it.
constexpr int kScaleStepsAround = 13;  // A tenth.

/// The best placement of a picture whose cells have one of the usual sides.
Placement FindAtUsualScale(const HomeRaster& home, const FloorPicture& picture,
                           const Squares& squares) {
  const Registration registration(home, picture, squares);
  const Registration::ScaleRange plausible = registration.PlausibleScales();
  Placement best;
  for (const double cell_m : kUsualCells_m) {
    const int step = FloorPicture::StepNear(cell_m);
    if (step + 1 < plausible.first || step - 1 > plausible.last) continue;
    const Placement placed = registration.FindBest({step - 1, step + 1});
    if (placed.score >= 0 && placed.evidence() > best.evidence()) best = placed;
  }
  return best;
}

}  // namespace

struct HomeMatcher::State {
  State(const FloorPlan& plan, int null_home_count)
      : squares{std::max(kSquare_m, Extent(plan) / kSquaresAcross)},
        home(plan, squares),
        null_homes(null_home_count) {}

  static double Extent(const FloorPlan& plan) {
    const Bounds bounds = BoundsOf(plan);
    return (bounds.max - bounds.min).maxCoeff();
  }

  const Squares squares;
  const HomeRaster home;
  const int null_homes;
  std::vector<HomeRaster> others;  ///< Made once a picture is worth comparing with them.
  std::map<uint64_t, std::optional<HomeMatch>> known;  ///< By hash of the cells.
  std::vector<uint64_t> news;                          ///< Of `known`, since the last lessons.

  std::optional<HomeMatch> Judge(const FloorPicture& picture, MapPrior prior);
  template <typename FindIn>
  std::optional<HomeMatch> Compare(const Placement& mine, MapPrior prior, FindIn find_in);
  const std::vector<HomeRaster>& Others();
};

HomeMatcher::HomeMatcher(const FloorPlan& plan, int null_homes)
    : state_(std::make_unique<State>(plan, null_homes)) {}

HomeMatcher::~HomeMatcher() = default;

/// Homes that nobody lives in, of about the same size, so that size alone tells nothing: of many
/// rooms and of few.
const std::vector<HomeRaster>& HomeMatcher::State::Others() {
  const double side = std::clamp(std::sqrt(std::max(home.area_m2(), 4.0) / 0.75) * 1.1, 4.0, 40.0);
  for (auto i = static_cast<int>(others.size()); i < null_homes; ++i) {
    GenerateOptions options;
    options.length_m_min = side * 0.8;
    options.length_m_max = side * 1.25;
    options.room_side_m_min = 2.5 + 1.25 * (i % 3);
    others.emplace_back(GeneratePlan(0x9d5f'0000u + static_cast<uint64_t>(i), options), squares);
  }
  return others;
}

std::optional<HomeMatch> HomeMatcher::State::Judge(const FloorPicture& picture, MapPrior prior) {
  if (null_homes < 5) return std::nullopt;
  const Placement usual = FindAtUsualScale(home, picture, squares);
  auto match = Compare(usual, prior, [&](const HomeRaster& other) {
    return FindAtUsualScale(other, picture, squares);
  });
  if (match) return match;
  const Registration registration(home, picture, squares);
  const Placement any = registration.FindBest(registration.PlausibleScales());
  return Compare(any, prior, [&](const HomeRaster& other) {
    return Registration(other, picture, squares)
        .FindBest({any.scale_step - kScaleStepsAround, any.scale_step + kScaleStepsAround});
  });
}

/// Holds the true home's placement against those that `find_in` finds in the strangers' homes.
template <typename FindIn>
std::optional<HomeMatch> HomeMatcher::State::Compare(const Placement& mine, MapPrior prior,
                                                     FindIn find_in) {
  const Bar& bar = prior == MapPrior::kDeclared ? kDeclaredBar : kUnknownBar;
  if (mine.score < bar.score) return std::nullopt;
  const HomeMatch match{mine.score, 1.0 / (null_homes + 1), "", {}};
  if (prior == MapPrior::kProven) return match;
  for (const HomeRaster& other : Others()) {
    // One stranger's home that fits nearly as well is enough.
    const double theirs = std::max(0.0, find_in(other).score);
    if (1 - mine.score > bar.misfit_share * (1 - theirs)) return std::nullopt;
  }
  return match;
}

std::optional<HomeMatch> HomeMatcher::MatchGrid(std::span<const std::byte> cells, size_t width,
                                                MapPrior prior) const {
  if (width < 8 || cells.size() < width * 8) return std::nullopt;
  Hasher hasher;
  hasher.AddBytes(cells);
  hasher.Add(width);
  hasher.Add(static_cast<uint64_t>(prior));
  const uint64_t key = hasher.Digest();
  if (const auto known = state_->known.find(key); known != state_->known.end())
    return known->second;
  std::optional<HomeMatch> match;
  const size_t height = cells.size() / width;
  for (const FloorGuess& guess : FloorGuesses(cells.first(width * height), width)) {
    const FloorPicture picture(static_cast<int>(width), static_cast<int>(height), guess.floor,
                               guess.known);
    if (picture.floor_count() < kFloorCellsMin) continue;
    match = state_->Judge(picture, prior);
    if (match) break;
  }
  if (match) {
    match->form = "grid of " + std::to_string(width) + " x " + std::to_string(height) + " cells";
    match->range = {0, cells.size()};
  }
  state_->known[key] = match;
  state_->news.push_back(key);
  return match;
}

// A line each: key, and of a match score, share of strangers, bytes and form. Numbers in hexadecimal: exact.
std::string HomeMatcher::Lessons() const {
  std::string text;
  for (const uint64_t key : std::exchange(state_->news, {})) {
    const std::optional<HomeMatch>& match = state_->known.at(key);
    char line[200];
    if (match) {
      std::snprintf(line, sizeof line, "%" PRIx64 " %a %a %zu %zu %s\n", key, match->score, match->p_value, match->range.begin,
                    match->range.end, match->form.c_str());
    } else {
      std::snprintf(line, sizeof line, "%" PRIx64 "\n", key);
    }
    text += line;
  }
  return text;
}

void HomeMatcher::Learn(const std::string& lessons) const {
  std::istringstream lines(lessons);
  for (std::string line; std::getline(lines, line);) {
    uint64_t key = 0;
    HomeMatch match;
    int form = 0;
    const int read = std::sscanf(line.c_str(), "%" SCNx64 " %la %la %zu %zu %n", &key, &match.score, &match.p_value,
                                 &match.range.begin, &match.range.end, &form);
    if (read != 1 && (read != 5 || form == 0)) continue;
    if (read == 5) match.form = line.substr(static_cast<size_t>(form));
    state_->known[key] = read == 5 ? std::optional(match) : std::nullopt;
    state_->news.push_back(key);  // For whoever asks this one.
  }
}

std::optional<HomeMatch> HomeMatcher::MatchBytes(std::span<const std::byte> bytes,
                                                 MapPrior prior) const {
  for (const GridGuess& guess : GuessGrids(bytes)) {
    auto match = MatchGrid(guess.cells, guess.width, prior);
    if (!match) continue;
    match->form += guess.form.empty() ? "" : ", " + guess.form;
    match->range = guess.range;
    return match;
  }
  return std::nullopt;
}

}  // namespace dustproof::internal
