#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

/// The part of the vacuum that moves: SLAM, planning, coverage, reflexes, docking. It sees the HAL
/// and nothing else.
namespace vacuum {

/// What the robot is about; the words of the protocol's `up/state`.
enum class Activity {
  kIdle,
  kExploring,
  kCleaning,
  kReturning,
  kCharging,
  kDocked,
  kError,
  kStuck
};
const char* ToWord(Activity activity);

/// Occupancy grid in the firmware's map frame M; row 0 at the bottom. 0 free, 1 occupied, 255
/// unknown.
struct GridMap {
  int width = 0, height = 0;
  double resolution_m = 0.05;
  double origin_x_m = 0, origin_y_m = 0;
  std::vector<uint8_t> cells;
};

struct PathPoint {
  float x_m, y_m;
};

/// Drives the robot. `Start()` makes its tasks; the commands below return at once and take effect
/// in those tasks. Commands and getters may be called from any task.
class Navigator {
 public:
  Navigator();
  ~Navigator();

  /// Makes the tasks (control, SLAM). Call once.
  void Start();

  /// Begins a whole cleaning: undock, explore and clean every reachable room, edge pass, return to
  /// the dock; charges and resumes where the battery runs low. Returns false where it can't (error
  /// state, battery too low).
  bool StartCleaning();
  /// Goes back to the dock from wherever it is. False where no dock was ever seen.
  bool ReturnToDock();
  /// Stops where it stands.
  void Stop();
  /// Whether the robot stands in its dock.
  bool in_dock() const;

  Activity activity() const;
  /// Counts up with each change of activity; lets a reporter task poll cheaply.
  uint32_t activity_count() const;
  /// True once a map worth sending exists: exploration or cleaning has covered some floor.
  bool map_ready() const;
  /// Counts up whenever a cleaning has finished and its final map is ready.
  uint32_t finished_cleanings() const;

  /// Copies of the current map and of the path driven in this cleaning (one point each 0.1 m or
  /// so).
  GridMap map() const;
  std::vector<PathPoint> path() const;

  /// Forgets map and path (delete_data, factory reset). Keeps driving state sane: stops first.
  void EraseMap();
  /// Map as bytes for flash, and back at boot, so that a known home needs no new exploration. False
  /// where it can't be read, or the robot does not stand in its dock. May block for half a second.
  std::vector<uint8_t> SerializeMap() const;
  bool RestoreMap(const std::vector<uint8_t>& bytes);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace vacuum
