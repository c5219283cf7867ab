#include <benchmark/benchmark.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "hil/cli/bench_board.h"
#include "hil/cli/bench_hal.h"
#include "hil/cli/bench_matrix.h"
#include "hil/cli/commands.h"
#include "hil/cli/console.h"
#include "hil/matrix/cell_group.h"
#include "hil/run/inputs.h"
#include "hil/run/run_scenario.h"
#include "hil/run/supervisor.h"
#include "sim/engine/engine.h"
#include "sim/robot/robot.h"
#include "sim/world/world.h"

// Figures of speed as ratios within one run of this program: machines are noisy, so every figure is
// a median.
namespace dustproof {
namespace {

namespace fs = std::filesystem;
using Figures = std::map<std::string, double>;

// A robot that drives about the first run's home with its lidar on, without firmware: one simulated
// second an iteration.
void SimulateSecond(benchmark::State& state) {
  const Result<RunInputs> inputs =
      LoadRunInputs({DataRoot() + "/scenarios/first_run.yaml", "", "", {}});
  if (!inputs) {
    state.SkipWithError(ToString(inputs.error()).c_str());
    return;
  }
  const Seed seed(1);
  World world(inputs->plan);
  EventQueue events;
  Robot robot(inputs->robot,
              {&world.physics(), &world.rays(), &world.floor(), nullptr, world.dock_face()}, seed,
              StartPose(inputs->plan, inputs->robot.body.radius_m));
  Engine engine(&events, &world.physics(), &robot);
  robot.StartSensors(&events);
  robot.SetLidarEnabled(events.now(), true);
  RandomStream driver = seed.Stream("bench.driver");
  double left = -0.2, right = -0.2;
  engine.Every(SimDuration::Milliseconds(50), EventSource::kFirmware, [&] {
    if (driver.Chance(0.03)) left = driver.Uniform(-0.3, 0.3), right = driver.Uniform(-0.3, 0.3);
    robot.SetWheelVelocity(events.now(), left, right);
  });
  for (auto _ : state) engine.RunUntil(events.now() + SimDuration::Seconds(1));
}
BENCHMARK(SimulateSecond)->Unit(benchmark::kMillisecond)->Repetitions(5)->MinTime(1.0);

// Keeps Google Benchmark's medians, prints nothing.
class MedianReporter : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.run_type == Run::RT_Aggregate && run.aggregate_name == "median")
        medians[run.run_name.function_name] = run.GetAdjustedRealTime();
    }
  }
  Figures medians;
};

double MillisecondsOf(const std::string& word) {
  std::vector<double> times;
  for (int i = 0; i < 9; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    const pid_t pid = fork();
    if (pid == 0) {
      if (freopen("/dev/null", "w", stdout) == nullptr) _exit(1);
      const std::string program = fs::read_symlink("/proc/self/exe").parent_path() / "dustproof";
      execl(program.c_str(), "dustproof", word.c_str(), nullptr);
      _exit(127);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    times.push_back(
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin)
            .count());
  }
  return Median(times);
}

Result<void> BenchRuns(Figures* figures) {
  const std::string folder =
      fs::temp_directory_path() / ("dustproof-bench-" + std::to_string(getpid()));
  const ScenarioRunOptions options{.scenario = DataRoot() + "/scenarios/first_run.yaml",
                                   .seed = {},
                                   .consent = "",
                                   .home = "",
                                   .firmware = "",
                                   .kind = "",
                                   .until = {},
                                   .out = folder};
  const RunObserver quiet{[](auto&&...) {}, [](auto&&...) {}, [](auto&&...) {}, [](auto&&...) {}};
  const Result<ScenarioResult> result = RunScenario(options, quiet);
  std::error_code ignored;
  fs::remove_all(folder, ignored);
  if (!result) return result.error();
  double slowest = 1e9, share = 0;
  for (const ScenarioRun& run : result->runs) {
    const RunOutcome& o = run.outcome;
    (*figures)["rtf_" + run.consent] = o.sim_s / o.wall_s;
    slowest = std::min(slowest, o.sim_s / o.wall_s);
    share = std::max(share, 1 - o.cpu_share.firmware - o.cpu_share.audit);
  }
  (*figures)["rtf_slowest"] = slowest;
  (*figures)["simulator_cpu_share"] = share;
  rusage usage{};
  getrusage(RUSAGE_CHILDREN, &usage);
  (*figures)["peak_memory_mb"] = static_cast<double>(usage.ru_maxrss) / 1024;
  return {};
}

Result<void> BenchSim(Figures* figures) {
  (*figures)["help_ms"] = MillisecondsOf("--help");
  MedianReporter reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  if (reporter.medians.count("SimulateSecond"))
    (*figures)["rtf_without_firmware"] = 1000 / reporter.medians["SimulateSecond"];
  return BenchRuns(figures);
}

int Main(int argc, char** argv) {
  CLI::App app("Figures of speed, as ratios in one run", "dustproof-bench");
  std::string only;
  bool json = false;
  app.add_option("--only", only, "One group: hal, board, matrix, sim; without it, all of them");
  app.add_flag("--json", json, "One flat object on stdout, key to number");
  CLI11_PARSE(app, argc, argv);
  using Group = std::pair<const char*, Result<void> (*)(Figures*)>;
  // What forks comes before what starts threads or keeps much in memory.
  constexpr Group kGroups[] = {{"hal", BenchHal}, {"board", BenchBoard}, {"matrix", BenchMatrix}, {"sim", BenchSim}};
  Figures figures;
  bool known = only.empty();
  for (const auto& [name, measure] : kGroups) {
    known |= only == name;
    if (!only.empty() && only != name) continue;
    if (const Result<void> done = measure(&figures); !done) return PrintError(done.error());
  }
  if (!known) return PrintError(Error::BadInput("--only: knows hal, board, matrix and sim, not '" + only + "'"));
  if (json) std::printf("{");
  const char* separator = "";
  for (const auto& [key, value] : figures) {
    std::printf(json ? "%s\n  \"%s\": %.6g" : "%s%-24s %.4g\n", json ? separator : "", key.c_str(),
                value);
    separator = ",";
  }
  if (json) std::printf("\n}\n");
  return kPass;
}

}  // namespace
}  // namespace dustproof

int main(int argc, char** argv) {
  // The runs that this program supervises start it again as their worker.
  if (argc == 3 && std::string(argv[1]) == dustproof::kWorkerWord)
    return dustproof::RunWorker(argv[2]);
  if (argc == 3 && std::string(argv[1]) == dustproof::kBranchesWord) return dustproof::RunBranchesWorker(argv[2]);
  dustproof::EnsurePortableMath(argv);
  if (argc == 3 && std::string(argv[1]) == dustproof::kGroupWord) return dustproof::RunGroupProcess(argv[2]);
  char name[] = "dustproof-bench";
  char* words[] = {name, nullptr};
  int count = 1;
  benchmark::Initialize(&count, words);
  return dustproof::Main(argc, argv);
}
