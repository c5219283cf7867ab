#include "robots/vacuum/firmware/actions.h"

namespace vacuum {

bool Actions::cleaning() const {
  const Activity activity = navigator_.activity();
  return activity == Activity::kExploring || activity == Activity::kCleaning;
}

const char* Actions::Clean() {
  if (cleaning()) return "busy";
  return navigator_.StartCleaning() ? nullptr : "not_possible";
}

const char* Actions::Stop() {
  navigator_.Stop();
  return nullptr;
}

const char* Actions::Dock() { return navigator_.ReturnToDock() ? nullptr : "not_possible"; }

const char* Actions::Locate() {
  if (hal_.indicators == nullptr) return "not_possible";
  hal_.indicators->beep(2700, 1500);
  return nullptr;
}

const char* Actions::DeleteData() {
  outbox_.Clear();
  navigator_.EraseMap();
  return settings_.EraseMap() ? nullptr : "not_possible";
}

const char* Actions::FactoryReset() {
  outbox_.Clear();
  navigator_.EraseMap();
  const bool erased = settings_.FactoryReset();
  hal_.Log(erased ? DP_LOG_INFO : DP_LOG_ERROR,
           erased ? "factory reset done" : "factory reset: flash could not be erased");
  return erased ? nullptr : "not_possible";
}

}  // namespace vacuum
