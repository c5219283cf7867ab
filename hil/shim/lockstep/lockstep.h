#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hil/shim/lockstep/compute.h"
#include "hil/shim/lockstep/devices.h"
#include "hil/shim/lockstep/firmware_program.h"
#include "hil/shim/lockstep/sensor_inbox.h"
#include "sim/core/cpu_share.h"
#include "sim/core/event_queue.h"
#include "sim/core/random.h"
#include "sim/core/result.h"

namespace dustproof {

namespace internal {
struct HalState;
}  // namespace internal

/// Runs a firmware, a shared object, in this process and in the event queue's time: the HAL of
/// hil/hal under it.
///
/// Tasks run one at a time, on fibers; they hand over at blocking HAL calls. They compute in no
/// simulated time, or in the time that a `ComputeTable` gives: then they may hand over at any call.
/// Everything happens in events of the queue (`EventSource::kFirmware`): whoever runs the queue
/// runs the firmware. Use the executable's `dustproof_link_host` (CMake) so that firmware finds
/// `dp_hal_query`; install `VirtualTime` and the crash reporter first. Used on the simulation
/// thread; at most one at a time in a process.
class Lockstep {
 public:
  struct Config {
    std::string firmware_path;  ///< Of the shared object; for diagnoses, where `load` is set.
    WallTime start;             ///< Calendar time at SimTime zero, for the real-time clock.
    Seed seed{0};               ///< For the HAL's random numbers.
    SimDuration reset_time =
        SimDuration::Seconds(1);        ///< From a reset to the first line of `main`.
    size_t main_stack_bytes = 1 << 20;  ///< Of the first task.
    CpuShare* cpu_share = nullptr;      ///< May stay null; else outlives the host.
    ComputeTable compute = {};          ///< Empty: tasks compute in no time.
    /// Brings a firmware that is no shared object of this process, or says why it can't.
    std::function<Result<std::unique_ptr<FirmwareProgram>>(Lockstep&)> load = {};
  };

  enum class State {
    kOff,      ///< Before `PowerOn`, after `PowerCut`, and after firmware switched the robot off.
    kRunning,  ///< Also while it reboots.
    kEnded,    ///< `main` returned and no task is left.
  };

  /// Loads the firmware (its constructors run), or says why it can't be loaded. `queue` and what
  /// `devices` points to are borrowed until the host is gone.
  [[nodiscard]] static Result<std::unique_ptr<Lockstep>> Create(const Config& config,
                                                                EventQueue& queue,
                                                                const Devices& devices);
  ~Lockstep();
  Lockstep(const Lockstep&) = delete;
  Lockstep& operator=(const Lockstep&) = delete;

  /// Starts `main` at this instant. @pre state() is kOff
  void PowerOn(dp_reset_cause cause = DP_RESET_POWER_ON);
  /// Takes the power away at this instant: tasks end where they stand, a flash operation under way
  /// is cut, motors and radio fall silent, RAM is lost. Not from a task.
  void PowerCut();

  State state() const { return state_; }
  SensorInbox& sensors();
  Scheduler& scheduler();
  /// What `dp_hal_query` answers the firmware.
  const void* Interface(const char* name) const;
  /// Of the calling task: waits until something of the network may have become ready since it had
  /// changed `seen` times, or the time is over. Returns how often it has.
  uint64_t WaitForNetwork(uint64_t seen, uint64_t timeout_us);
  /// Whoever waits so looks again.
  void NotifyNetwork();
  /// Since when the robot's computer runs, and why.
  SimTime booted() const;
  dp_reset_cause reset_cause() const;
  WallTime start() const { return config_.start; }
  const Devices& devices() const;
  /// Into the robot's log: a line that the current task printed, `error` where to stderr.
  void LogPrinted(bool error, std::string_view line);
  const std::string& firmware_name() const;
  const std::string& firmware_version() const;
  /// Hand-overs to a task so far; part of the run's state hash.
  uint64_t switch_count() const;
  /// What each task does, as a hash by its name: its state, its last HAL call and how many it made.
  std::vector<std::pair<std::string, uint64_t>> TaskHashes() const;
  /// How the declared deadlines were kept up to this instant.
  std::vector<DeadlineCount> deadlines() const;
  /// Names in the `ComputeTable` that no task has had so far.
  std::vector<std::string> unknown_tasks() const;

 private:
  explicit Lockstep(const Config& config);
  Result<void> Load();
  void Boot(dp_reset_cause cause);
  void ScheduleBoot(dp_reset_cause cause, SimDuration after);
  /// Ends all tasks and puts every part into its power-on state.
  void Reset();
  void Reboot();
  void PowerOff();
  void OnTasksGone();

  const Config config_;
  State state_ = State::kOff;
  bool ram_is_fresh_ = false;
  bool switched_off_ = false;  // By the firmware itself: a button or the dock wakes it.
  EventId boot_event_ = 0;
  std::unique_ptr<FirmwareProgram> program_;
  std::unique_ptr<internal::HalState> hal_;
};

}  // namespace dustproof
