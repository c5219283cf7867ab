#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hil/audit/internal/content.h"
#include "hil/capture/messages.h"

namespace dustproof::internal {

struct PathMatch {
  double rms_m = 0;     ///< Of the points from the true way, once fitted.
  double length_m = 0;  ///< Of the true way that they follow.
  size_t points = 0;
  std::string form;  ///< "int16 differences little-endian".
  ByteRange range;   ///< In the bytes; for numbers: indices.
};

/// Finds points that follow the robot's true way, in order, under rotation, mirroring, shift and
/// scale.
class PathMatcher {
 public:
  explicit PathMatcher(const std::vector<PoseSample>& poses);
  ~PathMatcher();

  /// Points in order.
  std::optional<PathMatch> MatchPoints(const std::vector<double>& x,
                                       const std::vector<double>& y) const;
  /// Numbers as x, y, x, y, …, and as steps from each point to the next.
  std::optional<PathMatch> MatchPairs(const std::vector<double>& values) const;
  /// Pairs of integers or floats in bytes.
  std::optional<PathMatch> MatchBytes(std::span<const std::byte> bytes) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace dustproof::internal
