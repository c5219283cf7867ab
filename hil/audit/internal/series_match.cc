#include "hil/audit/internal/series_match.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace dustproof::internal {

namespace {

constexpr size_t kValuesMin = 5;
constexpr size_t kDistinctMin = 4;

template <typename Sample>
const Sample* LastBefore(const std::vector<Sample>& samples, SimTime time) {
  auto after = std::upper_bound(samples.begin(), samples.end(), time,
                                [](SimTime t, const Sample& s) { return t < s.time; });
  return after == samples.begin() ? nullptr : &*(after - 1);
}

/// Whether value / scale stays within `tolerance` of the truth for all but one in twenty, over
/// enough different values.
bool Follows(const std::vector<FieldValue>& values, const std::vector<double>& truth, double scale,
             double tolerance) {
  size_t near = 0;
  std::set<double> distinct;
  for (size_t i = 0; i < values.size(); ++i) {
    if (std::abs(values[i].number / scale - truth[i]) <= tolerance) ++near;
    distinct.insert(values[i].number);
  }
  return near * 20 >= values.size() * 19 && distinct.size() >= kDistinctMin;
}

}  // namespace

std::optional<SeriesMatch> MatchSeries(const std::vector<FieldValue>& values,
                                       const std::vector<BatterySample>& battery,
                                       const std::vector<PoseSample>& poses) {
  if (values.size() < kValuesMin) return std::nullopt;
  std::vector<double> charge, voltage, x, y;
  for (const FieldValue& value : values) {
    const BatterySample* b = LastBefore(battery, value.time);
    const PoseSample* p = LastBefore(poses, value.time);
    if (b != nullptr) charge.push_back(b->charge_pct), voltage.push_back(b->voltage_v);
    if (p != nullptr) x.push_back(p->pose.x), y.push_back(p->pose.y);
  }
  if (charge.size() == values.size()) {
    for (const double scale : {1.0, 0.01, 10.0, 100.0, 2.55}) {
      if (Follows(values, charge, scale, 1.6))
        return SeriesMatch{"robot_status", "follows the battery's charge"};
    }
    const auto [low, high] = std::minmax_element(voltage.begin(), voltage.end());
    for (const double scale : {1.0, 10.0, 100.0, 1000.0}) {
      if (*high - *low > 0.1 && Follows(values, voltage, scale, (*high - *low) * 0.08 + 0.004)) {
        return SeriesMatch{"robot_status", "follows the battery's voltage"};
      }
    }
  }
  if (x.size() == values.size() && values.size() >= 2 * kValuesMin) {
    for (const std::vector<double>* axis : {&x, &y}) {
      const auto [low, high] = std::minmax_element(axis->begin(), axis->end());
      if (*high - *low < 1.0) continue;
      for (const double scale : {1.0, 100.0, 1000.0, 20.0, 40.0}) {
        for (const double sign : {1.0, -1.0}) {
          // The map's origin is the robot's own: only differences count.
          std::vector<double> shifted = *axis;
          const double offset = values[0].number / (scale * sign) - shifted[0];
          for (double& v : shifted) v += offset;
          if (Follows(values, shifted, scale * sign, 0.15))
            return SeriesMatch{"robot_path", "follows the robot's place"};
        }
      }
    }
  }
  return std::nullopt;
}

}  // namespace dustproof::internal
