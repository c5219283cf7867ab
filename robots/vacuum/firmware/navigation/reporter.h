#pragma once

#include <vector>

#include "robots/vacuum/firmware/navigation/hal.h"
#include "robots/vacuum/firmware/navigation/localization.h"
#include "robots/vacuum/firmware/navigation/navigator.h"

namespace vacuum {

/// Keeps the path driven, and tells the diagnostics port, where there is one, what navigation
/// believes.
class Reporter {
 public:
  Reporter(const Hal& hal, const Localization& localization)
      : hal_(hal), localization_(localization) {}

  /// After each scan: pose, now and then the map, the path, first sights of personal data.
  void AfterScan(bool moving);
  void State(const char* word);
  void SendMap();

  const std::vector<PathPoint>& path() const { return path_; }
  void ClearPath() { path_.clear(); }
  void Forget();
  bool map_ready() const { return map_ready_; }

 private:
  void DataReady(const char* category, bool& said);

  const Hal& hal_;
  const Localization& localization_;
  std::vector<PathPoint> path_;
  double map_sent_s_ = -100;
  bool map_ready_ = false, said_map_ = false, said_path_ = false, said_environment_ = false;
};

/// The map as three values a cell, cut to what is known.
GridMap ToGridMap(const HomeMap& map);

}  // namespace vacuum
