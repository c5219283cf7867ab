#include "hil/cli/bench_real_time.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "hil/cli/console.h"
#include "hil/run/run_scenario.h"

namespace dustproof {
namespace {

namespace fs = std::filesystem;

constexpr double kPeriodMs = 10;
constexpr double kMissedMax = 0.001;  // Of those that still count as kept.
constexpr int kBoardsMax = 8;

// The share of activations whose answer took longer than the period, host and board together.
Result<double> MissedDeadlines(const std::string& folder, SimDuration until) {
  const ScenarioRunOptions options{.scenario = DataRoot() + "/scenarios/first_run.yaml",
                                   .seed = {},
                                   .consent = "policy_refused",
                                   .home = "",
                                   .firmware = DUSTPROOF_BENCH_CONTROL,
                                   .kind = "board",
                                   .until = until,
                                   .out = folder};
  const RunObserver quiet{[](auto&&...) {}, [](auto&&...) {}, [](auto&&...) {}, [](auto&&...) {}};
  const Result<ScenarioResult> result = RunScenario(options, quiet);
  if (!result) return result.error();
  const ScenarioRun& run = result->runs.front();
  if (!run.report || !run.report->real_time || run.outcome.end != RunEnd::kDuration)
    return Error::Environment("no run in real time: " + run.outcome.diagnosis);
  uint64_t activations = 0, missed = 0;
  const RealTimeResult& real_time = *run.report->real_time;
  for (size_t i = 1; i < real_time.latencies.size(); ++i) {  // The first is the link's own.
    const Latency& task = real_time.latencies[i];
    activations += task.count;
    for (size_t bin = 0; bin < task.bins.size(); ++bin) {
      if (bin >= std::size(Latency::kEdgesMs) || Latency::kEdgesMs[bin] > kPeriodMs) missed += task.bins[bin];
    }
  }
  const double expected = until.seconds() * 1000 / kPeriodMs;
  if (static_cast<double>(activations) < expected * 0.5) return Error::Environment("the control loop ran at less than half its rate");
  // What never came is missed as well.
  const double lost = std::max(0.0, expected * 0.99 - static_cast<double>(activations));
  return (static_cast<double>(missed) + lost) / expected;
}

// The worst of `count` boards side by side.
Result<double> WorstOf(int count, const std::string& folder, SimDuration until) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return Error::Environment("pipe: no more files");
  for (int i = 0; i < count; ++i) {
    if (fork() != 0) continue;
    const Result<double> missed = MissedDeadlines(folder + "/" + std::to_string(count) + "-" + std::to_string(i), until);
    if (!missed) PrintError(missed.error());
    const double value = missed ? *missed : 1;
    _exit(write(ends[1], &value, sizeof value) == sizeof value ? 0 : 1);
  }
  close(ends[1]);
  double worst = 0, value = 0;
  int answers = 0;
  for (; read(ends[0], &value, sizeof value) == sizeof value; ++answers) worst = std::max(worst, value);
  close(ends[0]);
  for (int i = 0; i < count; ++i) wait(nullptr);
  if (answers != count) return Error::Environment("a run in real time ended early; see above");
  return worst;
}

}  // namespace

Result<void> BenchRealTime(std::map<std::string, double>* figures) {
  std::string folder = fs::temp_directory_path() / "dustproof-bench-XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) return Error::Environment("cannot make a folder for results");
  Result<double> missed = WorstOf(1, folder, SimDuration::Seconds(60));
  if (missed) (*figures)["missed_deadlines"] = *missed;
  int boards = missed && *missed <= kMissedMax ? 1 : 0;
  for (int count = 2; missed && boards == count / 2 && count <= kBoardsMax; count *= 2) {
    missed = WorstOf(count, folder, SimDuration::Seconds(20));
    if (missed && *missed <= kMissedMax) boards = count;
  }
  std::error_code ignored;
  fs::remove_all(folder, ignored);
  if (!missed) return missed.error();
  (*figures)["boards_per_host"] = boards;
  return {};
}

}  // namespace dustproof
