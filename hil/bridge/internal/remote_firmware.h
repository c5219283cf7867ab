#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hil/bridge/board_calls.h"
#include "hil/bridge/firmware_process.h"
#include "hil/bridge/process_firmware.h"
#include "hil/link/board_link.h"
#include "hil/shim/lockstep/crash_reporter.h"
#include "hil/shim/lockstep/lockstep.h"

namespace dustproof::internal {

/// A firmware behind a link: its process, its session, and for each of its tasks one here that stands
/// for it, makes the HAL calls that the other asks for, and brings the answers back.
///
/// How turns travel, and what simulated time does meanwhile, is said by who derives from it.
class RemoteFirmware : public FirmwareProgram {
 public:
  RemoteFirmware(const ProcessFirmwareConfig& config, Lockstep& host)
      : config_(config), host_(host), calls_(host, config.seed) {}

  /// Starts the process and hears who it is.
  Result<void> Start();
  const std::string& name() const override { return name_; }
  const std::string& version() const override { return version_; }
  void Main() override;
  void Restore() override;
  ~RemoteFirmware() override;

 protected:
  // One that stands for a task of the process.
  struct Task {
    RemoteFirmware* firmware;
    uint32_t number;
    std::string name;
    WaitQueue parked{WaitQueue::Waker::kTask};
    bool permit = false;
    bool waits_for_network = false;
    // Real time: what it asked and nobody has answered yet.
    WaitQueue asked{WaitQueue::Waker::kWorld};
    std::vector<wire::Turn> turns = {};
    int64_t answered_ns = 0;
  };

  /// Lets a task of the process go on, with the result that it waited for, if it did; returns what
  /// it asks next.
  virtual wire::Turn Exchange(Task& task, wire::Result result, bool awaited) = 0;
  virtual wire::Welcome Welcome() const = 0;

  Task& AddTask(uint32_t number, std::string name);
  /// One for a thread of the firmware's own.
  void SpawnThread(uint32_t number);
  /// Whether there is an end to waiting: the board's next word or heartbeat, or one that was refused.
  bool Hear(wire::Message& message);
  /// Ends the run where the line is gone.
  void Send(wire::Message& message);
  void LogOutput();
  /// Whether a firmware that somebody else starts is no longer waited for: it says nothing more.
  bool stop_requested();
  /// For a task that stands for one of such a firmware: does not return.
  [[noreturn]] void BeSilent();
  /// Ends the run by what the shim told, or by `otherwise`.
  [[noreturn]] void FailAsItSays(const std::string& otherwise);
  [[noreturn]] void Fail(const char* kind, const std::string& message);

  const ProcessFirmwareConfig config_;
  Lockstep& host_;
  BoardCalls calls_;
  std::unique_ptr<BoardLink> link_;
  std::string refusal_;  // Why the board's last word was not taken.
  const char* refusal_kind_ = "protocol";  // Of the diagnosis.
  uint64_t refusals_ = 0;
  bool began_anew_ = false;  // A board said Hello beside the one that we have: the same one, if that is silent now.
  std::unique_ptr<FirmwareProcess> process_;
  std::map<uint32_t, std::unique_ptr<Task>> tasks_;
  struct {
    std::string kind, detail;
    std::vector<StackFrame> frames;
  } fault_;

 private:
  Result<void> Listen();
  Result<void> StartProcess();
  /// What to type, or to set on the board, so that it comes to us.
  std::string Invitation() const;
  /// Waits for its first word.
  Result<wire::Hello> Meet();
  /// Of a process that has ended: the last that it printed.
  std::string WhyNoWord();
  /// Tells a firmware that we did not start that the run is over.
  void Dismiss();
  std::vector<std::string> Environment() const;
  void RunTask(Task& task);
  wire::Result Answer(Task& task, const wire::Call& call);
  wire::Result CreateTask(const wire::Call& call);
  wire::Result Park(Task& task, uint64_t timeout_us);
  wire::Result WaitForNetwork(Task& task, const wire::Call& call);
  void Unpark(uint32_t number);
  /// Whether a line of its standard error was the shim's, which tells why the process ends.
  bool TakeFault(std::string_view line);

  std::string name_, version_;
  uint64_t boots_ = 0;
  bool stopped_ = false, told_unwatched_ = false;
  WaitQueue silence_{WaitQueue::Waker::kWorld};
};

/// Seconds of a real clock that never goes back.
double RealSeconds();

}  // namespace dustproof::internal
