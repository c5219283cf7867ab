#include "hil/cli/bench_board.h"

#include <unistd.h>

#include <filesystem>
#include <vector>

#include "hil/cli/bench_bridge.h"
#include "hil/cli/bench_hal.h"
#include "hil/cli/bench_real_time.h"
#include "hil/cli/console.h"
#include "hil/run/run_scenario.h"

namespace dustproof {
namespace {

namespace fs = std::filesystem;

constexpr int kPairs = 5;

// Simulated seconds a second of real time, of the first run's beginning.
Result<double> RealTimeFactor(const std::string& kind) {
  const std::string folder =
      fs::temp_directory_path() / ("dustproof-bench-" + std::to_string(getpid()));
  const ScenarioRunOptions options{.scenario = DataRoot() + "/scenarios/first_run.yaml",
                                   .seed = {},
                                   .consent = "all_granted",
                                   .home = "",
                                   .firmware = "",
                                   .kind = kind,
                                   .until = SimDuration::Seconds(200),
                                   .out = folder};
  const RunObserver quiet{[](auto&&...) {}, [](auto&&...) {}, [](auto&&...) {}, [](auto&&...) {}};
  const Result<ScenarioResult> result = RunScenario(options, quiet);
  std::error_code ignored;
  fs::remove_all(folder, ignored);
  if (!result) return result.error();
  const RunOutcome& outcome = result->runs.front().outcome;
  if (outcome.end != RunEnd::kDuration) return Error::Environment(outcome.diagnosis);
  return outcome.sim_s / outcome.wall_s;
}

}  // namespace

Result<void> BenchBoard(std::map<std::string, double>* figures) {
  if (const Result<void> bridge = BenchBridge(figures); !bridge) return bridge.error();
  if (const Result<void> real_time = BenchRealTime(figures); !real_time) return real_time.error();
  std::vector<double> ratios;
  for (int i = 0; i < kPairs; ++i) {
    const Result<double> library = RealTimeFactor("library"), process = RealTimeFactor("process");
    if (!library) return library.error();
    if (!process) return process.error();
    ratios.push_back(*process / *library);
  }
  (*figures)["ipc_vs_inprocess"] = Median(ratios);
  return {};
}

}  // namespace dustproof
