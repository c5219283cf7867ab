#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "sim/core/time.h"

namespace dustproof {

/// An instant of a run at which it shall stop for a debugger. At most one of the three is set.
struct StopInstant {
  std::optional<SimDuration> time;     ///< Before the first event at or after it.
  std::optional<uint64_t> events_run;  ///< Once so many events have run.
  std::string
      run_event;  ///< At the first run event `name`, `source:name` or either with `=detail`.

  bool any() const { return time || events_run || !run_event.empty(); }
};

/// One run to be made: a scenario under one consent configuration with one seed. All paths are
/// absolute.
struct RunRequest {
  std::string scenario;
  std::string consent;               ///< Name of a configuration of the scenario, or of `answers`.
  std::string answers = "";          ///< A configuration that the scenario doesn't hold, as `ToText` puts it; "" for none.
  std::optional<uint64_t> seed;      ///< Instead of the scenario's.
  std::string home;                  ///< Instead of the scenario's, or the recording's; "" keeps it.
  std::string redrawn = "";          ///< What planted values are drawn anew, as `ParseRedraw` takes it; "" for none.
  std::string firmware;              ///< Path of the shared object or program.
  std::string kind;                  ///< A word of `FirmwareKind`.
  std::string link;                  ///< Where a firmware comes to that somebody else starts; "" starts it.
  std::string motor_controller;      ///< Link of a second board between drivetrain and main firmware; "" for none.
  std::string console;               ///< A command that prints a board's console; "" where nobody listens.
  std::string gateway;               ///< The interface that such a board is behind and we are the gateway of; "" for none.
  std::string servers;               ///< Without a gateway, where the cloud's servers listen for it: "ADDRESS:MQTT,HTTPS,DNS"; "" nowhere.
  std::string keys;                  ///< Folder of the keys that such a link asks for; "" asks for none.
  std::optional<SimDuration> link_wait;  ///< How long such a firmware is waited for, real time; nothing: for ever.
  std::map<std::string, std::string> facts;  ///< More to say in the recording of where it was made: UTF-8.
  std::optional<SimDuration> until;  ///< Ends the run here at the latest.
  std::string from_recording;        ///< Takes scenario, robot, home and policy from this recording
                                     ///< instead of files.
  std::string recording;  ///< File to write. Its folder also takes `diagnosis.json`, should the
                          ///< firmware die.
  StopInstant break_at;
  int64_t pretended_unix_s = 0;  ///< What the machine's calendar clock shall show, since 1970; 0
                                 ///< leaves it alone. No run may depend on it.
};

/// As JSON text, to hand a request to the process that makes the run.
std::string ToJson(const RunRequest& request);
RunRequest RunRequestFromJson(const std::string& json);

/// Why a run ended.
enum class RunEnd {
  kFinished,
  kDuration,
  kFirmwareEnded,
  kFirmwareDied,
  kInterrupted,
  kFailed,
  kStopped,  ///< Left in a debugger.
  kRunDied,  ///< Its process ended, and not by the firmware's doing as far as one can tell.
};
const char* ToWord(RunEnd end);

/// Shares of the run's CPU time, 0–1; they add up to 1.
struct CpuShares {
  double physics = 0, lidar = 0, firmware = 0, network = 0, audit = 0, other = 0;
};

/// What is known of a run once it is over, beside its recording.
struct RunOutcome {
  RunEnd end = RunEnd::kFailed;
  std::string hash;  ///< State hash at the end, sixteen hex digits; "" for a run that died.
  uint64_t seed = 0;
  double sim_s = 0;
  uint64_t events_run = 0;  ///< Events of the run's queue; 0 where nobody knows.
  double wall_s = 0;        ///< The run alone, from its first step to its last.
  CpuShares cpu_share;
  bool bad_input =
      false;  ///< Of a run that failed: somebody's file is wrong, rather than the machine.
  std::string diagnosis;  ///< For people, where the firmware died or the run failed.
};
std::string ToJson(const RunOutcome& outcome);
std::optional<RunOutcome> RunOutcomeFromJson(const std::string& json);

}  // namespace dustproof
