#pragma once

#include <array>
#include <cstddef>
#include <functional>

#include "hil/hal/dp_hal.h"
#include "hil/shim/lockstep/scheduler.h"

namespace dustproof {

/// The last `kept` samples that nobody has read yet, the newest of all, and the tasks that wait for
/// one.
template <typename Sample, size_t kept>
class SampleQueue {
 public:
  void Push(const Sample& sample, Scheduler& scheduler) {
    if (count_ == kept) Drop();
    ring_[(first_ + count_++) % kept] = sample;
    SetLatest(sample);
    scheduler.NotifyOne(waiters_);
  }
  void SetLatest(const Sample& sample) {
    latest_ = sample;
    has_latest_ = true;
  }
  bool Pop(Sample& out) {
    if (count_ == 0) return false;
    out = ring_[first_];
    Drop();
    return true;
  }
  /// Null before the first sample.
  const Sample* latest() const { return has_latest_ ? &latest_ : nullptr; }
  WaitQueue& waiters() { return waiters_; }
  void Clear() {
    count_ = 0;
    has_latest_ = false;
  }

 private:
  void Drop() {
    first_ = (first_ + 1) % kept;
    --count_;
  }
  std::array<Sample, kept> ring_{};
  size_t first_ = 0;
  size_t count_ = 0;
  Sample latest_{};
  bool has_latest_ = false;
  WaitQueue waiters_;
};

/// Where the world puts sensor samples for the firmware. Queues are as long as hil/hal/dp_sensors.h
/// says.
///
/// Times in pushed samples (`time_us`, `start_us`) count from the beginning of the run; the shim
/// turns them into time since power-on when firmware reads them. Pushing wakes the tasks that wait,
/// at this same instant.
class SensorInbox {
 public:
  explicit SensorInbox(Scheduler& scheduler) : scheduler_(scheduler) {}

  void Push(const dp_lidar_turn& turn) { lidar_.Push(turn, scheduler_); }
  void Push(const dp_odometry_sample& sample) { odometry_.Push(sample, scheduler_); }
  void Push(const dp_imu_sample& sample) { imu_.Push(sample, scheduler_); }
  void Push(const dp_hazard_sample& sample);
  /// Also wakes a robot that is switched off.
  void Push(const dp_button_event& event);
  /// Also wakes a robot that is switched off, when the contacts begin to touch.
  void Push(const dp_dock_sample& sample);
  void Push(const dp_battery_sample& sample) { battery_.Push(sample, scheduler_); }

  /// Called when somebody presses a button or sets the robot on its dock.
  void SetWakeHandler(std::function<void()> handler) { on_wake_ = std::move(handler); }
  /// Forgets all samples, as a reset does.
  void Clear();

  SampleQueue<dp_lidar_turn, 4>& lidar() { return lidar_; }
  SampleQueue<dp_odometry_sample, 64>& odometry() { return odometry_; }
  SampleQueue<dp_imu_sample, 64>& imu() { return imu_; }
  SampleQueue<dp_hazard_sample, 1>& hazard() { return hazard_; }
  SampleQueue<dp_button_event, 16>& buttons() { return buttons_; }
  SampleQueue<dp_dock_sample, 1>& dock() { return dock_; }
  SampleQueue<dp_battery_sample, 1>& battery() { return battery_; }

 private:
  Scheduler& scheduler_;
  std::function<void()> on_wake_;
  SampleQueue<dp_lidar_turn, 4> lidar_;
  SampleQueue<dp_odometry_sample, 64> odometry_;
  SampleQueue<dp_imu_sample, 64> imu_;
  SampleQueue<dp_hazard_sample, 1> hazard_;
  SampleQueue<dp_button_event, 16> buttons_;
  SampleQueue<dp_dock_sample, 1> dock_;
  SampleQueue<dp_battery_sample, 1> battery_;
};

/// Everything but the time.
bool SameHazards(const dp_hazard_sample& a, const dp_hazard_sample& b);

}  // namespace dustproof
