#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hil/hal/dp_hal.h"
#include "sim/core/time.h"

/// What the shim needs from the world, in pure interfaces: hil/bridge implements them over the
/// engine and the network.
///
/// All calls come on the run's one thread, outside firmware tasks' stacks, with arguments that the
/// shim has checked. None may wait: calls that take time in the HAL are waited out by the shim.
/// Samples go the other way, see `SensorInbox`. A null pointer in `Devices` means that the robot
/// lacks the part.
namespace dustproof {

/// The spinning lidar's constants and its motor. Turns are given to `SensorInbox::Push`.
class LidarDevice {
 public:
  virtual ~LidarDevice() = default;
  virtual dp_lidar_info info() const = 0;
  virtual void SetEnabled(bool enabled) = 0;
};

class DriveDevice {
 public:
  virtual ~DriveDevice() = default;
  virtual double velocity_m_s_max() const = 0;
  /// Already clipped to the maximum.
  virtual void SetVelocity(double left_m_s, double right_m_s) = 0;
  /// Each in [-1, 1].
  virtual void SetPwm(double left, double right) = 0;
};

enum class CleaningMotor { kMainBrush, kSideBrush, kFan };

class CleaningDevice {
 public:
  virtual ~CleaningDevice() = default;
  /// `duty` in [0, 1].
  virtual void SetDuty(CleaningMotor motor, double duty) = 0;
};

class IndicatorDevice {
 public:
  virtual ~IndicatorDevice() = default;
  virtual void SetLed(int index, uint32_t rgb) = 0;
  virtual void Beep(int frequency_hz, SimDuration duration) = 0;
};

/// Raw NOR flash. The shim waits `program_time` or `erase_time` and then calls; when power is lost
/// during the wait, it calls the `...Cut` form instead.
class FlashDevice {
 public:
  virtual ~FlashDevice() = default;
  virtual dp_flash_info info() const = 0;
  virtual SimDuration program_time() const { return SimDuration::Microseconds(700); }
  virtual SimDuration erase_time() const { return SimDuration::Milliseconds(45); }
  /// The range lies in the device; likewise below.
  virtual void Read(uint32_t address, std::span<std::byte> out) = 0;
  /// Within one page. DP_OK or DP_ERR_IO.
  virtual dp_status Program(uint32_t address, std::span<const std::byte> data) = 0;
  virtual dp_status Erase(uint32_t block_address) = 0;
  /// `progress` (0–1): the share of the operation's time that had passed.
  virtual void ProgramCut(uint32_t address, std::span<const std::byte> data, double progress) = 0;
  virtual void EraseCut(uint32_t block_address, double progress) = 0;
  /// The wait for a program of `bytes`, or for an erase, begins.
  virtual void OnProgramBegin(uint32_t /*address*/, size_t /*bytes*/) {}
  virtual void OnEraseBegin(uint32_t /*block_address*/) {}
};

class WifiDevice {
 public:
  virtual ~WifiDevice() = default;
  /// Networks in range at this moment. The shim has already waited the scan's two seconds.
  virtual std::vector<dp_wifi_network> Scan() = 0;
  /// Begins to join; ends a hotspot or an earlier network. `host_name` is empty where none shall be
  /// sent.
  virtual void StartJoin(std::string_view ssid, std::string_view password,
                         std::string_view host_name) = 0;
  /// DP_ERR_TIMEOUT while it is under way, then its outcome.
  virtual dp_status PollJoin() = 0;
  /// Gives up a join that is under way.
  virtual void CancelJoin() = 0;
  /// `passphrase` is empty for an open hotspot.
  virtual dp_status StartHotspot(std::string_view ssid, std::string_view passphrase) = 0;
  virtual void Stop() = 0;
  /// The radio falls silent at once, without a word to anybody.
  virtual void PowerLost() = 0;
  virtual dp_wifi_state state() const = 0;
  virtual uint32_t address() const = 0;
  virtual int rssi_dbm() const = 0;
};

/// Sockets, never waiting. DP_ERR_TIMEOUT means "not yet": the shim asks again after the ready
/// handler was called. The shim checks handles, kinds and order of calls first; ids are the
/// device's own, above 0.
class SocketDevice {
 public:
  virtual ~SocketDevice() = default;

  /// `handler` is to be called whenever any pending call, of `WifiDevice` too, may have become
  /// ready. Calling it too often does no harm.
  virtual void SetReadyHandler(std::function<void()> handler) = 0;

  /// An id or a dp_status.
  virtual int32_t Open(dp_socket_kind kind) = 0;
  virtual dp_status StartConnect(int32_t id, dp_endpoint to) = 0;
  virtual dp_status PollConnect(int32_t id) = 0;
  /// A TCP socket also begins to listen.
  virtual dp_status Bind(int32_t id, uint16_t port) = 0;
  /// A new id, DP_ERR_TIMEOUT or another dp_status.
  virtual int32_t Accept(int32_t id, dp_endpoint& peer) = 0;
  /// How many bytes were taken (1 or more), DP_ERR_TIMEOUT when there is no room, or another
  /// dp_status.
  virtual int32_t Send(int32_t id, std::span<const std::byte> data) = 0;
  /// How many bytes were given, 0 at the peer's end, DP_ERR_TIMEOUT when there are none, or another
  /// dp_status.
  virtual int32_t Receive(int32_t id, std::span<std::byte> out) = 0;
  virtual int32_t SendTo(int32_t id, dp_endpoint to, std::span<const std::byte> data) = 0;
  virtual int32_t ReceiveFrom(int32_t id, dp_endpoint& from, std::span<std::byte> out) = 0;
  virtual dp_status JoinGroup(int32_t id, uint32_t group) = 0;
  virtual void Close(int32_t id) = 0;

  /// Begins a name look-up; an id of its own, or a dp_status.
  virtual int32_t StartLookup(std::string_view host) = 0;
  /// Count of addresses, DP_ERR_TIMEOUT while under way, or another dp_status. Any answer but "not
  /// yet" ends it.
  virtual int32_t PollLookup(int32_t lookup, std::span<uint32_t> out) = 0;
  virtual void CancelLookup(int32_t lookup) = 0;

  /// Every socket and look-up is gone, without a word on the wire.
  virtual void PowerLost() = 0;
};

class UartDevice {
 public:
  virtual ~UartDevice() = default;
  virtual void Write(std::span<const std::byte> data) = 0;
  /// How many bytes were given; 0 where somebody at the pads has typed none. Who types calls the
  /// handler.
  virtual size_t Read(std::span<std::byte> out) = 0;
  virtual void SetReadyHandler(std::function<void()> handler) = 0;
};

/// What the factory wrote into the robot.
struct RobotIdentity {
  std::string robot_id;
  std::string model;
  std::array<uint8_t, 6> mac{};
  std::string trust_anchor_pem;
  std::string device_cert_pem;
  std::string device_key_pem;
  std::string setup_passphrase;
};

/// The firmware's believed map; `cells` is borrowed for the call.
struct BelievedMap {
  int32_t width = 0;
  int32_t height = 0;
  double resolution_m = 0;
  double origin_x_m = 0;
  double origin_y_m = 0;
  std::span<const int8_t> cells;  ///< Row 0 at the bottom; 0 free … 100 occupied, -1 unknown.
};

/// Hears what firmware says about itself: the log, the debug port, and its starts.
class FirmwareListener {
 public:
  virtual ~FirmwareListener() = default;
  virtual void OnBoot(dp_reset_cause cause) = 0;
  /// The firmware switched the robot off.
  virtual void OnPowerOff() {}
  virtual void OnLog(dp_log_level level, std::string_view task, std::string_view text) = 0;
  virtual void OnPose(double x_m, double y_m, double yaw_rad) = 0;
  virtual void OnMap(const BelievedMap& map) = 0;
  virtual void OnState(std::string_view word) = 0;
  virtual void OnDataReady(std::string_view category) = 0;
  /// It tried a way out that is not the HAL, and was refused.
  virtual void OnOutsideAttempt(std::string_view /*what*/) {}
  /// It has a way out that nobody watches.
  virtual void OnUnwatched(std::string_view /*way*/) {}
  /// Somebody who is not the firmware spoke on its link, and was refused. Told of the first hundred times.
  virtual void OnLinkRefusal(std::string_view /*what*/) {}
  /// A task is not done `within` a time of the end of its last wait. Told of the first hundred times
  /// of a task.
  virtual void OnDeadlineMissed(std::string_view /*task*/, SimDuration /*within*/) {}
};

/// Everything the shim reaches; borrowed, and to outlive the `FirmwareHost`.
struct Devices {
  LidarDevice* lidar = nullptr;
  const dp_odometry_info* odometry = nullptr;  ///< Null: no odometry.
  bool imu = true;                             ///< Likewise for the parts that only give samples.
  bool hazard = true;
  bool buttons = true;
  bool dock = true;
  bool battery = true;
  bool rtc = true;
  DriveDevice* drive = nullptr;
  CleaningDevice* cleaning = nullptr;
  IndicatorDevice* indicators = nullptr;
  FlashDevice* flash = nullptr;
  WifiDevice* wifi = nullptr;
  SocketDevice* sockets = nullptr;
  UartDevice* uart = nullptr;
  FirmwareListener* listener = nullptr;  ///< Required.
  RobotIdentity identity;
};

}  // namespace dustproof
