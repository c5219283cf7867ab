#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hil/bridge/process_firmware.h"
#include "hil/shim/lockstep/lockstep.h"
#include "sim/core/result.h"
#include "sim/core/time.h"

namespace dustproof {

/// What was measured of a board in real time. Milliseconds of the host's monotonic clock.
struct BoardTiming {
  /// From a heartbeat of ours to its answer: the link, both ways.
  std::vector<float> round_trip_ms;
  /// From an answer that a task waited for to the next thing that it waits for, by the task's name:
  /// firmware and link.
  std::map<std::string, std::vector<float>> turnaround_ms;
  /// How much faster the board's clock runs than ours, parts per million: least squares over the
  /// heartbeats. 0 before there are two of them.
  std::optional<double> drift_ppm = {};
};

/// A firmware that runs in real time: it computes while simulated time goes on, in a process or on
/// a board that follows the wire with its own clock.
///
/// The order of its tasks is its own, so that two runs are alike and not equal. Who moves time calls
/// these between events. While a board boots, time stands.
class RealTimeBoard {
 public:
  virtual ~RealTimeBoard() = default;
  /// Waits for a word of the board, for `wait` at the longest.
  virtual void Wait(SimDuration wait) = 0;
  /// Takes what the board has said. What follows of it is scheduled for now. Ends the run where the
  /// board has ended, or has said nothing for five seconds.
  virtual void Pump() = 0;
  /// Sends the samples that are new since the last time.
  virtual void PushSamples() = 0;
  virtual BoardTiming timing() const = 0;
  /// How long time stood in all, while a board that had been reset came back; nanoseconds.
  virtual int64_t paused_ns() const = 0;
};

/// For `Lockstep::Config::load`: starts the process and hears who it is. `*board` is part of the
/// firmware.
[[nodiscard]] Result<std::unique_ptr<FirmwareProgram>> StartRealTimeFirmware(
    const ProcessFirmwareConfig& config, Lockstep& host, RealTimeBoard** board);

}  // namespace dustproof
