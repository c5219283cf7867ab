#pragma once

#include "robots/vacuum/firmware/cloud/outbox.h"
#include "robots/vacuum/firmware/navigation/navigator.h"
#include "robots/vacuum/firmware/platform.h"
#include "robots/vacuum/firmware/store/settings_store.h"

namespace vacuum {

/// What the user can ask of the robot, by button or by app. Each returns null where it is done or
/// under way, or the word that `up/ack` has for why not.
class Actions {
 public:
  /// All outlive this.
  Actions(const Platform& hal, Navigator& navigator, SettingsStore& settings, Outbox& outbox)
      : hal_(hal), navigator_(navigator), settings_(settings), outbox_(outbox) {}

  const char* Clean();
  const char* Stop();
  const char* Dock();
  /// After a boot: takes up again what a power cut ended. Coverage is lost with RAM, so a cleaning
  /// begins anew; in its dock the robot stays there.
  void GoOn();
  const char* Locate();
  /// Erases maps and what waits to be sent.
  const char* DeleteData();
  /// Erases everything; the robot is then as it came from the factory.
  const char* FactoryReset();

  /// Whether a cleaning is under way.
  bool cleaning() const;

 private:
  const Platform& hal_;
  Navigator& navigator_;
  SettingsStore& settings_;
  Outbox& outbox_;
};

}  // namespace vacuum
