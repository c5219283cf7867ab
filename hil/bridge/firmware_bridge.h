#pragma once

#include <functional>
#include <string>

#include "hil/bridge/flash_memory.h"
#include "hil/bridge/network_bridge.h"
#include "hil/bridge/robot_bridge.h"
#include "hil/capture/capture_sink.h"
#include "hil/shim/lockstep/lockstep.h"
#include "sim/core/cpu_share.h"
#include "sim/core/random.h"

namespace dustproof {

/// Joins a firmware in lockstep to the world: the robot's body, its network, a flash chip, and the
/// recording.
///
/// What leaves the robot by its pads (serial console) or lies in its flash is recorded here as
/// emissions; what the firmware says of itself (log, debug port) as log lines, believed poses and
/// maps, and events of source "firmware": "boot", "power_off", "power_cut", "brownout", "state",
/// "data_ready", "deadline_missed", "outside_attempt", "unwatched".
class FirmwareBridge final : public FirmwareListener, public UartDevice {
 public:
  /// All borrowed; they outlive the bridge. `cpu_share` may be null.
  struct World {
    EventQueue* queue = nullptr;
    Robot* robot = nullptr;
    RobotInterface* network = nullptr;
    CaptureSink* sink = nullptr;
    CpuShare* cpu_share = nullptr;
  };

  /// `consents` tells the consents of the moment as an `Emission` carries them.
  FirmwareBridge(const World& world, const RobotIdentity& identity, const FlashSpec& flash,
                 const Seed& seed, std::function<std::string()> consents);
  ~FirmwareBridge() override;

  /// For `Lockstep::Create`.
  Devices devices();
  /// Gives samples to `host` from now on, and cuts its power when the battery is empty. `host`
  /// outlives the bridge or is detached by null.
  void Attach(Lockstep* host);

  /// Takes the supply away from computer, motors and radio at this instant (RAM is lost, a flash
  /// operation under way is cut), and gives it back: the robot boots unless its battery is empty.
  /// Not from a task. `why` is noted beside it, e.g. "fault".
  void CutPower(const std::string& why);
  void RestorePower(dp_reset_cause cause);
  /// Hears when the supply of the robot's computer and of what else it feeds goes (false) and comes.
  void SetSupplyHandler(std::function<void(bool on)> handler) { on_supply_ = std::move(handler); }
  bool powered() const { return supplied_ && !browned_out_; }

  FlashMemory& flash() { return flash_; }
  /// The last word of `dp_diagnostics.state`, "" before the first.
  const std::string& activity() const { return activity_; }
  /// How often the firmware said "cleaning_finished" there.
  int finished_cleanings() const { return finished_cleanings_; }
  /// Records the flash as it lies now. `cause`, e.g. "end of run", becomes an event beside it.
  void EmitFlash(const std::string& cause);
  void AddToHash(Hasher& hasher) const;

  // FirmwareListener
  void OnBoot(dp_reset_cause cause) override;
  void OnPowerOff() override;
  void OnLog(dp_log_level level, std::string_view task, std::string_view text) override;
  void OnPose(double x_m, double y_m, double yaw_rad) override;
  void OnMap(const BelievedMap& map) override;
  void OnState(std::string_view word) override;
  void OnDataReady(std::string_view category) override;
  void OnOutsideAttempt(std::string_view what) override;
  void OnUnwatched(std::string_view way) override;
  void OnLinkRefusal(std::string_view what) override;
  void OnDeadlineMissed(std::string_view task, SimDuration within) override;

  // UartDevice
  void Write(std::span<const std::byte> data) override;
  size_t Read(std::span<std::byte> out) override;
  void SetReadyHandler(std::function<void()> handler) override;
  /// Somebody at the pads types.
  void TypeIntoUart(std::string_view text);

 private:
  /// Watches the battery: an empty one takes the power away, charge brings it back.
  class PowerWatch final : public RobotListener {
   public:
    explicit PowerWatch(FirmwareBridge* bridge) : bridge_(bridge) {}
    void OnBattery(const BatteryReading&) override { bridge_->CheckPower(); }

   private:
    FirmwareBridge* bridge_;
  };

  void CheckPower();
  void SwitchOff();
  void SwitchOn(dp_reset_cause cause);
  void Note(const std::string& name, const std::string& detail);
  Emission NewEmission(EmissionKind kind, Direction direction) const;

  World world_;
  RobotIdentity identity_;
  std::function<std::string()> consents_;
  RobotBridge body_;
  NetworkBridge network_;
  FlashMemory flash_;
  PowerWatch power_watch_{this};
  Lockstep* host_ = nullptr;
  bool supplied_ = true;
  std::function<void(bool on)> on_supply_ = [](bool) {};
  bool browned_out_ = false;  // By the battery.
  std::string activity_;
  int finished_cleanings_ = 0;
  std::string typed_;
  std::function<void()> typing_;
  uint64_t uart_bytes_ = 0;
};

}  // namespace dustproof
