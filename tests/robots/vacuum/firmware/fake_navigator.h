#pragma once

#include <string>
#include <vector>

#include "robots/vacuum/firmware/navigation/navigator.h"

/// A navigator that moves nothing: the test says what it is about. Linked in the real one's place.
namespace vacuum::test {

struct FakeNavigator {
  FakeNavigator();
  ~FakeNavigator();

  bool in_dock = true;
  Activity activity = Activity::kDocked;
  uint32_t activity_count = 0;
  bool map_ready = false;
  uint32_t finished_cleanings = 0;
  GridMap map;
  std::vector<PathPoint> path;
  std::vector<std::string> calls;  ///< Names of the commands that came, in order.

  void Become(Activity next) {
    activity = next;
    ++activity_count;
  }
};

}  // namespace vacuum::test
