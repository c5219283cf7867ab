#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "hil/app/app.h"
#include "hil/app/network_phone.h"
#include "hil/bridge/console_tap.h"
#include "hil/bridge/firmware_bridge.h"
#include "hil/bridge/motor_controller_board.h"
#include "hil/bridge/robot_recorder.h"
#include "hil/capture/capture_sink.h"
#include "hil/cloud/cloud.h"
#include "hil/net/network.h"
#include "hil/run/board_network.h"
#include "hil/run/inputs.h"
#include "hil/run/real_time_run.h"
#include "hil/run/run_faults.h"
#include "hil/run/run_request.h"
#include "hil/run/run_stop.h"
#include "hil/run/run_watch.h"
#include "hil/run/simulate_run.h"
#include "hil/shim/lockstep/lockstep.h"
#include "hil/shim/lockstep/virtual_time.h"
#include "sim/core/cpu_share.h"
#include "sim/engine/engine.h"
#include "sim/robot/robot.h"
#include "sim/scenario/planted.h"
#include "sim/world/world.h"

namespace dustproof {

/// Everything of one run, joined: home, robot, network, cloud, app, firmware, and the clock that is
/// theirs alone.
///
/// A process makes one in its life: firmware may leave anything behind. `fork()` between two events
/// is a perfect snapshot of it. Used on the simulation thread only.
class RunWorld {
 public:
  /// Builds the world under `consents`. `inputs`, `consents` and `sink` outlive it.
  [[nodiscard]] static Result<std::unique_ptr<RunWorld>> Create(
      const RunInputs& inputs, const ConsentConfiguration& consents, CaptureSink& sink);
  RunWorld(const RunWorld&) = delete;
  RunWorld& operator=(const RunWorld&) = delete;
  ~RunWorld();

  /// Loads the firmware, switches the robot on, and schedules what the user does.
  Result<void> Boot(const RunHooks& hooks = {});
  /// Runs every event up to and at `until`; as the wall clock goes where the firmware is a board.
  void RunUntil(SimTime until);
  /// The same; `stop` is asked before each event.
  void RunUntil(SimTime until, RunStop& stop);
  /// Whether the run has seen what its scenario came for.
  bool finished() { return watch_.finished(events_.now()); }
  /// From now on the user decides as in `consents`, as far as it is not the past (`App::SetAnswers`).
  void SetConsents(const ConsentConfiguration& consents) { app_.SetAnswers(consents); }
  /// The user, or fate, does something now beside the scenario's script and faults: an event of this instant. Its `at` doesn't
  /// count. After `Boot`.
  void Do(ScriptStep step);
  void Do(const FaultSpec& fault) { sink_.Inject(fault); }
  /// The user makes up their mind about a consent now (`App::SetConsent`).
  void SetConsent(const std::string& consent, ConsentState state) { app_.SetConsent(consent, state); }
  /// Somebody carries the robot into its dock.
  void PutIntoDock();
  /// The world's last words into the sink: flash at rest, docked or not, secrets of TLS.
  void WriteEnd();

  SimTime now() const { return events_.now(); }
  const PlantedValues& planted() const { return planted_; }
  EventQueue& events() { return events_; }
  const EventQueue& events() const { return events_; }
  Robot& robot() { return robot_; }
  const Robot& robot() const { return robot_; }
  Cloud& cloud() { return cloud_; }
  FirmwareBridge& bridge() { return bridge_; }
  const FirmwareBridge& bridge() const { return bridge_; }
  const Lockstep& host() const { return *host_; }
  Engine& engine() { return engine_; }
  const Engine& engine() const { return engine_; }
  const PhysicsWorld& physics() const { return world_.physics(); }
  const CpuShare& cpu_share() const { return cpu_share_; }

 private:
  void Schedule(const std::vector<ScriptStep>& script);
  void HearConsole();
  /// What else comes from a board than what its link says.
  void HearBoard();
  /// Waits for the board between drivetrain and main firmware.
  Result<void> MeetMotorController(const RunHooks& hooks);
  RunWorld(const RunInputs& inputs, const ConsentConfiguration& consents, CaptureSink& sink,
           CertificateAuthority authority);

  // In the order of building; what is borrowed comes first.
  const RunInputs& inputs_;
  RunFaults sink_;  // What goes to the recording passes the faults that wait for it.
  const Seed seed_{inputs_.seed};
  const PlantedValues planted_;
  CpuShare cpu_share_;
  EventQueue events_;
  World world_;
  Robot robot_;
  Engine engine_;
  RobotRecorder recorder_;
  Cloud cloud_;
  Network network_;
  NetworkPhone phone_;
  App app_;
  FirmwareBridge bridge_;
  RunWatch watch_;
  const ComputeTable compute_;
  std::unique_ptr<BoardNetwork> board_network_;  // Of a board that has its own stack.
  std::unique_ptr<MotorControllerBoard> motor_controller_;
  std::unique_ptr<Lockstep> host_;
  RealTimeBoard* board_ = nullptr;  // The firmware, where it runs in real time.
  std::optional<RealTimeRun> real_time_;
  std::unique_ptr<ConsoleTap> console_;  // Of a board that has one.
  std::unique_ptr<VirtualTime> time_;
};

}  // namespace dustproof
