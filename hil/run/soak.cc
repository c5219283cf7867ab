#include "hil/run/soak.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>

#include "hil/bench/bench_file.h"
#include "hil/bench/bench_state.h"
#include "hil/run/bench_run.h"
#include "hil/run/inputs.h"
#include "hil/run/supervisor.h"

namespace dustproof {
namespace {

namespace fs = std::filesystem;

RunObserver QuietObserver() {
  return {.on_start = [](auto&&...) {}, .on_progress = [](auto&&...) {}, .on_run_end = [](auto&&...) {}, .on_stage = [](auto&&...) {}};
}

// The board, for as long as this lives: its lock here, and the reservation of the bench's own tool.
class HeldBoard {
 public:
  static Result<std::unique_ptr<HeldBoard>> Take(const BenchFile& bench, const std::vector<std::string>& names, const SoakOptions& options) {
    Result<BenchState> state = BenchState::At(bench.state);
    if (!state) return state.error();
    const Result<BenchState::Lease> lease =
        state->Acquire(names, "runs " + options.run.scenario, options.wait, [&](const std::string& why) { options.tell("waits for a board: " + why); },
                       InterruptRequested);
    if (!lease) return lease.error();
    if (!lease->reclaimed.empty()) options.tell(lease->board + ": taken over from " + lease->reclaimed + ", which has died");
    std::unique_ptr<HeldBoard> held(new HeldBoard(bench, *bench.Find(lease->board), std::move(*state), options.tell));
    if (!bench.reserves_elsewhere) return held;
    if (const Result<std::string> acquired = CommandBoard(bench, held->board(), "acquire", held->Hooks()); !acquired) return acquired.error();
    held->is_reserved_ = true;
    return held;
  }
  ~HeldBoard() {
    if (is_reserved_ && board_.release) {
      if (const Result<std::string> released = CommandBoard(bench_, board_, "release"); !released) tell_(ToString(released.error()));
    }
    if (const Result<void> freed = state_.Unlock(board_.name, /*force=*/false); !freed) tell_(ToString(freed.error()));
  }
  HeldBoard(const HeldBoard&) = delete;
  HeldBoard& operator=(const HeldBoard&) = delete;

  const BoardSpec& board() const { return board_; }
  BenchState& state() { return state_; }
  CommandHooks Hooks() {
    return {.on_group = [this](pid_t group) { state_.NoteCommand(board_.name, group); }, .stop_requested = InterruptRequested};
  }

 private:
  HeldBoard(const BenchFile& bench, const BoardSpec& board, BenchState state, const BenchTeller& tell)
      : bench_(bench), board_(board), state_(std::move(state)), tell_(tell) {}

  const BenchFile& bench_;
  const BoardSpec& board_;
  BenchState state_;
  const BenchTeller& tell_;
  bool is_reserved_ = false;
};

std::string MessageOf(const BenchRunResult& result) {
  if (!result.fault.empty()) return result.fault;
  for (const ScenarioRun& run : result.result->runs) {
    if (!run.problem.empty()) return run.problem;
    if (!run.outcome.diagnosis.empty()) return run.consent + ": " + run.outcome.diagnosis.substr(0, run.outcome.diagnosis.find('\n'));
    if (run.report && run.report->failed()) return run.consent + ": see " + result.result->report_html;
  }
  return result.result->interrupted ? "interrupted" : "";
}

std::string WordOf(int exit_code) { return exit_code == 0 ? "pass" : exit_code == 1 ? "fail" : "fault of the bench"; }

// One board's runs, one after another.
Result<std::vector<SoakRow>> SoakBoard(const BenchFile& bench, const std::vector<std::string>& names, const SoakOptions& options) {
  const auto held = HeldBoard::Take(bench, names, options);
  if (!held && held.error().code == ErrorCode::kBadInput) return held.error();
  if (!held) options.tell((names.size() == 1 ? names.front() + ": " : "") + ToString(held.error()));
  if (!held) return std::vector<SoakRow>{{.board = names.size() == 1 ? names.front() : "none", .message = ToString(held.error()), .build_id = "", .folder = ""}};
  const BoardSpec& board = (*held)->board();
  std::vector<SoakRow> rows;
  for (int i = 1; i <= options.repeat && !InterruptRequested(); ++i) {
    ScenarioRunOptions run = options.run;
    run.out = options.run.out + "/" + board.name + (options.repeat > 1 ? "-" + std::to_string(i) : "");
    // Nothing that one run planted may be taken for another's.
    run.seed = *options.run.seed + static_cast<uint64_t>(i - 1) * bench.boards.size() + static_cast<uint64_t>(&board - bench.boards.data());
    const Result<BenchRunResult> result = RunOnBoard(bench, board, run, QuietObserver(), options.tell, (*held)->Hooks());
    if (!result) return result.error();
    SoakRow row{.board = board.name,
                 .repetition = i,
                 .exit_code = result->exit_code(),
                 .message = "",
                 .build_id = result->build_id,
                 .in_factory_state = result->in_factory_state,
                 .folder = result->result ? run.out : ""};
    if (row.exit_code != 0) row.message = MessageOf(*result);
    options.tell(board.name + " " + std::to_string(i) + "/" + std::to_string(options.repeat) + ": " + WordOf(row.exit_code) +
        (row.message.empty() ? "" : ": " + row.message));
    rows.push_back(row);
    if (result->fault.empty()) continue;
    (void)(*held)->state().SetHealth(board.name, {.well = false, .problem = result->fault.substr(0, result->fault.find('\n'))});
    break;  // Until somebody has looked at it.
  }
  return rows;
}

// Each board's runs in a process of its own, all at once.
Result<std::vector<SoakRow>> SoakSideBySide(const BenchFile& bench, const std::vector<std::string>& names, const SoakOptions& options) {
  std::vector<std::pair<std::string, pid_t>> children;
  for (const std::string& name : names) {
    const std::string path = options.run.out + "/" + name + ".json";
    const pid_t child = fork();
    if (child != 0) {
      children.emplace_back(name, child);
      continue;
    }
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    const Result<std::vector<SoakRow>> rows = SoakBoard(bench, {name}, options);
    std::ofstream(path) << (rows ? RenderSoakJson(*rows) : RenderSoakJson({{.board = name, .message = ToString(rows.error()), .build_id = "", .folder = ""}}));
    _exit(0);
  }
  std::vector<SoakRow> all;
  for (const auto& [name, child] : children) {
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    const std::string path = options.run.out + "/" + name + ".json";
    const Result<std::string> text = ReadTextFile(path, 8 << 20);
    const std::vector<SoakRow> rows = text ? SoakRowsFromJson(*text) : std::vector<SoakRow>();
    all.insert(all.end(), rows.begin(), rows.end());
    if (rows.empty()) all.push_back({.board = name, .message = "its process ended before it had a result", .build_id = "", .folder = ""});
    unlink(path.c_str());
  }
  return all;
}

Result<std::vector<std::string>> ChooseBoards(const BenchFile& bench, const SoakOptions& options, const RunInputs& inputs) {
  for (const std::string& name : options.boards) {
    if (bench.Find(name) != nullptr) continue;
    std::string known;
    for (const BoardSpec& board : bench.boards) known += (known.empty() ? "" : ", ") + board.name;
    return Error::BadInput(options.bench + ": knows no board '" + name + "'; it has " + known);
  }
  if (!options.boards.empty()) return options.boards;
  std::vector<std::string> labels = options.labels;
  if (labels.empty()) labels = inputs.scenario.board_labels;
  std::vector<std::string> names = bench.WithLabels(labels);
  if (!names.empty()) return names;
  std::string wanted;
  for (const std::string& label : labels) wanted += (wanted.empty() ? "" : ", ") + label;
  return Error::BadInput(options.bench + ": no board has all of these labels: " + wanted);
}

Result<void> WriteText(const std::string& path, const std::string& text) {
  std::ofstream file(path);
  file << text;
  if (!file.flush()) return Error::Environment("cannot write " + path);
  return {};
}

}  // namespace

Result<std::vector<SoakRow>> Soak(SoakOptions options) {
  const Result<BenchFile> bench = LoadBenchFile(options.bench);
  if (!bench) return bench.error();
  const Result<RunInputs> inputs = LoadRunInputs({options.run.scenario, options.run.home, options.run.firmware, options.run.seed, "board"});
  if (!inputs) return inputs.error();
  options.run.seed = inputs->seed;
  const Result<std::vector<std::string>> names = ChooseBoards(*bench, options, *inputs);
  if (!names) return names.error();
  const std::string scenario = fs::path(options.run.scenario).stem();
  const Result<std::string> folder = MakeResultFolder(options.run.out, scenario + "-bench");
  if (!folder) return folder.error();
  options.run.out = *folder;
  options.tell("into " + *folder);
  const InterruptNote note;
  const bool side_by_side = names->size() > 1 && (options.all || !options.boards.empty());
  const Result<std::vector<SoakRow>> rows = side_by_side ? SoakSideBySide(*bench, *names, options) : SoakBoard(*bench, *names, options);
  if (!rows) return rows;
  if (Result<void> written = WriteText(*folder + "/bench.json", RenderSoakJson(*rows) + "\n"); !written) return written.error();
  if (Result<void> written = WriteText(*folder + "/junit.xml", RenderSoakJunit(scenario, *rows)); !written) return written.error();
  return rows;
}

}  // namespace dustproof
