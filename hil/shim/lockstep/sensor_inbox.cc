#include "hil/shim/lockstep/sensor_inbox.h"

#include <cstddef>
#include <cstring>

namespace dustproof {

bool SameHazards(const dp_hazard_sample& a, const dp_hazard_sample& b) {
  // By bytes: in a sample that firmware made up, a bool may hold anything.
  constexpr size_t kBegin = offsetof(dp_hazard_sample, bumper_left);
  constexpr size_t kEnd = offsetof(dp_hazard_sample, over_current_right) + 1;
  static_assert(kEnd - kBegin == 5);
  return std::memcmp(reinterpret_cast<const char*>(&a) + kBegin,
                     reinterpret_cast<const char*>(&b) + kBegin, kEnd - kBegin) == 0;
}

void SensorInbox::Push(const dp_hazard_sample& sample) {
  // Several tasks may wait for a change; each has a state of its own that it compares with.
  const bool changed = hazard_.latest() == nullptr || !SameHazards(*hazard_.latest(), sample);
  hazard_.SetLatest(sample);
  if (changed) scheduler_.NotifyAll(hazard_.waiters());
}

void SensorInbox::Push(const dp_button_event& event) {
  buttons_.Push(event, scheduler_);
  if (on_wake_) on_wake_();
}

void SensorInbox::Push(const dp_dock_sample& sample) {
  const bool touched = dock_.latest() != nullptr && dock_.latest()->contact;
  dock_.Push(sample, scheduler_);
  if (sample.contact && !touched && on_wake_) on_wake_();
}

void SensorInbox::Clear() {
  lidar_.Clear();
  odometry_.Clear();
  imu_.Clear();
  hazard_.Clear();
  buttons_.Clear();
  dock_.Clear();
  battery_.Clear();
}

}  // namespace dustproof
