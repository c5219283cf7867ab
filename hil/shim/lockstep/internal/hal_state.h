#pragma once

#include <pthread.h>

#include <cstring>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hil/shim/lockstep/devices.h"
#include "hil/shim/lockstep/internal/compute_model.h"
#include "hil/shim/lockstep/internal/hal_trace.h"
#include "hil/shim/lockstep/scheduler.h"
#include "hil/shim/lockstep/sensor_inbox.h"
#include "sim/core/random.h"

namespace dustproof::internal {

struct Mailbox {
  size_t message_bytes = 0;
  size_t capacity = 0;
  std::deque<std::vector<std::byte>> messages;
  WaitQueue senders{WaitQueue::Waker::kTask};
  WaitQueue receivers{WaitQueue::Waker::kTask};
};

struct OpenSocket {
  enum class State { kNew, kConnecting, kConnected, kListening, kBound, kFailed };
  int32_t handle = 0;
  int32_t device_id = 0;
  dp_socket_kind kind = DP_SOCKET_TCP;
  State state = State::kNew;
};

/// A flash operation that is waited out; only one can be on.
struct FlashWork {
  bool erase = false;
  uint32_t address = 0;
  std::vector<std::byte> data;
  SimTime begin = {};
  SimDuration takes = {};
};

/// What the HAL's functions work on. Firmware calls plain C functions without a context, hence one
/// active state a process.
struct HalState {
  HalState(EventQueue& event_queue, const Devices& parts, WallTime start_time, const Seed& seed,
           CpuShare* cpu_share, const ComputeTable& compute_table = {});
  ~HalState();

  /// Time since power-on.
  uint64_t NowUs() const;
  SimTime Deadline(uint64_t timeout_us) const;
  /// Time since power-on of a sample taken `run_us` after the beginning of the run.
  uint64_t SinceBoot(uint64_t run_us) const;
  /// Counts a line of the log; false where there are more in a second than any robot could want.
  bool MayLog();
  /// Writes what firmware printed to stdout and stderr to the robot's log.
  void LogConsole();
  /// Writes a line that the current task printed.
  void LogPrinted(bool error, std::string_view line);
  /// Something of the network may have become ready: whoever waits for it looks.
  void NotifyNetwork();
  /// Puts every part into its state at power-on, and cuts a flash operation under way.
  void ResetParts();

  EventQueue& queue;
  Devices devices;
  const WallTime start;
  std::string firmware;  ///< Name and version, or its file before they are known; for diagnoses.
  const pthread_t thread = pthread_self();  ///< The simulation's.
  Scheduler scheduler;
  std::unique_ptr<ComputeModel> compute;  ///< Null where the firmware computes in no time.
  HalTrace trace;
  SensorInbox sensors;
  RandomStream random;
  SimTime booted;
  dp_reset_cause reset_cause = DP_RESET_POWER_ON;

  std::vector<std::unique_ptr<Mailbox>> mailboxes;
  size_t mailbox_bytes = 0;

  std::vector<OpenSocket> sockets;
  int32_t next_socket = 1;
  WaitQueue network;  ///< Tasks that wait for anything of the network.
  uint64_t network_changes = 1;  ///< How often something of it may have become ready.
  WaitQueue joining;  ///< Tasks that wait for another's join to end.
  bool join_under_way = false;

  std::optional<FlashWork> flash_work;
  WaitQueue flash_free;

  WaitQueue typing;  ///< Tasks that wait for somebody at the serial console.

  std::map<std::string_view, int> refusals;  ///< By call, since power-on: see HalCall::Refuse.

  int64_t log_second = 0;    ///< Of simulated time, in which
  int lines_in_second = 0;   ///< so many lines were logged.

  std::function<void()> on_reboot;
  std::function<void()> on_power_off;
};

/// The state of the firmware that runs in this process, or null.
HalState* ActiveHal();

/// Opens every HAL function: notes the call for diagnoses, and tells whether a task may make it
/// (`if (!call)` return).
class HalCall {
 public:
  template <typename... Arguments>
  explicit HalCall(const char* name, const Arguments&... arguments) : hal_(Enter(name)) {
    static_assert(sizeof...(Arguments) <= HalCallRecord::kArgumentsMax);
    if (hal_ == nullptr) return;
    const Task& task = *hal_->scheduler.running();
    HalCallRecord& record = hal_->trace.Next(hal_->queue.now(), task.id);
    record.name = name;
    record.kinds = kArgumentKinds<Arguments...>;
    [[maybe_unused]] size_t i = 0;
    ((record.values[i++] = ArgumentValue(arguments)), ...);
    if (hal_->trace.hangs()) [[unlikely]]
      ReportEndlessCalls();
  }
  explicit operator bool() const { return hal_ != nullptr; }
  HalState* operator->() const { return hal_; }
  HalState& hal() const { return *hal_; }

  /// Says in the robot's log why firmware's call can't be served, and gives `status` back. After a
  /// hundred lines since power-on the same call goes on unsaid. @pre the call may be made
  dp_status Refuse(std::string_view why, dp_status status = DP_ERR_INVALID) const;

 private:
  /// The HAL where a task may call it; null from a constructor, or while nothing runs.
  static HalState* Enter(const char* name);
  [[noreturn]] static void ReportEndlessCalls();

  HalState* hal_;
};

/// Asks `attempt` (a count or dp_status) until it answers something else than "not yet" or the time
/// is over.
template <typename Attempt>
int32_t Retry(HalState& hal, WaitQueue& on, uint64_t timeout_us, Attempt attempt) {
  const SimTime deadline = hal.Deadline(timeout_us);
  while (true) {
    int32_t answer = DP_ERR_TIMEOUT;
    hal.scheduler.OnHostStack([&] { answer = attempt(); });
    if (answer != DP_ERR_TIMEOUT || !hal.scheduler.Wait(on, deadline)) return answer;
  }
}

/// The number in an enum that comes from firmware: C lets it be anything, C++ must not look at it
/// as the enum.
template <typename Enum>
int32_t RawValue(const Enum& value) {
  static_assert(sizeof(Enum) == sizeof(int32_t));
  int32_t raw;
  std::memcpy(&raw, &value, sizeof raw);
  return raw;
}

/// Length of a C string, or nothing where it is null or longer than `bytes_max`.
inline std::optional<size_t> TextLength(const char* text, size_t bytes_max) {
  if (text == nullptr) return std::nullopt;
  const size_t bytes = strnlen(text, bytes_max + 1);
  if (bytes > bytes_max) return std::nullopt;
  return bytes;
}

/// Waits until `network_changes` differs from `seen` or the time is over; returns what it is then.
uint64_t WaitForNetwork(uint64_t seen, uint64_t timeout_us);

// The interfaces; null where the robot lacks the part. Defined in the hal_*.cc file of their
// header.
const void* FindSystemInterface(const HalState& hal, const char* name);
const void* FindSensorInterface(const HalState& hal, const char* name);
const void* FindActuatorInterface(const HalState& hal, const char* name);
const void* FindStorageInterface(const HalState& hal, const char* name);
const void* FindNetworkInterface(const HalState& hal, const char* name);
/// What `dp_hal_query` answers.
const void* FindInterface(const char* name, uint32_t version);

}  // namespace dustproof::internal
