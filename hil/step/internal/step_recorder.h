#pragma once

#include <string>

#include "hil/capture/forwarding_sink.h"
#include "hil/run/run_world.h"
#include "hil/step/step_view.h"
#include "sim/robot/robot.h"

namespace dustproof::internal {

/// Sees a run for whoever steps it: keeps what happens, on its way to the recording, until it is taken, and shows the state.
/// It changes nothing in the run.
class StepRecorder final : public ForwardingSink, public RobotListener {
 public:
  /// `view` outlives it.
  explicit StepRecorder(StepView* view) : view_(*view) {}

  /// Once, before the first event. `world` outlives it.
  void Watch(RunWorld& world);
  /// Puts the state of now into the view.
  void Show(RunWorld& world);
  /// What has happened since the last call, as bytes.
  std::string& happenings() { return happenings_; }

  using ForwardingSink::Write;
  void Write(const Emission& emission) override;
  void Write(const ConsentChange& change) override;
  void Write(const RunEvent& event) override;
  void Write(const LogLine& line) override;

  void OnLidarTurn(const LidarTurn& turn) override;
  void OnOdometry(const OdometryReading& reading) override;
  void OnImu(const ImuReading& reading) override;
  void OnHazard(const HazardReading& reading) override;
  void OnDock(const DockReading& reading) override;
  void OnBattery(const BatteryReading& reading) override;

 private:
  void NoteContact(const RunWorld& world);

  StepView& view_;
  std::string happenings_;
  uint64_t emissions_ = 0;
  bool touches_ = false;
};

}  // namespace dustproof::internal
