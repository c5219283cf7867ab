#pragma once

#include "hil/bridge/firmware_bridge.h"
#include "hil/capture/capture_sink.h"
#include "sim/robot/robot.h"
#include "sim/scenario/scenario.h"

namespace dustproof {

/// Watches the body's truth during a run: notes bumps, docking and leaving the dock as events, and
/// says when the run has seen what it came for.
class RunWatch final : public RobotListener {
 public:
  /// All borrowed; they outlive the watch.
  RunWatch(const Scenario& scenario, Robot* robot, const FirmwareBridge* bridge, CaptureSink* sink);

  /// The firmware finished a cleaning, the robot has been docked since, and the linger time is
  /// over.
  bool finished(SimTime now);
  /// Whether the robot stands on its dock at the end.
  void NoteEnd(SimTime now);

  void OnHazard(const HazardReading& reading) override;
  void OnDock(const DockReading& reading) override;

 private:
  void Note(SimTime now, const char* name, const std::string& detail = "");

  const EndSpec end_;
  Robot* robot_;
  const FirmwareBridge* bridge_;
  CaptureSink* sink_;
  bool pressed_ = false;
  bool contact_ = false;
  bool left_dock_ = false;
  SimTime docked_since_ = SimTime::Max();
};

}  // namespace dustproof
