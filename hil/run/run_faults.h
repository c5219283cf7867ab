#pragma once

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "hil/bridge/firmware_bridge.h"
#include "hil/capture/forwarding_sink.h"
#include "sim/core/event_queue.h"
#include "sim/robot/robot.h"
#include "sim/scenario/scenario.h"

namespace dustproof {

/// Makes a scenario's faults happen. It stands in the way to the recording, since a fault may wait
/// for an event of the run. Each fault, and its end, is an event of source "engine" itself.
class RunFaults final : public ForwardingSink {
 public:
  /// `faults` and `sink` outlive it.
  RunFaults(const std::vector<FaultSpec>& faults, CaptureSink* sink);

  /// What faults act on; all outlive the last of them. Once, before the first event.
  void Arm(EventQueue* queue, Robot* robot, FirmwareBridge* bridge);

  /// Makes another one happen now, whatever its `at` and `on` say. After `Arm`.
  void Inject(const FaultSpec& fault);

  using ForwardingSink::Write;
  void Write(const RunEvent& event) override;

 private:
  struct Waiting {
    const FaultSpec* fault;
    int seen = 0;
  };

  void OnTrigger(const std::string& name);
  void Schedule(const FaultSpec& fault, SimTime at);
  void Begin(const FaultSpec& fault);
  void ChangeFlash(const FaultSpec& fault, const FlashFaults& as);
  void After(SimDuration delay, std::function<void()> action);
  void Note(const char* name, const std::string& detail);

  const std::vector<FaultSpec>& faults_;
  std::vector<Waiting> waiting_;
  std::deque<FaultSpec> injected_;  // Each stays where it is: events refer to it.
  EventQueue* queue_ = nullptr;
  Robot* robot_ = nullptr;
  FirmwareBridge* bridge_ = nullptr;
};

}  // namespace dustproof
