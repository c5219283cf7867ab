#include "hil/run/power_cut.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "hil/report/source_path.h"
#include "hil/run/inputs.h"
#include "hil/run/scratch_folder.h"
#include "hil/run/supervisor.h"
#include "hil/run/worker_process.h"
#include "hil/shim/lockstep/virtual_time.h"
#include "sim/config/number.h"
#include "sim/core/shell_word.h"

namespace dustproof {
namespace {

using Json = nlohmann::json;

// In place of a cut's number: of firmware that dies all by itself.
constexpr int kWithoutCut = 0;

// The default configuration in which the user changes most: there is most to lose.
const ConsentConfiguration* ChooseConfiguration(const Scenario& scenario,
                                                const std::string& wanted) {
  const ConsentConfiguration* chosen = nullptr;
  for (const ConsentConfiguration& c : scenario.configurations) {
    if (c.name == wanted) return &c;
    if (!wanted.empty() || !c.run_by_default) continue;
    if (chosen == nullptr || c.changes.size() > chosen->changes.size()) chosen = &c;
  }
  return chosen;
}

std::string CommandOf(const PowerCutOptions& options, const PowerCutResult& result, int cut) {
  std::string command = "dustproof " + std::string(cut == kWithoutCut ? "run " : "powercut ") +
                        ShellWord(PathFromHere(options.scenario)) + " --consent " + ShellWord(result.consent) + " --seed " +
                        std::to_string(result.seed);
  if (!options.firmware.empty()) command += " --firmware " + ShellWord(PathFromHere(options.firmware));
  if (options.until) command += " --until " + FormatDuration(*options.until);
  if (cut == kWithoutCut) return command;
  if (options.mode == CutMode::kEveryWrite) command += " --every-write";
  if (options.mode == CutMode::kRandom) command += " --random";
  if (options.count > 0) command += " --cuts " + std::to_string(options.count);
  return command + " --cut " + std::to_string(cut);
}

Result<void> MakeEmptyFolder(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  const bool empty = !error && std::filesystem::is_empty(path, error);
  if (error) return Error::Environment("--out: cannot make '" + path + "': " + error.message());
  if (!empty) {
    return Error::BadInput(
        "--out: '" + path +
        "' is not empty; recordings are never overwritten, choose another folder");
  }
  return {};
}

Result<PowerCutRequest> RequestOf(const PowerCutOptions& options, const RunRequest& run,
                                  const std::string& consent, const std::string& scratch) {
  if (scratch.empty()) return Error::Environment("powercut: cannot make a temporary folder");
  PowerCutRequest request;
  request.run = run;
  request.run.consent = consent;
  request.run.until = options.until;
  request.mode = options.mode;
  request.count = options.count;
  request.only = options.only;
  request.workers = options.workers;
  request.scratch = scratch;
  if (options.out.empty()) return request;
  if (const Result<void> made = MakeEmptyFolder(options.out); !made) return made.error();
  request.out = std::filesystem::absolute(options.out);
  return request;
}

// Turns the worker's lines into the result.
class Gatherer {
 public:
  Gatherer(const PowerCutOptions& options, const PowerCutObserver& observer, PowerCutResult* result)
      : options_(options), observer_(observer), result_(result) {}

  void Take(const std::string& line) {
    const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object()) return;
    if (json.contains("survey_s")) {
      observer_.on_survey(json["survey_s"], json["duration_s"]);
    } else if (json.contains("planned")) {
      planned_ = json["planned"];
      result_->flash_operations = json["flash_operations"];
      result_->run_s = json["run_s"];
    } else if (json.contains("reference")) {
      reference_maps_[json["reference"]] = json["map"];
    } else if (json.contains("cut")) {
      TakeCut(json);
    } else if (json.contains("end")) {
      end_ = json;
    }
  }

  // A robot in its dock must know the home that it would have known before the write that the cut
  // fell into, or the one after it: some firmware tells of its map, and only that can be judged.
  void JudgeMaps() {
    for (const Json& json : with_map_) {
      std::set<std::string> allowed;
      for (const int number : json["references"]) {
        if (const auto r = reference_maps_.find(number); r != reference_maps_.end())
          allowed.insert(r->second);
      }
      const std::string map = json["map"];
      if (allowed.empty() || (allowed == std::set<std::string>{""} && map.empty())) continue;
      ++result_->maps_judged;
      if (allowed.contains(map)) continue;
      AddFailure(json, map.empty() ? "map: lost, although it had one before and after the write"
                                   : "map: neither the one before the write nor the one after it");
    }
  }

  // Where the worker did not come to its end: why.
  Result<void> CheckEnd(int status) const {
    if (!end_.is_object()) return Error::Environment("powercut: its process " + EndOf(status));
    if (end_.at("end") == "done") return {};
    const std::string why = end_.at("why");
    return end_.at("bad_input") ? Error::BadInput(why) : Error::Environment(why);
  }

 private:
  void TakeCut(const Json& json) {
    result_->cuts += json["cut"] != kWithoutCut;
    result_->sends_judged += json["sends_judged"].get<bool>();
    result_->sessions_judged += json["session_judged"].get<bool>();
    result_->motions_judged += json["motion_judged"].get<bool>();
    const double at_s = static_cast<double>(json["at_ns"].get<int64_t>()) * 1e-9;
    failed_ += !json["failures"].empty();
    for (const std::string what : json["failures"]) AddFailure(json, what);
    if (json["map_judged"].get<bool>()) with_map_.push_back(json);
    observer_.on_cut(result_->cuts, planned_, failed_, at_s);
  }

  void AddFailure(const Json& json, const std::string& what) {
    const double at_s = static_cast<double>(json["at_ns"].get<int64_t>()) * 1e-9;
    result_->failures.push_back(
        {json["cut"], at_s, json["operation"], what, CommandOf(options_, *result_, json["cut"])});
  }

  const PowerCutOptions& options_;
  const PowerCutObserver& observer_;
  PowerCutResult* result_;
  Json end_;
  std::map<int, std::string> reference_maps_;
  std::vector<Json> with_map_;
  int planned_ = 0, failed_ = 0;
};

}  // namespace

Result<PowerCutResult> RunPowerCuts(const PowerCutOptions& options,
                                    const PowerCutObserver& observer) {
  const int64_t begin_ns = RealMonotonicNanoseconds();
  const Result<RunInputs> inputs =
      LoadRunInputs({options.scenario, "", options.firmware, options.seed});
  if (!inputs) return inputs.error();
  if (inputs->request.kind != ToWord(FirmwareKind::kLibrary))
    return Error::BadInput(
        "powercut: " + inputs->request.firmware +
        " is a program of its own, and a run of such has no branches; give the firmware's shared "
        "object (--firmware)");
  const ConsentConfiguration* consents = ChooseConfiguration(inputs->scenario, options.consent);
  if (consents == nullptr)
    return Error::BadInput(UnknownConfiguration(inputs->scenario, options.consent));
  PowerCutResult result;
  result.consent = consents->name;
  result.seed = inputs->seed;
  const ScratchFolder scratch("powercut");
  const Result<PowerCutRequest> request =
      RequestOf(options, inputs->request, consents->name, scratch.path());
  if (!request) return request.error();

  Gatherer gatherer(options, observer, &result);
  const Result<int> status = SuperviseWorker(kPowerCutWord, ToJson(*request),
                                             [&](const std::string& line) { gatherer.Take(line); });
  if (!status) return status.error();
  result.interrupted = InterruptRequested();
  if (const Result<void> end = gatherer.CheckEnd(*status); !end && !result.interrupted)
    return end.error();
  gatherer.JudgeMaps();
  std::stable_sort(result.failures.begin(), result.failures.end(),
                   [](const auto& a, const auto& b) { return a.cut < b.cut; });
  result.wall_s = static_cast<double>(RealMonotonicNanoseconds() - begin_ns) * 1e-9;
  return result;
}

}  // namespace dustproof
