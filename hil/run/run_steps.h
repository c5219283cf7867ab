#pragma once

#include <optional>

#include "hil/capture/capture_sink.h"
#include "hil/run/run_request.h"
#include "hil/run/run_stop.h"
#include "hil/run/run_world.h"

namespace dustproof {

/// Takes a run forward in the pieces that every run goes in, wherever else it is halted on the way: state hashes are
/// recorded, and the run's end is looked for, at the same instants.
class RunSteps {
 public:
  /// All borrowed. `limit`: the run's end at the latest.
  RunSteps(RunWorld& world, CaptureSink& sink, SimTime limit) : world_(world), sink_(sink), limit_(limit) {}

  /// Runs up to and at `until`, or to the end of the piece that it lies behind. Returns why the run is over, or
  /// nothing. `stop`, where there is one, is asked before each event.
  std::optional<RunEnd> Step(SimTime until, RunStop* stop = nullptr);
  /// Runs on, piece by piece, until `until` or the run's end.
  std::optional<RunEnd> RunUntil(SimTime until);

  SimTime limit() const { return limit_; }
  /// Another end from here on. @pre not in the past
  void SetLimit(SimTime limit) { limit_ = limit; }

 private:
  SimTime PieceEnd() const;
  void RecordState();

  RunWorld& world_;
  CaptureSink& sink_;
  SimTime limit_;
  SimTime next_state_;
};

}  // namespace dustproof
