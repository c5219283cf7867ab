#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "hil/bridge/process_firmware.h"
#include "hil/link/board_link.h"
#include "hil/shim/lockstep/devices.h"
#include "hil/wire/wire.h"
#include "sim/core/event_queue.h"
#include "sim/robot/robot.h"

namespace dustproof {

/// A second board: the motor controller between drivetrain and main computer, a firmware of its own on `hil/shim/mcu`.
///
/// Its bridges drive the wheels, it reads encoders, bumpers and cliffs, and its UART is the main firmware's: what one writes the other
/// reads. What they say there is the vendor's own. In lockstep: simulated time stands while it computes, in events of the queue.
class MotorControllerBoard final : public UartDevice, public RobotListener {
 public:
  struct Surroundings {
    EventQueue* queue = nullptr;
    Robot* robot = nullptr;
    std::function<void(const std::string& text)> log;   ///< A line of its log.
    std::function<void(const std::string& why)> fail;   ///< Does not return: the run can't go on. Of the firmware.
    std::function<void(const std::string& why)> bench;  ///< The same, of the bench.
  };

  /// Opens the link and waits for it to say hello.
  [[nodiscard]] static Result<std::unique_ptr<MotorControllerBoard>> Meet(const FirmwareElsewhere& elsewhere, const Surroundings& surroundings, uint64_t session);

  const std::string& name() const { return name_; }
  /// Its power comes: from here on it runs. After a PowerOff it is waited for until it says hello again.
  void PowerOn();
  /// Its power goes: the wheels are free.
  void PowerOff();
  ~MotorControllerBoard() override;

  // The main computer's end of the UART.
  void Write(std::span<const std::byte> data) override;
  size_t Read(std::span<std::byte> out) override;
  void SetReadyHandler(std::function<void()> handler) override { on_ready_ = std::move(handler); }

  void OnOdometry(const OdometryReading& reading) override;
  void OnHazard(const HazardReading& reading) override;

 private:
  // What its task waits in.
  struct Waiting {
    wire::Function function = wire::FUNCTION_UNSPECIFIED;
    size_t capacity = 0;
    wire::HazardSample seen;
    EventId alarm = 0;
    bool has_alarm = false;
  };

  MotorControllerBoard(const Surroundings& surroundings, std::unique_ptr<BoardLink> link, std::function<bool()> stop_requested);
  Result<void> MeetAgain(std::optional<SimDuration> wait);
  Result<void> Hear(std::optional<SimDuration> wait, wire::Message* message);
  /// Lets it go on with an answer, until it waits for what is not there yet.
  void GoOn(wire::Result result);
  /// The answer to a call at once, or nothing where it has to wait.
  std::optional<wire::Result> Answer(const wire::Call& call);
  std::optional<wire::Result> AnswerRead(const wire::Call& call);
  void WaitUntil(SimTime time);
  void EndWait(wire::Result result);
  wire::Result Given(size_t capacity);

  const Surroundings world_;
  const std::unique_ptr<BoardLink> link_;
  const std::function<bool()> stop_requested_;
  std::string name_;
  SimTime booted_;
  uint64_t session_ = 0;
  bool is_met_ = false;  // It has said hello since its power came.
  Waiting waiting_;
  std::string to_controller_, to_main_;
  std::function<void()> on_ready_;
  wire::OdometrySample odometry_;
  wire::HazardSample hazard_;
  bool has_odometry_ = false, has_hazard_ = false;
};

}  // namespace dustproof
