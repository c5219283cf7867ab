#include "hil/audit/internal/coordinates.h"

#include <bit>
#include <cctype>
#include <cmath>
#include <cstring>

#include "hil/audit/internal/number_text.h"

namespace dustproof::internal {

namespace {

constexpr size_t kPairBytesMax = 24;  // From the one to the other, in binary.
constexpr size_t kPairTextMax = 96;   // And in text, keys and the like between.
constexpr double kNearDeg = 2e-5;     // About 2 m.

template <typename T>
T Load(std::span<const std::byte> bytes, size_t at, bool big_endian) {
  std::byte raw[sizeof(T)];
  for (size_t i = 0; i < sizeof(T); ++i) raw[i] = bytes[at + (big_endian ? sizeof(T) - 1 - i : i)];
  T value;
  std::memcpy(&value, raw, sizeof(T));
  return value;
}

struct BinaryForm {
  const char* name;
  size_t size;
  bool is_float;
  double scale;
  double tolerance_deg;
};
constexpr BinaryForm kBinaryForms[] = {
    {"float", 4, true, 1, 2e-5},       {"double", 8, true, 1, 1e-6},
    {"int32 E7", 4, false, 1e7, 1e-5}, {"int32 E6", 4, false, 1e6, 1e-5},
    {"int32 E5", 4, false, 1e5, 2e-5}, {"int64 E7", 8, false, 1e7, 1e-5},
};

double ReadAs(const BinaryForm& form, std::span<const std::byte> bytes, size_t at,
              bool big_endian) {
  if (form.is_float) {
    return form.size == 4 ? static_cast<double>(Load<float>(bytes, at, big_endian))
                          : Load<double>(bytes, at, big_endian);
  }
  const auto value = form.size == 4 ? static_cast<double>(Load<int32_t>(bytes, at, big_endian))
                                    : static_cast<double>(Load<int64_t>(bytes, at, big_endian));
  return value / form.scale;
}

/// ddmm.mmmm, as NMEA sentences have it.
double ToNmea(double degrees) {
  const double whole = std::floor(std::abs(degrees));
  return whole * 100 + (std::abs(degrees) - whole) * 60;
}

}  // namespace

CoordinateMatcher::CoordinateMatcher(double latitude_deg, double longitude_deg)
    : latitude_deg_(latitude_deg),
      longitude_deg_(longitude_deg),
      geohash_(Geohash(latitude_deg, longitude_deg, 8)) {}

std::optional<CoordinateMatcher> CoordinateMatcher::Parse(const std::string& planted) {
  const size_t comma = planted.find(',');
  if (comma == std::string::npos) return std::nullopt;
  const auto latitude = ParseNumber(planted.substr(0, comma));
  const auto longitude = ParseNumber(planted.substr(comma + 1));
  if (!latitude || !longitude) return std::nullopt;
  return CoordinateMatcher(*latitude, *longitude);
}

void CoordinateMatcher::FindInBytes(std::span<const std::byte> bytes,
                                    std::vector<CoordinateHit>* hits) const {
  for (const BinaryForm& form : kBinaryForms) {
    for (const bool big_endian : {false, true}) {
      for (size_t at = 0; at + form.size <= bytes.size(); ++at) {
        const double value = ReadAs(form, bytes, at, big_endian);
        const bool is_latitude = std::abs(value - latitude_deg_) <= form.tolerance_deg;
        const bool is_longitude = std::abs(value - longitude_deg_) <= form.tolerance_deg;
        if (!is_latitude && !is_longitude) continue;
        const double wanted = is_latitude ? longitude_deg_ : latitude_deg_;
        for (size_t other = at + form.size;
             other + form.size <= bytes.size() && other <= at + kPairBytesMax; ++other) {
          if (std::abs(ReadAs(form, bytes, other, big_endian) - wanted) > form.tolerance_deg)
            continue;
          hits->push_back({std::string(form.name) + (big_endian ? " big-endian" : " little-endian"),
                           {at, other + form.size}});
          return;
        }
      }
    }
  }
}

void CoordinateMatcher::FindInText(std::string_view text, std::vector<CoordinateHit>* hits) const {
  const std::vector<TextNumber> numbers = FindNumbers(text);
  struct TextForm {
    const char* name;
    double latitude, longitude, tolerance;
    int decimals_min;
  };
  const TextForm forms[] = {
      {"decimal degrees", latitude_deg_, longitude_deg_, 6e-4, 3},
      {"degrees and minutes", ToNmea(latitude_deg_), ToNmea(longitude_deg_), 0.01, 2},
      {"integer E7", latitude_deg_ * 1e7, longitude_deg_ * 1e7, 200, 0},
      {"integer E6", latitude_deg_ * 1e6, longitude_deg_ * 1e6, 20, 0},
      {"integer E5", latitude_deg_ * 1e5, longitude_deg_ * 1e5, 2, 0},
  };
  for (size_t i = 0; i < numbers.size(); ++i) {
    for (const TextForm& form : forms) {
      const auto fits = [&](const TextNumber& number, double wanted) {
        return number.decimals >= form.decimals_min &&
               std::abs(std::abs(number.value) - std::abs(wanted)) <= form.tolerance;
      };
      const bool is_latitude = fits(numbers[i], form.latitude);
      if (!is_latitude && !fits(numbers[i], form.longitude)) continue;
      for (size_t k = i + 1;
           k < numbers.size() && numbers[k].range.begin <= numbers[i].range.end + kPairTextMax;
           ++k) {
        if (!fits(numbers[k], is_latitude ? form.longitude : form.latitude)) continue;
        hits->push_back({form.name, {numbers[i].range.begin, numbers[k].range.end}});
        return;
      }
    }
  }
  std::string lower;
  for (const char c : text) lower += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  if (const size_t at = lower.find(geohash_); at != std::string::npos) {
    hits->push_back({"geohash", {at, at + geohash_.size()}});
  }
}

bool CoordinateMatcher::FindInNumbers(const std::vector<double>& values, std::string* form) const {
  for (const double scale : {1.0, 1e5, 1e6, 1e7}) {
    bool latitude = false, longitude = false;
    for (const double value : values) {
      latitude = latitude || std::abs(value / scale - latitude_deg_) <= kNearDeg;
      longitude = longitude || std::abs(value / scale - longitude_deg_) <= kNearDeg;
    }
    if (!latitude || !longitude) continue;
    *form = scale == 1.0 ? "degrees"
                         : "integer E" + std::to_string(static_cast<int>(std::log10(scale) + 0.5));
    return true;
  }
  return false;
}

std::string Geohash(double latitude_deg, double longitude_deg, int letters) {
  static const char kDigits[] = "0123456789bcdefghjkmnpqrstuvwxyz";
  double low[2] = {-180, -90}, high[2] = {180, 90};
  const double at[2] = {longitude_deg, latitude_deg};
  std::string out;
  for (int bit = 0, value = 0; static_cast<int>(out.size()) < letters; ++bit) {
    const int axis = bit % 2;
    const double middle = (low[axis] + high[axis]) / 2;
    const bool upper = at[axis] >= middle;
    (upper ? low : high)[axis] = middle;
    value = value * 2 + (upper ? 1 : 0);
    if (bit % 5 == 4) {
      out += kDigits[value];
      value = 0;
    }
  }
  return out;
}

}  // namespace dustproof::internal
