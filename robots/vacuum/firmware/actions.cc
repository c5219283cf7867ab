#include "robots/vacuum/firmware/actions.h"

namespace vacuum {

bool Actions::cleaning() const {
  const Activity activity = navigator_.activity();
  return activity == Activity::kExploring || activity == Activity::kCleaning;
}

const char* Actions::Clean() {
  if (cleaning()) return "busy";
  settings_.SetUnderWay(true);
  if (navigator_.StartCleaning()) return nullptr;
  settings_.SetUnderWay(false);
  return "not_possible";
}

const char* Actions::Stop() {
  navigator_.Stop();
  return nullptr;
}

const char* Actions::Dock() {
  settings_.SetUnderWay(true);
  if (navigator_.ReturnToDock()) return nullptr;
  settings_.SetUnderWay(false);
  return "not_possible";
}

void Actions::GoOn() {
  if (!settings_.current().under_way) return;
  const bool goes_on =
      !navigator_.in_dock() && (navigator_.StartCleaning() || navigator_.ReturnToDock());
  hal_.Info(goes_on ? "the power was lost on the way: the robot goes on"
                    : "the power was lost on the way: the robot stays where it is");
  if (!goes_on) settings_.SetUnderWay(false);
}

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
