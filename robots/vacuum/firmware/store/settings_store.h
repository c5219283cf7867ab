#pragma once

#include <functional>

#include "robots/vacuum/firmware/store/map_store.h"
#include "robots/vacuum/firmware/store/record_store.h"
#include "robots/vacuum/firmware/store/settings.h"
#include "robots/vacuum/firmware/task_lock.h"

namespace vacuum {

/// Everything the robot keeps in flash: settings with consents, and the map. May be used from any
/// task.
///
/// A consent that narrows counts from the moment Update is called; one that widens only once it is
/// durable. Where a write was cut, nobody knows what the user said last: every grant but that of
/// the policy itself then counts as unset until the cloud tells again.
class SettingsStore {
 public:
  /// Lays settings and map out over the whole flash. `hal` outlives the store.
  explicit SettingsStore(const Platform& hal);

  /// Reads flash, and finishes a reset or deletion that a power cut interrupted. Call first.
  void Open();

  const Settings& current() const { return current_; }
  /// Counts factory resets since power-on: lets a task notice that what it holds is void.
  uint32_t reset_count() const { return reset_count_; }

  /// Changes the settings by `change` and stores them. False where flash failed: then the old ones
  /// still count, less the consents that `change` took back.
  bool Update(const std::function<void(Settings&)>& change);

  /// Notes whether the robot is out of its dock on a task: after a power cut it goes on with it.
  void SetUnderWay(bool under_way);

  /// The stored map, or none.
  std::optional<Bytes> LoadMap();
  /// Stores what `make` returns, if anything. It is called once nobody else writes, so that a map
  /// which was deleted meanwhile isn't written back.
  bool SaveMap(const std::function<Bytes()>& make);
  /// Erases the map, through power cuts.
  bool EraseMap();
  /// Erases everything, through power cuts.
  bool FactoryReset();

 private:
  bool Store(const Settings& next);

  const Platform& hal_;
  TaskLock lock_;
  RecordStore records_;
  MapStore map_;
  Settings current_;
  uint32_t reset_count_ = 0;
};

}  // namespace vacuum
