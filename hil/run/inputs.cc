#include "hil/run/inputs.h"

#include <algorithm>
#include <filesystem>

#include "hil/audit/declared_messages.h"
#include "hil/capture/recording_reader.h"
#include "sim/config/config.h"
#include "sim/config/number.h"
#include "sim/core/hash.h"
#include "sim/plan/json.h"
#include "sim/plan/load_home.h"
#include "sim/scenario/planted.h"

namespace dustproof {
namespace {

namespace fs = std::filesystem;

constexpr size_t kFileBytesMax = 256 << 20;

/// Beside the program: `lib/dustproof/firmware` of an installation, `lib/firmware` of a build.
fs::path FirmwareFolder() {
  std::error_code ignored;
  const fs::path libraries =
      fs::read_symlink("/proc/self/exe", ignored).parent_path().parent_path() / "lib";
  const fs::path installed = libraries / "dustproof" / "firmware";
  return fs::is_directory(installed, ignored) ? installed : libraries / "firmware";
}

// Gathers the problems of several files, so that a user sees them all at once.
class Problems {
 public:
  template <typename T>
  bool Take(const Result<T>& result) {
    if (result.ok()) return true;
    const Error& error = result.error();
    all_.diagnostics.insert(all_.diagnostics.end(), error.diagnostics.begin(),
                            error.diagnostics.end());
    if (error.code == ErrorCode::kEnvironment) all_.code = ErrorCode::kEnvironment;
    return false;
  }
  bool any() const { return !all_.diagnostics.empty(); }
  const Error& error() const { return all_; }

 private:
  Error all_;
};

std::string HashOf(const RunInputs& in, const std::string& firmware_bytes) {
  Hasher hasher;
  for (const std::string* text :
       {&in.scenario_text, &in.robot_text, &in.policy_text, &in.schema_text, &firmware_bytes})
    hasher.Add(*text);
  hasher.Add(ToJson(in.plan));
  return HexDigest(hasher.Digest());
}

template <typename T>
void Keep(Result<T> result, T* out, Problems* problems) {
  if (problems->Take(result)) *out = std::move(*result);
}

// It may be absent: then nothing counts as declared.
void ReadDeclaredMessages(const std::string& robot_path, std::string* out, Problems* problems) {
  const std::string path = DeclaredMessagesPath(robot_path);
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return;
  Keep(ReadTextFile(path, kFileBytesMax), out, problems);
  if (!out->empty()) problems->Take(CheckDeclaredMessages(*out, path));
}

void ReadTrust(const std::string& scenario, const TrustSpec& spec, TrustFiles* out,
               Problems* problems) {
  const auto read = [&](const std::string& path, std::string* text) {
    if (!path.empty()) Keep(ReadTextFile(PathBeside(scenario, path), 1 << 20), text, problems);
  };
  read(spec.ca_certificate, &out->ca_certificate_pem);
  read(spec.ca_key, &out->ca_key_pem);
  read(spec.device_certificate, &out->device_certificate_pem);
  read(spec.device_key, &out->device_key_pem);
}

HomeOptions HomeOptionsFor(const RobotConfig& robot) {
  return {.robot_radius_m = robot.body.radius_m, .robot_height_m = robot.body.height_m};
}

std::string TextOf(const RecordingReader& reader, const char* name) {
  const Attachment* attachment = reader.FindAttachment(name);
  if (attachment == nullptr) return "";
  return {reinterpret_cast<const char*>(attachment->data.data()), attachment->data.size()};
}

std::string FactOf(const RecordingReader& reader, const char* record_name, const char* key) {
  const auto record = reader.metadata().find(record_name);
  if (record == reader.metadata().end()) return "";
  const auto value = record->second.find(key);
  return value == record->second.end() ? "" : value->second;
}

std::string RunFact(const RecordingReader& reader, const char* key) {
  return FactOf(reader, "run", key);
}

// Whatever was asked for, a shared object runs as one and a program as one; which of the two kinds of
// a program it is, is asked for.
std::string KindOf(const std::string& path, const std::string& wanted) {
  return wanted == ToWord(FirmwareKind::kBoard) ? wanted : ToWord(FirmwareKindOf(path));
}

// Beside the class of one in Python there is its file.
std::string FileOf(const std::string& firmware) {
  const auto python = PythonFirmwareOf(firmware);
  return python ? python->file : firmware;
}

// With its class.
std::string Absolute(const std::string& firmware) {
  const std::string file = FileOf(firmware);
  return fs::absolute(file).string() + firmware.substr(file.size());
}

}  // namespace

bool IsFirmwarePath(const std::string& firmware) {
  return firmware.find('/') != std::string::npos || firmware.ends_with(".so") || PythonFirmwareOf(firmware).has_value();
}

std::string DeclaredMessagesPath(const std::string& robot_path) {
  return PathBeside(robot_path, "messages.yaml");
}

std::string UnknownConfiguration(const Scenario& scenario, const std::string& wanted) {
  if (wanted.empty())
    return scenario.path +
           ": consent_configurations: none has run_by_default; name one with --consent";
  std::vector<std::string> names;
  for (const ConsentConfiguration& c : scenario.configurations) names.push_back(c.name);
  const std::string near = SuggestWord(wanted, names);
  std::string message = "--consent: " + scenario.path + " has no configuration '" + wanted + "'";
  message += near.empty() ? "; it has" : "; did you mean '" + near + "'? It has";
  for (const std::string& name : names) message += " " + name;
  return message;
}

Result<std::string> FindFirmware(const std::string& name_or_path, FirmwareKind kind) {
  std::error_code ignored;
  const bool is_path = IsFirmwarePath(name_or_path);
  const char* extension = kind == FirmwareKind::kLibrary ? ".so" : "";
  const std::string path = is_path ? name_or_path : (FirmwareFolder() / (name_or_path + extension)).string();
  if (fs::is_regular_file(FileOf(path), ignored)) return Absolute(path);
  if (kind != FirmwareKind::kLibrary && !is_path)
    return Error::BadInput("firmware: '" + name_or_path +
                           "' was not built for the kind `process`; give the path of a program");
  std::string message =
      "firmware: there is no " +
      (is_path ? "file '" + name_or_path + "'" : "firmware named '" + name_or_path + "'");
  const std::string near = is_path ? "" : SuggestWord(name_or_path, ListFirmware());
  message +=
      near.empty()
          ? "; `dustproof list firmware` shows what there is, or give the path of a shared object"
          : "; did you mean '" + near + "'?";
  return Error::BadInput(message);
}

Result<std::string> FirmwareOf(const Scenario& scenario, const InputPaths& paths) {
  const FirmwareKind kind = FirmwareKindFromWord(paths.kind.empty() ? scenario.firmware_kind : paths.kind);
  std::string firmware = paths.firmware;
  if (firmware.empty())
    firmware = IsFirmwarePath(scenario.firmware) ? PathBeside(paths.scenario, scenario.firmware)
                                         : scenario.firmware;
  Result<std::string> found = FindFirmware(firmware, kind);
  if (found && kind == FirmwareKind::kBoard && FirmwareKindOf(*found) == FirmwareKind::kLibrary)
    return Error::BadInput("firmware: " + *found +
                           " is no program, and the kind `board` runs one: link it with the board's shim");
  return found;
}

Result<std::string> PythonFirmwareHost() {
  const fs::path host = FirmwareFolder() / "python_firmware";
  std::error_code ignored;
  if (fs::is_regular_file(host, ignored)) return host.string();
  return Error::Environment("firmware in Python needs " + host.string() +
                            ", which is part of the Python package (pybind11-dev and python3-dev): build it, or install it");
}

std::vector<std::string> ListFirmware() {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(FirmwareFolder(), ignored)) {
    if (entry.path().extension() == ".so") names.push_back(entry.path().stem());
  }
  std::sort(names.begin(), names.end());
  return names;
}

Result<RunInputs> LoadRunInputs(const InputPaths& paths) {
  Problems problems;
  RunInputs in;
  Result<Scenario> scenario = LoadScenario(paths.scenario);
  if (!scenario) return scenario.error();  // Nothing else can be found without it.
  in.scenario = std::move(*scenario);
  const std::string robot_path = PathBeside(paths.scenario, in.scenario.robot);
  const std::string policy_path = PathBeside(paths.scenario, in.scenario.policy);
  const std::string home_path =
      paths.home.empty() ? PathBeside(paths.scenario, in.scenario.home) : paths.home;

  Keep(ReadTextFile(paths.scenario, kFileBytesMax), &in.scenario_text, &problems);
  Keep(ReadTextFile(robot_path, kFileBytesMax), &in.robot_text, &problems);
  Keep(ReadTextFile(policy_path, kFileBytesMax), &in.policy_text, &problems);
  if (!problems.any()) {
    Keep(LoadRobotConfig(robot_path), &in.robot, &problems);
    Keep(LoadPolicy(policy_path), &in.policy, &problems);
  }
  Keep(LoadHome(home_path, HomeOptionsFor(in.robot)), &in.plan, &problems);
  const Result<std::string> firmware_path = FirmwareOf(in.scenario, paths);
  problems.Take(firmware_path);
  std::string firmware_bytes;
  if (firmware_path) Keep(ReadTextFile(FileOf(*firmware_path), kFileBytesMax), &firmware_bytes, &problems);
  TrustFiles trust;
  ReadTrust(paths.scenario, in.scenario.trust, &trust, &problems);
  ReadDeclaredMessages(robot_path, &in.schema_text, &problems);
  if (problems.any()) return problems.error();

  in.trust = std::move(trust);
  in.seed = paths.seed.value_or(static_cast<uint64_t>(in.scenario.seed));
  in.scenario_hash = HashOf(in, firmware_bytes);
  in.request.scenario = fs::absolute(paths.scenario);
  in.request.home = paths.home.empty() ? "" : fs::absolute(paths.home).string();
  in.request.firmware = *firmware_path;
  in.request.kind = KindOf(*firmware_path, paths.kind.empty() ? in.scenario.firmware_kind : paths.kind);
  in.request.seed = in.seed;
  return in;
}

Result<RunInputs> LoadRecordedInputs(const std::string& recording, const std::string& firmware_path,
                                     const std::string& home) {
  const Result<RecordingReader> reader = RecordingReader::Open(recording);
  if (!reader) return reader.error();
  Problems problems;
  RunInputs in;
  in.scenario_text = TextOf(*reader, "scenario.yaml");
  in.robot_text = TextOf(*reader, "robot.yaml");
  in.policy_text = TextOf(*reader, "policy.yaml");
  in.schema_text = TextOf(*reader, "schema.yaml");
  in.trust = {TextOf(*reader, "trust/ca.pem"), TextOf(*reader, "trust/ca.key"),
              TextOf(*reader, "trust/device.pem"), TextOf(*reader, "trust/device.key")};
  Keep(ParseScenario(in.scenario_text, recording + "/scenario.yaml"), &in.scenario, &problems);
  Keep(ParseRobotConfig(in.robot_text, recording + "/robot.yaml"), &in.robot, &problems);
  Keep(ParsePolicy(in.policy_text, recording + "/policy.yaml"), &in.policy, &problems);
  Keep(home.empty() ? FloorPlanFromJson(TextOf(*reader, "plan.json")) : LoadHome(home, HomeOptionsFor(in.robot)), &in.plan, &problems);
  std::string firmware_bytes;
  Keep(ReadTextFile(FileOf(firmware_path), kFileBytesMax), &firmware_bytes, &problems);
  if (problems.any()) return problems.error();
  in.scenario.name = RunFact(*reader, "scenario");
  in.seed = std::strtoull(RunFact(*reader, "seed").c_str(), nullptr, 10);
  in.scenario_hash = HashOf(in, firmware_bytes);
  in.request.from_recording = recording;
  in.request.home = home;
  in.request.firmware = firmware_path;
  in.request.kind = KindOf(firmware_path, RunFact(*reader, "firmware_kind"));
  in.request.seed = in.seed;
  return in;
}

Result<void> AddConfiguration(Scenario* scenario, const std::string& name, const std::string& answers) {
  Result<ConsentConfiguration> configuration = ParseAnswers(answers);
  if (!configuration) {
    Error problems = configuration.error();
    for (Diagnostic& problem : problems.diagnostics) problem.field = "answers";
    return problems;
  }
  Problems problems;
  const auto check = [&](const std::string& consent) {
    if (std::find(scenario->consents.begin(), scenario->consents.end(), consent) != scenario->consents.end()) return;
    const std::string near = SuggestWord(consent, scenario->consents);
    problems.Take(Result<void>(Error::BadInput({}, "answers", scenario->path + " has no consent '" + consent + "'" +
                                                                  (near.empty() ? "" : "; did you mean '" + near + "'?"))));
  };
  for (const auto& [consent, state] : configuration->initial) check(consent);
  if (problems.any()) return problems.error();
  configuration->name = name;
  configuration->description = answers;
  std::erase_if(scenario->configurations, [&](const ConsentConfiguration& c) { return c.name == name; });
  scenario->configurations.push_back(std::move(*configuration));
  return {};
}

Result<RunInputs> LoadRequestInputs(const RunRequest& request) {
  Result<RunInputs> inputs =
      request.from_recording.empty()
          ? LoadRunInputs({request.scenario, request.home, request.firmware, request.seed, request.kind})
          : LoadRecordedInputs(request.from_recording, request.firmware, request.home);
  if (!inputs) return inputs;
  if (!ParseRedraw(request.redrawn))
    return Error::BadInput(request.from_recording + ": says that '" + request.redrawn + "' was changed in it, which is nothing that is planted; was it made by a newer build?");
  if (!request.answers.empty()) {
    if (Result<void> added = AddConfiguration(&inputs->scenario, request.consent, request.answers); !added)
      return added.error();
  }
  inputs->request.answers = request.answers;
  inputs->request.redrawn = request.redrawn;
  inputs->request.link = request.link;
  inputs->request.keys = request.keys;
  inputs->request.console = request.console;
  inputs->request.motor_controller = request.motor_controller;
  inputs->request.gateway = request.gateway;
  inputs->request.servers = request.servers;
  inputs->request.recording = request.recording;
  inputs->request.link_wait = request.link_wait;
  return inputs;
}

Result<RunRequest> RequestFromRecording(const std::string& recording, const std::string& firmware) {
  const Result<RecordingReader> reader = RecordingReader::Open(recording);
  if (!reader) return reader.error();
  for (const char* name : {"scenario.yaml", "robot.yaml", "policy.yaml", "plan.json"}) {
    if (reader->FindAttachment(name) == nullptr)
      return Error::BadInput(
          {recording, 0, 0}, "",
          std::string("can't be run again: its attachment ") + name + " is missing or damaged");
  }
  const std::string made_with = RunFact(*reader, "firmware");
  if (RunFact(*reader, "firmware_kind") == "none")
    return Error::BadInput(recording +
                           ": holds what clients said to the cloud on real sockets; only they "
                           "could say it again");
  if (RunFact(*reader, "firmware_kind") == ToWord(FirmwareKind::kBoard))
    return Error::BadInput(recording +
                           ": was made in real time, where no two runs are equal; `dustproof run` makes "
                           "another one");
  if (!RunFact(*reader, "interventions").empty())
    return Error::BadInput(recording +
                           ": a program stepped it, and did things as it went (consents, buttons, faults) that no scenario tells of; only "
                           "that program can make it again");
  const Result<std::string> path =
      FindFirmware(firmware.empty() ? made_with : firmware,
                   RunFact(*reader, "firmware_kind") == "process" ? FirmwareKind::kProcess
                                                                  : FirmwareKind::kLibrary);
  if (!path && firmware.empty())
    return Error::BadInput(recording + ": was made with the firmware '" + made_with +
                           "', which is not among `dustproof list firmware`; give its file by "
                           "--firmware FILE.so");
  if (!path) return path.error();
  const Result<RunInputs> inputs = LoadRecordedInputs(fs::absolute(recording), *path);
  if (!inputs) return inputs.error();
  if (inputs->scenario_hash != RunFact(*reader, "scenario_hash")) {
    return Error::BadInput(recording +
                           ": was made with another build of the firmware (inputs hash " +
                           RunFact(*reader, "scenario_hash") + ", now " + inputs->scenario_hash +
                           "); name the one it was made with by --firmware");
  }
  RunRequest request = inputs->request;
  request.consent = RunFact(*reader, "consent");
  request.answers = RunFact(*reader, "answers");
  request.redrawn = RunFact(*reader, "redrawn");
  if (const std::string until = RunFact(*reader, "until"); !until.empty())
    request.until = ParseDuration(until);
  // Interrupted, it ended where somebody pressed Ctrl-C; so must its repetition.
  if (FactOf(*reader, "result", "end") == ToWord(RunEnd::kInterrupted))
    request.until = ParseDuration(FactOf(*reader, "result", "sim_s") + "s");
  return request;
}

}  // namespace dustproof
