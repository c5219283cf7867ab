#pragma once

#include <optional>
#include <string>

#include "hil/audit/policy.h"
#include "hil/run/firmware_kind.h"
#include "hil/run/run_request.h"
#include "sim/core/result.h"
#include "sim/plan/floor_plan.h"
#include "sim/scenario/robot_config.h"
#include "sim/scenario/scenario.h"

namespace dustproof {

/// What to load: a scenario, and what replaces parts of it ("" and nothing keep them).
struct InputPaths {
  std::string scenario;
  std::string home;
  std::string firmware;  ///< A name or a path.
  std::optional<uint64_t> seed;
  std::string kind = "";  ///< Of firmware: a word of `FirmwareKind`.
};

/// The vendor's own authority and the device's certificate, PEM; empty where the scenario names
/// none.
struct TrustFiles {
  std::string ca_certificate_pem, ca_key_pem, device_certificate_pem, device_key_pem;
};

/// Everything that a run reads, checked. The text of each file goes into the recording.
struct RunInputs {
  Scenario scenario;
  RobotConfig robot;
  FloorPlan plan;
  Policy policy;
  std::string scenario_text, robot_text, policy_text, schema_text;
  TrustFiles trust;
  uint64_t seed = 1;
  std::string
      scenario_hash;   ///< Over all the texts and the firmware's bytes: no path or date enters it.
  RunRequest request;  ///< With absolute paths; consent, until and recording are still open.
};

/// Loads and checks all files of a run; every problem of every file at once.
Result<RunInputs> LoadRunInputs(const InputPaths& paths);
/// The same from what a recording carries.
/// `home` ("" keeps the recording's) is a file.
Result<RunInputs> LoadRecordedInputs(const std::string& recording, const std::string& firmware, const std::string& home = "");
/// What a worker needs for a request, from files or from `request.from_recording`.
Result<RunInputs> LoadRequestInputs(const RunRequest& request);

/// The request that makes the run of a recording again; `firmware` ("" takes the one named inside)
/// is a name or a path. `recording` is still open in it.
Result<RunRequest> RequestFromRecording(const std::string& recording, const std::string& firmware);

/// Adds a configuration that the scenario does not hold, or replaces the one of that name: `answers` as `ToText` puts
/// it. Refuses consents that the scenario doesn't list.
Result<void> AddConfiguration(Scenario* scenario, const std::string& name, const std::string& answers);

/// Where the firmware's maker declares what it sends: `messages.yaml` in the robot's folder.
std::string DeclaredMessagesPath(const std::string& robot_path);

/// What to say where a scenario has no configuration of that name, or none by default ("").
std::string UnknownConfiguration(const Scenario& scenario, const std::string& wanted);

/// Whether a firmware is named by its file, rather than by a name of `ListFirmware`.
bool IsFirmwarePath(const std::string& firmware);
/// The firmware of a scenario; what `paths` names comes first. A path in a scenario lies relative to
/// its file.
Result<std::string> FirmwareOf(const Scenario& scenario, const InputPaths& paths);
/// The file of a firmware by name (searched beside the executable) or path, of a kind.
Result<std::string> FindFirmware(const std::string& name_or_path,
                                 FirmwareKind kind = FirmwareKind::kLibrary);
/// The program in which firmware written in Python runs.
Result<std::string> PythonFirmwareHost();
/// Names of the firmware that can be found by name.
std::vector<std::string> ListFirmware();

}  // namespace dustproof
