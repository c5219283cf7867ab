#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "sim/core/time.h"

namespace dustproof {

/// Who schedules an event. Ties in time go by this number, then by the order of scheduling.
enum class EventSource : uint16_t {
  kEngine = 0,
  kSensor = 10,
  kFirmware = 20,
  kNetwork = 30,
  kCloud = 40,
  kConsent = 45,  // Changes that the user makes: a branch may swap them for others without touching the app's order.
  kApp = 50,
  kScript = 60,
};

using EventId = uint64_t;

/// What shall happen when, ordered by (time, source, sequence). The one clock of a run: `now()`
/// moves only in `RunNext`.
class EventQueue {
 public:
  using Action = std::function<void()>;

  /// @pre `when` is not before `now()`.
  EventId Schedule(SimTime when, EventSource source, Action action);
  EventId ScheduleAfter(SimDuration delay, EventSource source, Action action) {
    return Schedule(now_ + delay, source, std::move(action));
  }
  /// Forgets an event; no effect on one that ran.
  void Cancel(EventId id);

  /// Time of the earliest event, or `SimTime::Max()`.
  SimTime next_time() const { return heap_.empty() ? SimTime::Max() : heap_.front().when; }
  bool empty() const { return heap_.empty(); }
  /// Who scheduled the earliest event. @pre !empty()
  EventSource next_source() const { return heap_.front().source; }

  /// Moves `now()` to the earliest event and runs it. @pre !empty()
  void RunNext();
  /// Runs everything due up to and at `until`, then sets `now()` to `until`.
  void RunUntil(SimTime until);

  SimTime now() const { return now_; }
  /// How many events ran so far, the running one among them: names an instant of a run exactly.
  uint64_t events_run() const { return events_run_; }
  size_t size() const { return heap_.size(); }

  /// Where the two lie, for a debugger's script: it reads them in a process that stands still.
  const SimTime* now_address() const { return &now_; }
  const uint64_t* events_run_address() const { return &events_run_; }

 private:
  struct Entry {
    SimTime when;
    EventSource source;
    EventId id;
    Action action;
  };
  static bool Later(const Entry& a, const Entry& b);
  Entry PopEarliest();

  std::vector<Entry> heap_;
  EventId next_id_ = 1;
  uint64_t events_run_ = 0;
  SimTime now_;
};

}  // namespace dustproof
