#pragma once

#include <functional>
#include <optional>
#include <string>

#include "hil/capture/messages.h"
#include "hil/run/run_request.h"
#include "sim/core/event_queue.h"
#include "sim/core/result.h"

namespace dustproof {

/// What a user writes: a time (`12.5s`), an event of the run (`tls_handshake_done`,
/// `firmware:state=cleaning`), before the event of that number (`1234ev`), or before the last one
/// of an earlier run that ended after `earlier_events` of them (`-1ev`, `-20ev`).
Result<StopInstant> ParseStopInstant(const std::string& text,
                                     std::optional<uint64_t> earlier_events);
/// True of `-1ev` and its like: whoever parses it needs to know how far the earlier run came.
bool IsRelativeStop(const std::string& text);

/// Stops a run once it has come to an instant: tells `on_stop`, then calls `dustproof_stop`, where
/// the debugger waits.
class RunStop {
 public:
  /// `queue` is borrowed.
  RunStop(StopInstant at, const EventQueue& queue, std::function<void()> on_stop);

  bool armed() const { return at_.any(); }
  /// To be called before each event.
  void BeforeNextEvent();
  /// To be called with each run event as it is recorded.
  void OnRunEvent(const RunEvent& event);

 private:
  void StopNow();

  StopInstant at_;
  const EventQueue& queue_;
  const std::function<void()> on_stop_;
};

}  // namespace dustproof
