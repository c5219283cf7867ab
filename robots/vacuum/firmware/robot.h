#pragma once

#include <memory>

#include "robots/vacuum/firmware/actions.h"
#include "robots/vacuum/firmware/cloud/cloud_task.h"

namespace vacuum {

/// The whole robot: its parts and its tasks. Made once and never destroyed.
class Robot {
 public:
  Robot(const Platform& hal, const char* version);

  /// Reads flash and starts every task but the calling one.
  void Start();
  /// The calling task's part: keeps the map safe, queues it for the cloud, shows lights. Never
  /// returns.
  void Watch();

 private:
  void ServeButtons();
  void WatchOnce();
  void WatchTask();
  bool MapDue(uint64_t now_us) const;
  void QueueMap();
  void SaveMap();
  void ShowLights();

  const Platform hal_;
  SettingsStore settings_;
  Navigator navigator_;
  Outbox outbox_;
  std::unique_ptr<CloudHooks> hooks_;
  ConsentGate gate_;
  Actions actions_;
  CloudTask cloud_;
  uint32_t finished_seen_ = 0;  // Cleanings whose final map is dealt with.
  bool map_queued_ = false;     // In this grant.
  uint64_t map_queued_us_ = 0;
  uint64_t map_saved_us_ = 0;
  bool map_announced_ = false;
  bool moved_ = false;
  int rest_count_ = 0;  // Looks at the activity since a task seems to be over.
};

}  // namespace vacuum
