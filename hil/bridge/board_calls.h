#pragma once

#include <array>

#include "hil/hal/dp_hal.h"
#include "hil/shim/lockstep/lockstep.h"
#include "hil/wire/wire.h"
#include "sim/core/random.h"

namespace dustproof {

/// Makes the HAL calls that a board asks for: the same functions, by the same rules, that a firmware
/// in this process would have called.
///
/// Called on the stack of the task that stands for the board's; calls that wait hand over to other
/// tasks. Numbers, texts and sizes that no HAL function would take are refused as those functions
/// refuse them: nothing that a board says does harm.
class BoardCalls {
 public:
  /// `host` is borrowed. `library` feeds what the board's C library asks of chance.
  BoardCalls(Lockstep& host, const Seed& library);

  /// The result of `call`; empty for a function that has none. Not for those of tasks.
  wire::Result Answer(const wire::Call& call);
  /// Constants of this robot, and where this power-on stands in the run.
  wire::Welcome Welcome() const;
  /// The newest samples that differ from those of the last call.
  void AddLatest(wire::Samples& samples);
  /// The odometry and inertial samples that no task has read yet: now they are the board's to keep.
  /// Not those that a task here is about to read.
  void MoveUnread(wire::Samples& samples);
  /// The board has just been switched on, and knows nothing.
  void ForgetBoard();

  struct Tables {
    const dp_clock_v1* clock;
    const dp_task_v1* task;
    const dp_log_v1* log;
    const dp_random_v1* random;
    const dp_identity_v1* identity;
    const dp_system_v1* system;
    const dp_diagnostics_v1* diagnostics;
    const dp_lidar_v1* lidar;
    const dp_odometry_v1* odometry;
    const dp_imu_v1* imu;
    const dp_hazard_v1* hazard;
    const dp_buttons_v1* buttons;
    const dp_dock_v1* dock;
    const dp_drive_v1* drive;
    const dp_cleaning_v1* cleaning;
    const dp_indicators_v1* indicators;
    const dp_battery_v1* battery;
    const dp_flash_v1* flash;
    const dp_wifi_v1* wifi;
    const dp_socket_v1* socket;
    const dp_uart_v1* uart;
    std::array<RandomStream, 2>* library;  ///< Of getrandom and its kin, and of rand.
    const Seed* seed;                      ///< Of both.
  };
  const Tables& tables() const { return hal_; }

 private:
  Lockstep& host_;
  const Seed seed_;
  std::array<RandomStream, 2> library_;
  Tables hal_;
  struct {
    uint64_t odometry = UINT64_MAX, imu = UINT64_MAX, hazard = UINT64_MAX, dock = UINT64_MAX,
             battery = UINT64_MAX;
  } sent_;                          ///< Their times.
  int odometry_readers_ = 0, imu_readers_ = 0;  ///< Tasks inside of a read.
};

}  // namespace dustproof
