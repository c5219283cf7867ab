#pragma once

#include <functional>

#include "hil/bridge/real_time_firmware.h"
#include "hil/live/pacer.h"
#include "sim/engine/engine.h"

namespace dustproof {

/// Paces an engine by the wall clock for a firmware that runs in real time.
///
/// What the board says happens at the clock's time; what the engine is late for is counted, never
/// hidden. The clock starts with the first `RunUntil`.
class RealTimeRun {
 public:
  /// Both outlive it. `between_waits` hears what else comes from the board; at least once in `wait_max`.
  RealTimeRun(Engine& engine, RealTimeBoard& board, std::function<void()> between_waits, SimDuration wait_max = SimDuration::Max());
  /// Runs every event up to and at `until`, each when its time has come.
  void RunUntil(SimTime until);
  const Pacer::Lateness& lateness() const { return pacer_.lateness(); }
  BoardTiming timing() const { return board_.timing(); }

 private:
  Engine& engine_;
  RealTimeBoard& board_;
  const std::function<void()> between_waits_;
  const SimDuration wait_max_;
  Pacer pacer_;
};

}  // namespace dustproof
