#include "hil/cli/bench_matrix.h"

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <vector>

#include "hil/cli/bench_hal.h"
#include "hil/cli/console.h"
#include "hil/matrix/matrix.h"
#include "hil/run/run_scenario.h"
#include "hil/run/scratch_folder.h"
#include "hil/withdraw/withdraw.h"
#include "sim/config/number.h"

namespace dustproof {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr double kSetAt = 0.9;  // Of the cleaning: when the configurations part.
constexpr size_t kConfigurations = 128;
constexpr int kWithdrawals = 200;
constexpr int kForks = 9;
constexpr size_t kForkedBytes = 100 << 20;

double SecondsSince(Clock::time_point begin) { return std::chrono::duration<double>(Clock::now() - begin).count(); }

std::string Scenario() { return DataRoot() + "/scenarios/first_run.yaml"; }
std::string Home() { return DataRoot() + "/scenarios/homes/studio.yaml"; }

struct Timed {
  double wall_s = 0, sim_s = 0;
};

// One whole run of a short cleaning, audit included, as `dustproof run` makes it; the report's page is not.
Result<Timed> WholeRun(const std::string& folder, const std::string& answers) {
  const ScenarioRunOptions options{.scenario = Scenario(), .seed = {}, .consent = "", .answers = answers, .home = Home(),
                                   .firmware = "", .kind = "", .until = {}, .out = folder};
  double report_s = 0;
  Clock::time_point report_at = Clock::now();
  const RunObserver quiet{[](auto&&...) {}, [](auto&&...) {}, [](auto&&...) {}, [&](const std::string& stage) {
                            if (stage == "writing the report") report_at = Clock::now();
                          }};
  const auto begin = Clock::now();
  const Result<ScenarioResult> result = RunScenario(options, quiet);
  report_s = SecondsSince(report_at);
  const double wall_s = SecondsSince(begin) - report_s;
  if (!result) return result.error();
  const RunOutcome& outcome = result->runs.front().outcome;
  if (outcome.end != RunEnd::kFinished) return Error::Environment("the cleaning did not finish: " + outcome.diagnosis);
  return Timed{wall_s, outcome.sim_s};
}

// Four consents that are set late, to one of four states, four, four and two.
std::string ConsentsFile(const std::string& folder, const std::string& at) {
  const auto levels = [&](const char* consent, int count) {
    std::string text = std::string("  ") + consent + ":";
    for (int i = 0; i < count; ++i) {
      constexpr const char* kStates[] = {"granted", "withdrawn", "denied"};
      text += i == 3 ? " granted" : std::string(" granted/") + kStates[i] + "@" + at;
    }
    return text + "\n";
  };
  const std::string path = folder + "/consents.yaml";
  std::ofstream(path) << "kind: consents\nformat_version: 1\nlevels:\n"
                      << levels("C_MAP_UPLOAD", 4) << levels("C_IMPROVE", 4) << levels("C_DEVID", 4) << levels("C_LOCATION", 2);
  return path;
}

Result<double> MatrixSeconds(const std::string& folder, const std::string& consents, size_t workers) {
  MatrixOptions options;
  options.scenarios = {Scenario()};
  options.home = Home();
  options.consents = consents;
  options.workers = workers;
  options.out = folder + "/matrix-" + std::to_string(workers);
  const MatrixObserver quiet{[](auto&&...) {}, [](auto&&...) {}, [](auto&&...) {}, [](auto&&...) {}};
  const auto begin = Clock::now();
  const Result<MatrixResult> result = RunMatrix(options, quiet);
  const double wall_s = SecondsSince(begin);
  if (!result) return result.error();
  if (result->entries.size() != kConfigurations || result->Count(Passed) != kConfigurations)
    return Error::Environment("the matrix did not pass: " + RenderMatrixSummary(*result));
  return wall_s;
}

// Withdrawals at many instants, each watched for a window, against as much simulated time of a whole run, audit included.
Result<double> WithdrawalsRatio(const std::string& folder, const Timed& whole) {
  WithdrawOptions options;
  options.scenario = Scenario();
  options.home = Home();
  options.consent = "all_granted";
  options.withdrawn = {"C_MAP_UPLOAD"};
  options.instants = kWithdrawals;
  options.to = SimDuration::FromSeconds(whole.sim_s) - options.window;  // Every window is a whole one.
  options.workers = 1;
  options.out = folder + "/withdrawals";
  const MatrixObserver quiet{[](auto&&...) {}, [](auto&&...) {}, [](auto&&...) {}, [](auto&&...) {}};
  const auto begin = Clock::now();
  const Result<WithdrawResult> result = RunWithdrawals(options, quiet);
  const double wall_s = SecondsSince(begin);
  if (!result) return result.error();
  const double simulated_s = static_cast<double>(result->withdrawals.size()) * options.window.seconds();
  return wall_s / (simulated_s * whole.wall_s / whole.sim_s);
}

// Five minutes stepped from Python at 100 Hz, in seconds.
Result<double> SteppedSeconds(const std::string& folder, int number) {
  const std::string script =
      "import sys, time, dustproof\n"
      "with dustproof.Simulation(sys.argv[1], consent='all_granted', out=sys.argv[2]) as simulation:\n"
      "    begin = time.perf_counter()\n"
      "    for _ in range(30000): simulation.step(0.01)\n"
      "    print(time.perf_counter() - begin)\n";
  const std::string program = fs::read_symlink("/proc/self/exe").parent_path();
  const std::string command = "env -u GLIBC_TUNABLES PYTHONPATH='" + program + "/../python' DUSTPROOF='" + program + "/dustproof' /usr/bin/python3 -c \"" + script +
                              "\" '" + Scenario() + "' '" + folder + "/stepped-" + std::to_string(number) + "'";
  std::FILE* pipe = popen(command.c_str(), "r");
  double seconds = 0;
  const bool read = pipe != nullptr && std::fscanf(pipe, "%lf", &seconds) == 1;
  if (pipe == nullptr || pclose(pipe) != 0 || !read) return Error::Environment("the run could not be stepped from Python");
  return seconds;
}

Result<double> PythonStep(const std::string& folder) {
  std::vector<double> ratios;
  for (int i = 0; i < 3; ++i) {
    const ScenarioRunOptions options{.scenario = Scenario(), .seed = {}, .consent = "all_granted", .home = "", .firmware = "", .kind = "",
                                     .until = SimDuration::Seconds(300), .out = folder + "/unstepped-" + std::to_string(i)};
    const RunObserver quiet{[](auto&&...) {}, [](auto&&...) {}, [](auto&&...) {}, [](auto&&...) {}};
    const Result<ScenarioResult> plain = RunScenario(options, quiet);
    if (!plain) return plain.error();
    const Result<double> stepped = SteppedSeconds(folder, i);
    if (!stepped) return stepped.error();
    ratios.push_back(*stepped / plain->runs.front().outcome.wall_s);
  }
  return Median(ratios);
}

// A process of 100 MB forks, the child touches a tenth of it and ends.
double BranchMilliseconds() {
  std::vector<char> memory(kForkedBytes, 1);
  std::vector<double> times;
  for (int i = 0; i < kForks; ++i) {
    const auto begin = Clock::now();
    const pid_t pid = fork();
    if (pid == 0) {
      for (size_t at = 0; at < memory.size() / 10; at += 4096) memory[at] = 2;
      _exit(0);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    times.push_back(1e3 * SecondsSince(begin));
  }
  return Median(times);
}

}  // namespace

Result<void> BenchMatrix(std::map<std::string, double>* figures) {
  (*figures)["branch_100mb_ms"] = BranchMilliseconds();
  const ScratchFolder scratch("bench");
  if (scratch.path().empty()) return Error::Environment("cannot make a temporary folder");
  std::string answers = "C_POLICY=granted,C_MAP_UPLOAD=granted,C_IMPROVE=granted,C_DEVID=granted,C_LOCATION=granted";
  std::vector<double> wholes;
  Timed last;
  std::string at;
  for (int i = 0; i < 4; ++i) {  // The first says how long a cleaning is, and is no figure.
    const Result<Timed> whole = WholeRun(scratch.path() + "/whole-" + std::to_string(i), answers);
    if (!whole) return whole.error();
    if (i == 0) {
      at = FormatDuration(SimDuration::Seconds(static_cast<int64_t>(kSetAt * whole->sim_s)));
      answers = "C_POLICY=granted,C_MAP_UPLOAD=granted/granted@" + at + ",C_IMPROVE=granted/denied@" + at +
                ",C_DEVID=granted/withdrawn@" + at + ",C_LOCATION=granted/granted@" + at;
    } else {
      wholes.push_back(whole->wall_s);
      last = {Median(wholes), whole->sim_s};
    }
  }
  const std::string consents = ConsentsFile(scratch.path(), at);
  const Result<double> one = MatrixSeconds(scratch.path(), consents, 1);
  if (!one) return one.error();
  const Result<double> two = MatrixSeconds(scratch.path(), consents, 2);
  if (!two) return two.error();
  (*figures)["matrix_share"] = *one / (kConfigurations * Median(wholes));
  (*figures)["two_workers"] = *one / *two;
  const Result<double> withdrawals = WithdrawalsRatio(scratch.path(), last);
  if (!withdrawals) return withdrawals.error();
  (*figures)["withdrawals_ratio"] = *withdrawals;
  const Result<double> stepped = PythonStep(scratch.path());
  if (!stepped) return stepped.error();
  (*figures)["python_step"] = *stepped;
  return {};
}

}  // namespace dustproof
