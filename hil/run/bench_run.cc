#include "hil/run/bench_run.h"

#include <filesystem>
#include <fstream>
#include <set>
#include <nlohmann/json.hpp>

#include "hil/bench/firmware_build_id.h"
#include "hil/bench/run_command.h"
#include "hil/link/link_keys.h"
#include "hil/link/serial_device.h"
#include "hil/link/zmq_host.h"
#include "hil/run/inputs.h"
#include "hil/run/scratch_folder.h"
#include "sim/core/shell_word.h"
#include "sim/scenario/planted.h"

namespace dustproof {
namespace {

namespace fs = std::filesystem;
using Variables = std::map<std::string, std::string>;

const std::optional<BenchCommand>* CommandOf(const BoardSpec& board, const std::string& word) {
  static const std::pair<const char*, std::optional<BenchCommand> BoardSpec::*> kCommands[] = {
      {"power_on", &BoardSpec::power_on}, {"power_off", &BoardSpec::power_off}, {"power_cycle", &BoardSpec::power_cycle},
      {"reset", &BoardSpec::reset},       {"flash", &BoardSpec::flash},         {"recover", &BoardSpec::recover},
      {"probe", &BoardSpec::probe},       {"build_id", &BoardSpec::build_id},   {"factory_reset", &BoardSpec::factory_reset},
      {"acquire", &BoardSpec::acquire},   {"release", &BoardSpec::release}};
  for (const auto& [name, member] : kCommands) {
    if (word == name) return &(board.*member);
  }
  return nullptr;
}

Variables VariablesOf(const BoardSpec& board) {
  Variables variables = {{"DUSTPROOF_BOARD", board.name}, {"DUSTPROOF_LINK", board.link}};
  if (!board.ssid.empty()) variables["DUSTPROOF_SSID"] = board.ssid;
  if (!board.interface.empty()) variables["DUSTPROOF_INTERFACE"] = board.interface;
  if (board.servers) {
    variables["DUSTPROOF_SERVER_ADDRESS"] = board.servers->address;
    variables["DUSTPROOF_MQTT_PORT"] = std::to_string(board.servers->mqtt_port);
    variables["DUSTPROOF_HTTPS_PORT"] = std::to_string(board.servers->https_port);
    variables["DUSTPROOF_DNS_PORT"] = std::to_string(board.servers->dns_port);
  }
  return variables;
}

// The servers' address is also the gateway's, unless it is the default, which nobody behind a gateway reaches.
std::string GatewayOf(const BoardSpec& board) {
  const bool named = board.servers && !board.servers->address.starts_with("127.");
  return board.interface + (named ? "@" + board.servers->address : "");
}

std::string ServersOf(const BoardServers& servers) {
  return servers.address + ":" + std::to_string(servers.mqtt_port) + "," + std::to_string(servers.https_port) + "," + std::to_string(servers.dns_port);
}

std::string Trimmed(const std::string& text) {
  const size_t begin = text.find_first_not_of(" \t\n\r"), end = text.find_last_not_of(" \t\n\r");
  return begin == std::string::npos ? "" : text.substr(begin, end - begin + 1);
}

Result<std::string> DeviceOf(const ConsoleSpec& console) {
  const Result<std::string> device = FindSerialDevice(console.serial_device());
  if (device) return device;
  Error error = device.error();
  error.diagnostics.front().where = console.where;
  return error;
}

Result<std::string> ConsoleCommand(const ConsoleSpec& console, const std::string& folder) {
  if (!console.command.empty()) return "cd " + ShellWord(folder) + " && " + console.command;
  const Result<std::string> device = DeviceOf(console);
  if (!device) return device.error();
  return "stty -F " + ShellWord(*device) + " " + std::to_string(console.baud) + " raw -echo && exec cat " + ShellWord(*device);
}

// One run of one board.
class BoardRun {
 public:
  BoardRun(const BenchFile& bench, const BoardSpec& board, const BenchTeller& tell, const CommandHooks& hooks)
      : bench_(bench), board_(board), tell_(tell), variables_(VariablesOf(board)), hooks_(hooks) {}

  Result<BenchRunResult> Run(ScenarioRunOptions options, const RunObserver& observer);

 private:
  Result<void> Prepare(const RunInputs& inputs);
  Result<void> CheckBuild(const std::string& firmware);
  Result<void> WriteSecrets(const RunInputs& inputs);
  /// Does nothing where the bench file has no such command.
  Result<std::string> Do(const std::string& word);
  Result<void> Boot(const std::string& consent);
  Result<void> ChooseKeys(ScenarioRunOptions* options);

  const BenchFile& bench_;
  const BoardSpec& board_;
  const BenchTeller& tell_;
  Variables variables_;
  const CommandHooks& hooks_;
  std::string folder_;           // Of the results, where the board needs a file of them.
  std::set<std::string> begun_;  // Consent configurations whose run has booted the board.
  const ScratchFolder scratch_{"bench"};
  BenchRunResult result_;
};

Result<std::string> BoardRun::Do(const std::string& word) {
  const std::optional<BenchCommand>& command = *CommandOf(board_, word);
  if (!command) return std::string();
  tell_(board_.name + ": " + word);
  return RunBenchCommand(board_.name + ": " + word, *command, bench_.folder, variables_, hooks_);
}

// What the board keeps from before would be sent in a run that planted none of it.
Result<void> BoardRun::WriteSecrets(const RunInputs& inputs) {
  const PlantedValues planted = PlantValues(Seed(inputs.seed), inputs.scenario.region);
  const std::string path = scratch_.path() + "/secrets.json";
  std::ofstream file(path);
  file << nlohmann::json(planted.ByCategory()).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
  if (!file.flush()) return Error::Environment("cannot write " + path);
  variables_["DUSTPROOF_SECRETS_FILE"] = path;
  return {};
}

Result<void> BoardRun::CheckBuild(const std::string& firmware) {
  if (!board_.build_id) return {};
  const Result<std::string> answer = Do("build_id");
  if (!answer) return answer.error();
  result_.build_id = Trimmed(*answer);
  const std::string wanted = board_.build.empty() ? FirmwareBuildId(firmware) : board_.build;
  if (wanted.empty())
    return Error::Environment(board_.name + ": " + firmware + " has no build id to compare with: link it with -Wl,--build-id, or give `build` in the bench file");
  if (result_.build_id == wanted) return {};
  return Error::Environment(board_.name + ": runs build '" + result_.build_id + "', and not '" + wanted + "' of " + firmware + ": was it flashed?");
}

Result<void> BoardRun::Prepare(const RunInputs& inputs) {
  variables_["DUSTPROOF_FIRMWARE"] = inputs.request.firmware;
  if (Result<void> secrets = WriteSecrets(inputs); !secrets) return secrets;
  if (const Result<std::string> on = Do("power_on"); !on) return on.error();
  if (const Result<std::string> flashed = Do("flash"); !flashed) return flashed.error();
  if (Result<void> build = CheckBuild(inputs.request.firmware); !build) return build;
  Result<std::string> probed = Do("probe");
  if (!probed && board_.recover) {
    tell_(ToString(probed.error()));
    if (const Result<std::string> recovered = Do("recover"); !recovered) return recovered.error();
    probed = Do("probe");
  }
  if (!probed) return probed.error();
  return {};
}

// The run listens now: the board may begin, and where this is a run's first boot, as if it were new.
Result<void> BoardRun::Boot(const std::string& consent) {
  if (begun_.insert(consent).second) {
    if (const Result<std::string> reset = Do("factory_reset"); !reset) return reset.error();
  }
  for (const char* word : {"reset", "power_cycle"}) {
    if (!*CommandOf(board_, word)) continue;
    const Result<std::string> done = Do(word);
    return done ? Result<void>() : done.error();
  }
  if (!board_.power_off || !board_.power_on) return {};  // It is on, and tries by itself.
  for (const char* word : {"power_off", "power_on"}) {
    if (const Result<std::string> done = Do(word); !done) return done.error();
  }
  return {};
}

Result<void> BoardRun::ChooseKeys(ScenarioRunOptions* options) {
  if (IsLoopback(board_.link) && board_.keys.empty()) return {};
  const Result<KeyFolder> folder = KeyFolder::At(board_.keys);
  if (!folder) return folder.error();
  const Result<LinkKeys> keys = folder->Load();
  if (!keys) return keys.error();
  options->keys = folder->path();
  variables_["DUSTPROOF_LINK_RUN_KEY"] = keys->host.public_key;
  return {};
}

Result<BenchRunResult> BoardRun::Run(ScenarioRunOptions options, const RunObserver& observer) {
  result_.board = board_.name;
  options.kind = "board";
  options.link = board_.link;
  options.link_wait = board_.boot_timeout;
  const Result<RunInputs> inputs = LoadRunInputs({options.scenario, options.home, options.firmware, options.seed, options.kind});
  if (!inputs) return inputs.error();
  if (Result<void> keys = ChooseKeys(&options); !keys) return keys.error();
  if (board_.console) {
    const Result<std::string> console = ConsoleCommand(*board_.console, bench_.folder);
    if (!console) result_.fault = ToString(console.error());
    if (!console) return result_;
    options.console = *console;
  }
  if (const Result<void> prepared = Prepare(*inputs); !prepared) {
    result_.fault = ToString(prepared.error());
    return result_;
  }
  if (!board_.interface.empty()) options.gateway = GatewayOf(board_);
  if (board_.servers) options.servers = ServersOf(*board_.servers);
  result_.in_factory_state = board_.factory_reset.has_value();
  options.facts = {{"board", board_.name},
                   {"board_build_id", result_.build_id},
                   {"board_state", result_.in_factory_state ? "factory" : "as found"}};
  RunObserver watching = observer;
  watching.on_start = [&](const std::string& folder, uint64_t seed, const std::vector<std::string>& consents) {
    if (!options.gateway.empty() || !options.servers.empty()) folder_ = folder;
    observer.on_start(folder, seed, consents);
  };
  watching.on_notice = [&](const std::string& consent, const std::string&) {
    if (!folder_.empty()) variables_["DUSTPROOF_CA_FILE"] = fs::absolute(folder_ + "/" + consent + ".ca.pem");
    const Result<void> booted = Boot(consent);
    if (!booted) result_.fault = ToString(booted.error());
    return booted.ok();
  };
  watching.on_warning = [&](const std::string&, const std::string& warning) { tell_(board_.name + ": " + warning); };
  Result<ScenarioResult> ran = RunScenario(options, watching);
  if (!ran && ran.error().code == ErrorCode::kBadInput) return ran.error();
  if (!ran && result_.fault.empty()) result_.fault = ToString(ran.error());
  if (!ran) return result_;
  for (const ScenarioRun& run : ran->runs) {
    if (run.outcome.end == RunEnd::kRunDied && result_.fault.empty()) result_.fault = run.outcome.diagnosis;
  }
  result_.result = std::move(*ran);
  return result_;
}

}  // namespace

int BenchRunResult::exit_code() const {
  if (!fault.empty() || !result) return 3;
  for (const ScenarioRun& run : result->runs) {
    if (!run.problem.empty() || result->interrupted) return 3;
  }
  for (const ScenarioRun& run : result->runs) {
    if (run.outcome.end == RunEnd::kFirmwareDied || !run.report || run.report->failed()) return 1;
  }
  return 0;
}

Result<BenchRunResult> RunOnBoard(const BenchFile& bench, const BoardSpec& board, ScenarioRunOptions options, const RunObserver& observer,
                                  const BenchTeller& tell, const CommandHooks& hooks) {
  return BoardRun(bench, board, tell, hooks).Run(std::move(options), observer);
}

Result<std::string> CommandBoard(const BenchFile& bench, const BoardSpec& board, const std::string& word, const CommandHooks& hooks) {
  const std::optional<BenchCommand>* command = CommandOf(board, word);
  if (command == nullptr || !*command) return Error::BadInput("the board '" + board.name + "' has no command `" + word + "` in the bench file");
  return RunBenchCommand(board.name + ": " + word, **command, bench.folder, VariablesOf(board), hooks);
}

Result<void> FindSerialDevices(const BoardSpec& board) {
  if (board.link.starts_with("serial:")) {
    const Result<SerialLine> line = ParseSerialLine(board.link);
    if (!line) return line.error();
    if (const Result<std::string> device = FindSerialDevice(line->device); !device) return device.error();
  }
  if (!board.console || !board.console->command.empty()) return {};
  const Result<std::string> device = DeviceOf(*board.console);
  return device ? Result<void>() : device.error();
}

}  // namespace dustproof
