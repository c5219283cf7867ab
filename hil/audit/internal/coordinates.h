#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hil/audit/internal/content.h"

namespace dustproof::internal {

struct CoordinateHit {
  std::string form;  ///< "int32 E7 little-endian", "decimal degrees", "geohash".
  ByteRange range;
};

/// Finds the home's coordinates in the numeric forms in which devices send them. Latitude and
/// longitude must stand near each other, so that a timestamp or a counter that comes near one of
/// them means nothing.
class CoordinateMatcher {
 public:
  CoordinateMatcher(double latitude_deg, double longitude_deg);
  /// "30.1234567,104.7654321"; nothing where it is something else.
  static std::optional<CoordinateMatcher> Parse(const std::string& planted);

  void FindInBytes(std::span<const std::byte> bytes, std::vector<CoordinateHit>* hits) const;
  void FindInText(std::string_view text, std::vector<CoordinateHit>* hits) const;
  /// Whether numbers that belong together, e.g. a message's fields, hold both.
  bool FindInNumbers(const std::vector<double>& values, std::string* form) const;

 private:
  double latitude_deg_, longitude_deg_;
  std::string geohash_;
};

/// Eight letters of the geohash: a cell of 38 m by 19 m.
std::string Geohash(double latitude_deg, double longitude_deg, int letters);

}  // namespace dustproof::internal
