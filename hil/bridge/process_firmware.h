#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hil/link/link_keys.h"
#include "hil/shim/lockstep/lockstep.h"
#include "sim/core/random.h"
#include "sim/core/result.h"

namespace dustproof {

/// Whether a firmware may use sockets that are not the HAL's.
enum class OwnNetwork {
  kNone,       ///< They are refused.
  kUnwatched,  ///< They are its board's, and let be.
  kWatched,    ///< And we stand at its only way out.
};

/// A firmware that somebody else starts: a person in a debugger, or a board by itself. It comes to us.
struct FirmwareElsewhere {
  /// Where it connects to: ipc://…, tcp://ADDRESS:PORT, or `ipc://*` for a place of our choice.
  std::string endpoint;
  std::optional<LinkKeys> keys;  ///< Needed where others could reach that place.
  std::function<void(const std::string& notice)> tell;  ///< What to do now, for people.
  std::function<bool()> stop_requested;                 ///< Ends the wait for it.
  std::function<void()> meanwhile = {};                 ///< Called every few milliseconds of that wait.
  OwnNetwork own_network = OwnNetwork::kNone;
  std::optional<SimDuration> wait = {};                 ///< How long it is waited for, real time; nothing: for ever.
};

/// A firmware that runs in a process of its own, in lockstep: simulated time stands while it
/// computes.
///
/// Each of its tasks has a task of this process that stands for it: that one hands the turn over,
/// hears what the other asks of the HAL, asks it here, and brings the answer back. So the order of
/// tasks, what calls do and how long they take are those of a firmware in this process. A process
/// that dies, spins, or breaks the wire's rules ends the run as a firmware's fault.
struct ProcessFirmwareConfig {
  std::string path;                      ///< Of the executable; may be "" where it is elsewhere.
  std::vector<std::string> arguments = {};  ///< Of it.
  std::vector<std::string> environment;  ///< Of its process.
  Seed seed{0};             ///< For what its C library asks of chance.
  double cpu_budget_s = 10;   ///< A turn that takes longer than this (of CPU time) spins.
  double idle_budget_s = 10;  ///< One that neither ends nor computes for so long waits outside of the HAL.
  /// Set where we don't start it. Then there is no budget: it may sit in a debugger.
  std::optional<FirmwareElsewhere> elsewhere = {};
};

/// For `Lockstep::Config::load`: starts the process and hears who it is.
[[nodiscard]] Result<std::unique_ptr<FirmwareProgram>> StartProcessFirmware(
    const ProcessFirmwareConfig& config, Lockstep& host);

}  // namespace dustproof
