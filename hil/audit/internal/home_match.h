#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hil/audit/internal/content.h"
#include "sim/plan/floor_plan.h"

namespace dustproof::internal {

/// A grid that shows the home.
struct HomeMatch {
  double score = 0;    ///< Agreement of its floor and edges with the true home's, 0–1.
  double p_value = 1;  ///< Share of unrelated homes that fit as well or better.
  std::string form;    ///< "grid of 120 x 80 bytes at 50 mm".
  ByteRange range;     ///< In the bytes.
};

/// What is known of bytes before they are looked at.
enum class MapPrior {
  kNone,
  kDeclared,  ///< The product itself says that this is a map: a lower bar.
  kProven,    ///< A map of the home came on the same way before: it need only fit.
};

/// Holds grids against the true home, under rotation, mirroring, shift and scale, whole or cut, and
/// against homes that nobody lives in: a grid shows the home where it fits the true one far better
/// than any of the others.
class HomeMatcher {
 public:
  HomeMatcher(const FloorPlan& plan, int null_homes);
  ~HomeMatcher();

  /// Looks for a grid in bytes: one byte, nibble or bit a cell, rows of any width, behind any
  /// header; or run lengths.
  std::optional<HomeMatch> MatchBytes(std::span<const std::byte> bytes, MapPrior prior) const;
  /// A grid whose width is known.
  std::optional<HomeMatch> MatchGrid(std::span<const std::byte> cells, size_t width,
                                     MapPrior prior) const;

  /// What was worked out since the last call, as text for `Learn` of a matcher of the same home and as many others.
  std::string Lessons() const;
  /// Knows from here on what another process worked out. Text that is none of ours teaches nothing.
  void Learn(const std::string& lessons) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace dustproof::internal
