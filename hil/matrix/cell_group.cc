#include "hil/matrix/cell_group.h"

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "hil/audit/audit.h"
#include "hil/matrix/judge_cell.h"
#include "hil/run/firmware_kind.h"
#include "hil/run/inputs.h"
#include "hil/run/supervisor.h"
#include "sim/config/config.h"

namespace dustproof {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

constexpr size_t kGroupBytesMax = 256 << 20;

Json ToJsonObject(const MatrixCell& cell) {
  return {{"name", cell.name},
          {"scenario", cell.scenario},
          {"seed", cell.seed},
          {"consent", cell.consents.name},
          {"description", cell.consents.description},
          {"answers", ToText(cell.consents)},
          {"until_ns", cell.until ? Json(cell.until->nanoseconds()) : Json()},
          {"key", cell.key}};
}

MatrixCell CellFrom(const Json& json) {
  MatrixCell cell;
  cell.name = json.at("name");
  cell.scenario = json.at("scenario");
  cell.seed = json.at("seed");
  const Result<ConsentConfiguration> consents = ParseAnswers(json.at("answers"));
  DP_CHECK(consents.ok(), cell.name);  // Our own text.
  cell.consents = *consents;
  cell.consents.name = json.at("consent");
  cell.consents.description = json.at("description");
  if (json.at("until_ns").is_number()) cell.until = SimDuration::Nanoseconds(json.at("until_ns"));
  cell.key = json.at("key");
  return cell;
}

bool IsUndone(const CellGroup& group, const MatrixCell& cell) { return !ReadResult(group.folder, cell).has_value(); }

Error LeftUndone(const CellGroup& group, const std::string& why) {
  size_t undone = 0;
  for (const MatrixCell& cell : group.cells) undone += IsUndone(group, cell);
  return Error::Environment(std::to_string(undone) + " of " + std::to_string(group.cells.size()) +
                            (group.cells.size() == 1 ? " cell" : " cells") + " left undone: " + why);
}

bool AllDone(const CellGroup& group) {
  for (const MatrixCell& cell : group.cells) {
    if (IsUndone(group, cell)) return false;
  }
  return true;
}

// The cells' shared runs, in one process that forks.
Result<void> RunBranches(const CellGroup& group, const std::string& path, const std::function<void(const GroupNews&)>& on_news) {
  std::string problem;
  bool bad_input = false;
  const Result<int> status = SuperviseWorker(kBranchesWord, path, [&](const std::string& line) {
    if (const auto news = NewsFromLine(line)) return on_news(*news);
    const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object() || !json.contains("problem")) return;
    if (problem.empty()) problem = json.value("problem", "");
    bad_input = json.value("bad_input", false);
  });
  if (!status) return status.error();
  if (AllDone(group)) return {};
  if (bad_input) return Error::BadInput(problem);
  if (InterruptRequested()) return LeftUndone(group, "interrupted");
  return LeftUndone(group, problem.empty() ? "their process " + EndOf(*status) : problem);
}

// A cell whose firmware is a program of its own, and can't be branched.
Result<void> RunWhole(const CellGroup& group, const MatrixCell& cell, const RunInputs& inputs,
                      const std::function<void(const GroupNews&)>& on_news) {
  RunRequest request = group.run;
  request.consent = cell.consents.name;
  request.answers = ToText(cell.consents);
  if (cell.until) request.until = cell.until;
  request.recording = RecordingPath(group.folder, cell.name);
  std::error_code ignored;
  fs::remove(request.recording, ignored);  // Of an attempt that was killed.
  double told_s = 0;
  const Result<CellResult> lived = LiveWhole(inputs, request, cell, [&](const RunProgress& progress) {
    if (progress.sim_s <= told_s) return;
    on_news({.simulated_s = progress.sim_s - told_s});
    told_s = progress.sim_s;
  });
  if (!lived) return lived.error();
  const CellResult& result = *lived;
  const bool keep = group.keep == KeepRecordings::kAll || (group.keep == KeepRecordings::kFailing && result.failed());
  if (!keep) fs::remove(request.recording, ignored);
  if (const Result<void> written = WriteResult(group.folder, result); !written) return written;
  on_news({.simulated_s = 0, .cell = cell.name});
  return {};
}

Result<void> RunWholes(const CellGroup& group, const std::function<void(const GroupNews&)>& on_news) {
  const Result<RunInputs> inputs = LoadRequestInputs(group.run);
  if (!inputs) return inputs.error();
  for (const MatrixCell& cell : group.cells) {
    if (!IsUndone(group, cell)) continue;
    if (const Result<void> run = RunWhole(group, cell, *inputs, on_news); !run) return run;
    if (InterruptRequested() && !AllDone(group)) return LeftUndone(group, "interrupted");
  }
  return {};
}

}  // namespace

std::string ToJson(const CellGroup& group) {
  Json json = {{"run", Json::parse(ToJson(group.run))},
               {"folder", group.folder},
               {"keep", static_cast<int>(group.keep)},
               {"cells", Json::array()}};
  for (const MatrixCell& cell : group.cells) json["cells"].push_back(ToJsonObject(cell));
  return json.dump(1);
}

Result<CellGroup> ReadGroup(const std::string& path) {
  const Result<std::string> text = ReadTextFile(path, kGroupBytesMax);
  if (!text) return text.error();
  const Json json = Json::parse(*text);  // Written by ourselves: a failure is a bug, and throws.
  CellGroup group;
  group.run = RunRequestFromJson(json.at("run").dump());
  group.folder = json.at("folder");
  group.keep = static_cast<KeepRecordings>(json.at("keep").get<int>());
  for (const Json& cell : json.at("cells")) group.cells.push_back(CellFrom(cell));
  return group;
}

Result<void> WorkOnGroup(const CellGroup& group, const std::function<void(const GroupNews&)>& on_news) {
  if (group.run.kind != ToWord(FirmwareKind::kLibrary)) return RunWholes(group, on_news);
  const std::string path = group.folder + "/work/" + group.cells.front().name + "-" + std::to_string(getpid()) + ".json";
  std::FILE* file = std::fopen(path.c_str(), "wb");
  const std::string text = ToJson(group);
  const bool written = file != nullptr && std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if ((file != nullptr && std::fclose(file) != 0) || !written) return Error::Environment("cannot write '" + path + "'");
  Result<void> done = RunBranches(group, path, on_news);
  std::error_code ignored;
  fs::remove(path, ignored);
  return done;
}

std::optional<GroupNews> NewsFromLine(const std::string& line) {
  const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || (!json.contains("simulated_s") && !json.contains("cell"))) return std::nullopt;
  return GroupNews{json.value("simulated_s", 0.0), json.value("cell", "")};
}

int RunGroupProcess(const std::string& path) {
  const InterruptNote interrupt_note;
  const auto say = [](const Json& json) {
    std::printf("%s\n", json.dump(-1, ' ', false, Json::error_handler_t::replace).c_str());
    std::fflush(stdout);
  };
  const Result<CellGroup> group = ReadGroup(path);
  const Result<void> done = group ? WorkOnGroup(*group, [&](const GroupNews& news) {
    if (news.cell.empty()) return say({{"simulated_s", news.simulated_s}});
    say({{"cell", news.cell}});
  }) : Result<void>(group.error());
  if (done) return 0;
  say({{"problem", ToString(done.error())}, {"bad_input", done.error().code == ErrorCode::kBadInput}});
  return done.error().code == ErrorCode::kBadInput ? 2 : 3;
}

}  // namespace dustproof
