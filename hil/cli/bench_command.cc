#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <nlohmann/json.hpp>

#include "hil/bench/bench_file.h"
#include "hil/bench/bench_state.h"
#include "hil/run/soak.h"
#include "hil/cli/commands.h"
#include "hil/cli/console.h"
#include "hil/cli/flag_values.h"
#include "hil/run/bench_run.h"

namespace dustproof {
namespace {

using Json = nlohmann::ordered_json;

struct BenchFlags {
  SoakOptions soak;
  std::string name, word, reason, wait = "0s", until, seed;
  bool force = false, json = false;
};

std::string DefaultBenchFile() {
  const char* named = std::getenv("DUSTPROOF_BENCH");
  return named != nullptr && *named != '\0' ? named : "bench.yaml";
}

struct Opened {
  BenchFile file;
  BenchState state;
};

Result<Opened> Open(const BenchFlags& flags) {
  Result<BenchFile> file = LoadBenchFile(flags.soak.bench);
  if (!file) return file.error();
  Result<BenchState> state = BenchState::At(file->state);
  if (!state) return state.error();
  return Opened{std::move(*file), std::move(*state)};
}

Result<const BoardSpec*> Named(const BenchFile& file, const std::string& name) {
  if (const BoardSpec* board = file.Find(name)) return board;
  std::string known;
  for (const BoardSpec& board : file.boards) known += (known.empty() ? "" : ", ") + board.name;
  return Error::BadInput("no board is named '" + name + "'; the bench has " + known);
}

std::string AgeOf(int64_t since_unix_s) {
  const int64_t s = std::max<int64_t>(0, time(nullptr) - since_unix_s);
  if (s < 120) return std::to_string(s) + " s";
  if (s < 7200) return std::to_string(s / 60) + " min";
  return std::to_string(s / 3600) + " h";
}

void PrintJson(const Json& rows) { std::printf("%s\n", rows.dump(2, ' ', false, Json::error_handler_t::replace).c_str()); }

int List(const BenchFlags& flags) {
  Result<Opened> bench = Open(flags);
  if (!bench) return PrintError(bench.error());
  Json rows = Json::array();
  for (const BoardSpec& spec : bench->file.boards) {
    const Result<BenchState::Board> board = bench->state.Look(spec.name);
    if (!board) return PrintError(board.error());
    Json row = {{"name", spec.name}, {"labels", spec.labels}, {"link", spec.link}, {"well", board->health.well}, {"problem", board->health.problem}};
    std::string text = spec.name + "  " + (board->lock ? "held by " + board->lock->owner : "free");
    if (board->lock) {
      row["lock"] = {{"owner", board->lock->owner}, {"reason", board->lock->reason}, {"since_unix_s", board->lock->since_unix_s}, {"pid", board->lock->pid}};
      text += " for " + AgeOf(board->lock->since_unix_s) + (board->lock->reason.empty() ? "" : ": " + board->lock->reason);
    }
    if (!board->health.well) text += "  not well: " + board->health.problem;
    for (const std::string& label : spec.labels) text += "  [" + label + "]";
    if (!flags.json) std::printf("%s\n", text.c_str());
    rows.push_back(row);
  }
  if (flags.json) PrintJson(rows);
  return kPass;
}

// Somebody else's board is not switched or probed under their hands.
Result<void> RefuseHeld(BenchState& state, const std::string& name, bool force) {
  const Result<std::string> other = state.HeldByOther(name);
  if (!other) return other.error();
  if (other->empty() || force) return {};
  return Error::Environment(name + " is held by " + *other + "; --force does it all the same");
}

// What is wrong with a board; "" for nothing.
std::string Probe(const BenchFile& bench, const BoardSpec& board) {
  const Result<std::string> probed = board.probe ? CommandBoard(bench, board, "probe") : std::string();
  const Result<void> plugged = probed ? FindSerialDevices(board) : probed.error();
  std::string problem = plugged ? "" : ToString(plugged.error());
  while (problem.ends_with('\n')) problem.pop_back();
  return problem;
}

Json CheckRow(const BoardSpec& spec, const BoardHealth& health, const std::string& unchecked) {
  Json row = {{"name", spec.name}, {"well", health.well}, {"problem", health.problem}, {"probed", spec.probe.has_value()}, {"checked_unix_s", nullptr}, {"unchecked", unchecked}};
  if (health.since_unix_s > 0) row["checked_unix_s"] = health.since_unix_s;
  return row;
}

int Check(const BenchFlags& flags) {
  Result<Opened> bench = Open(flags);
  if (!bench) return PrintError(bench.error());
  if (!flags.name.empty()) {
    if (const auto named = Named(bench->file, flags.name); !named) return PrintError(named.error());
  }
  int code = kPass;
  Json rows = Json::array();
  for (const BoardSpec& board : bench->file.boards) {
    if (!flags.name.empty() && board.name != flags.name) continue;
    const Result<void> free = RefuseHeld(bench->state, board.name, flags.force);
    if (free) {
      const std::string problem = Probe(bench->file, board);
      if (const Result<void> set = bench->state.SetHealth(board.name, {.well = problem.empty(), .problem = problem}); !set) return PrintError(set.error());
      if (!flags.json) std::printf("%s  %s\n", board.name.c_str(), problem.empty() ? (board.probe ? "well" : "taken for well: it has no probe") : problem.c_str());
      if (!problem.empty()) code = kEnvironment;
    } else {
      code = PrintError(free.error());
    }
    const Result<BenchState::Board> now = bench->state.Look(board.name);
    if (!now) return PrintError(now.error());
    rows.push_back(CheckRow(board, now->health, free ? "" : free.error().diagnostics.front().message));
  }
  if (flags.json) PrintJson(rows);
  return code;
}

int Lock(const BenchFlags& flags) {
  Result<Opened> bench = Open(flags);
  if (!bench) return PrintError(bench.error());
  if (const auto named = Named(bench->file, flags.name); !named) return PrintError(named.error());
  const Result<BenchState::Lease> lease = bench->state.Lock(flags.name, flags.reason);
  if (!lease) return PrintError(lease.error());
  if (!lease->reclaimed.empty()) std::fprintf(stderr, "taken over from %s, which has died\n", lease->reclaimed.c_str());
  return kPass;
}

int Unlock(const BenchFlags& flags) {
  Result<Opened> bench = Open(flags);
  if (!bench) return PrintError(bench.error());
  if (const auto named = Named(bench->file, flags.name); !named) return PrintError(named.error());
  const Result<void> freed = bench->state.Unlock(flags.name, flags.force);
  return freed ? kPass : PrintError(freed.error());
}

int Power(const BenchFlags& flags) {
  Result<Opened> bench = Open(flags);
  if (!bench) return PrintError(bench.error());
  const auto board = Named(bench->file, flags.name);
  if (!board) return PrintError(board.error());
  if (const Result<void> free = RefuseHeld(bench->state, flags.name, flags.force); !free) return PrintError(free.error());
  std::vector<std::string> words = {"power_" + flags.word};
  if (flags.word == "cycle" && !(*board)->power_cycle) words = {"power_off", "power_on"};
  for (const std::string& word : words) {
    if (const Result<std::string> done = CommandBoard(bench->file, **board, word); !done) return PrintError(done.error());
  }
  return kPass;
}

int Run(const BenchFlags& flags) {
  SoakOptions options = flags.soak;
  const auto until = UntilOf(flags.until);
  if (!until) return PrintError(until.error());
  options.run.until = *until;
  const auto seed = SeedOf(flags.seed);
  if (!seed) return PrintError(seed.error());
  options.run.seed = *seed;
  const auto wait = WaitOf(flags.wait);
  if (!wait) return PrintError(wait.error());
  options.wait = *wait;
  options.tell = [](const std::string& text) { std::fprintf(stderr, "%s\n", text.c_str()); };
  const Result<std::vector<SoakRow>> rows = Soak(options);
  if (!rows) return PrintError(rows.error());
  if (flags.json) std::printf("%s\n", RenderSoakJson(*rows).c_str());
  int passed = 0;
  for (const SoakRow& row : *rows) passed += row.exit_code == 0;
  if (!flags.json) std::printf("%d of %zu runs pass\n", passed, rows->size());
  return ExitCodeOf(*rows);
}

void AddRun(CLI::App& bench, const std::shared_ptr<BenchFlags>& flags, int& exit_code) {
  CLI::App* run = bench.add_subcommand("run", "Runs a scenario on boards, in real time");
  run->footer("Exit codes: 0 pass, 1 findings or a firmware that died, 2 bad input, 3 a fault of the bench.\n\n"
              "Example:\n  dustproof bench run scenarios/first_run.yaml --label vacuum --all --repeat 10 --wait 10m");
  SoakOptions& soak = flags->soak;
  run->add_option("scenario", soak.run.scenario, "Scenario file")->required()->type_name("FILE");
  run->add_option("--board", soak.boards, "A board by name, instead of labels")->type_name("NAME");
  run->add_option("--label", soak.labels, "A label that the board must have, instead of the scenario's")->type_name("LABEL");
  run->add_flag("--all", soak.all, "Every such board at once, rather than the first that is free");
  run->add_option("--repeat", soak.repeat, "So many runs on each board; each run has a seed of its own, counted up from the scenario's or --seed")->check(CLI::Range(1, 100000))->type_name("N");
  run->add_option("--wait", flags->wait, "How long to wait for a board that is held, e.g. 10min")->type_name("TIME");
  run->add_option("--firmware", soak.run.firmware, "The program that the boards shall run: a name or a file")->type_name("NAME|FILE");
  run->add_option("--consent", soak.run.consent, "One consent configuration by name");
  run->add_option("--until", flags->until, "Ends each run at this simulated time")->type_name("TIME");
  run->add_option("--seed", flags->seed, "Seed, instead of the scenario's")->type_name("N");
  run->add_option("--out", soak.run.out, "Folder for the results, new or empty; default: a fresh one under runs/")->type_name("DIR");
  run->add_flag("--json", flags->json, "The rows of bench.json on stdout");
  run->callback([flags, &exit_code] { exit_code = Run(*flags); });
}

}  // namespace

void AddBenchCommand(CLI::App& app, int& exit_code) {
  CLI::App* bench = app.add_subcommand("bench", "Boards of a bench: list, check, lock, power, run (bench.yaml)");
  bench->require_subcommand(1);
  const auto flags = std::make_shared<BenchFlags>();
  flags->soak.bench = DefaultBenchFile();
  bench->add_option("--bench", flags->soak.bench, "The bench file; default: $DUSTPROOF_BENCH, else bench.yaml")->type_name("FILE");
  const auto add = [&](const char* word, const char* what, int (*run)(const BenchFlags&)) {
    CLI::App* command = bench->add_subcommand(word, what);
    command->callback([flags, run, &exit_code] { exit_code = run(*flags); });
    return command;
  };
  add("list", "Every board: who holds it, and is it well", List)->add_flag("--json", flags->json, "An object a board on stdout");
  CLI::App* check = add("check", "Probes the boards; one that failed is used again once it passes", Check);
  check->add_option("name", flags->name, "Only this one");
  check->add_flag("--force", flags->force, "Also where somebody else holds it");
  check->add_flag("--json", flags->json, "An object a board on stdout");
  CLI::App* lock = add("lock", "Keeps a board for you", Lock);
  lock->add_option("name", flags->name, "Of the board")->required();
  lock->add_option("--reason", flags->reason, "For those who would like it");
  CLI::App* unlock = add("unlock", "Gives it back", Unlock);
  unlock->add_option("name", flags->name, "Of the board")->required();
  unlock->add_flag("--force", flags->force, "Also where somebody else holds it");
  CLI::App* power = add("power", "Switches a board", Power);
  power->add_option("name", flags->name, "Of the board")->required();
  power->add_flag("--force", flags->force, "Also where somebody else holds it");
  power->add_option("word", flags->word, "on, off or cycle")->required()->check(CLI::IsMember({"on", "off", "cycle"}));
  AddRun(*bench, flags, exit_code);
}

}  // namespace dustproof
