#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "sim/core/event_queue.h"
#include "sim/core/time.h"

namespace dustproof {

/// Moves an event queue along a real clock, and counts what it was late for.
///
/// The queue's zero is the instant of construction. Between two calls of `CatchUp` the queue stands
/// still, so that all that happens in between has one time. Used on one thread.
class Pacer {
 public:
  /// Nanoseconds of a clock that never goes back; passed in, so that tests move their own.
  using Clock = std::function<int64_t()>;
  /// CLOCK_MONOTONIC.
  static int64_t MonotonicNanoseconds();

  /// Runs the next event if it is due by `until`; else sets the queue's time to `until` and returns
  /// false. For queues that something else runs along with, as physics does.
  using Advance = std::function<bool(SimTime until)>;

  struct Options {
    Clock clock = MonotonicNanoseconds;
    SimDuration tolerance = SimDuration::Milliseconds(1);  ///< An event that runs later is late.
    Advance advance = nullptr;                             ///< Null: the queue by itself.
  };
  /// `queue` outlives the pacer; its time so far is where it goes on from.
  explicit Pacer(EventQueue& queue) : Pacer(queue, Options()) {}
  Pacer(EventQueue& queue, Options options);

  /// Runs what is due by now, then sets the queue's time to now; to `until` at the most.
  void CatchUp(SimTime until = SimTime::Max());
  /// How long until the next event is due, zero where one is; nothing where there is none.
  std::optional<SimDuration> TimeToNext() const;

  struct Lateness {
    uint64_t events = 0;       ///< All that ran.
    uint64_t late_events = 0;  ///< Of them, those beyond the tolerance.
    SimDuration worst;
  };
  const Lateness& lateness() const { return lateness_; }

 private:
  SimTime Now() const;
  bool RunNext(SimTime until);

  EventQueue& queue_;
  const Options options_;
  const int64_t begin_ns_;
  const SimTime begin_;
  Lateness lateness_;
};

}  // namespace dustproof
