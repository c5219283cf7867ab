#include "hil/cli/bench_hal.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <vector>

#include "hil/cli/console.h"
#include "hil/run/simulate_run.h"
#include "hil/shim/lockstep/boundary.h"
#include "hil/shim/lockstep/crash_reporter.h"
#include "hil/shim/lockstep/lockstep.h"
#include "hil/shim/lockstep/virtual_time.h"

namespace dustproof {
namespace {

namespace fs = std::filesystem;

constexpr int kCallsAnInstant = 100'000;  // As in bench_firmware.c.
constexpr int kInstants = 50;
constexpr int kRunPairs = 21;

/// A drive without a robot, and nobody who listens.
class Nothing final : public DriveDevice, public Deaf {
 public:
  double velocity_m_s_max() const override { return 0.3; }
  void SetVelocity(double, double) override {}
  void SetPwm(double, double) override {}
};

struct Answer {
  double value = -1;
  double cpu_s = 0;  // Of the whole process.
};

/// What `measure` returns in a process of its own: what is installed around firmware stays there.
template <typename Measure>
Result<Answer> InChild(Measure measure) {
  int ends[2];
  if (pipe(ends) != 0) return Error::Environment("pipe: no more files");
  const pid_t child = fork();
  if (child == 0) {
    const double value = measure();
    _exit(write(ends[1], &value, sizeof value) == sizeof value ? 0 : 1);
  }
  close(ends[1]);
  Answer answer;
  const ssize_t count = read(ends[0], &answer.value, sizeof answer.value);
  close(ends[0]);
  rusage usage{};
  int status = 0;
  wait4(child, &status, 0, &usage);
  if (count != sizeof answer.value || status != 0 || answer.value < 0)
    return Error::Environment("a measurement failed; see above");
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  answer.cpu_s = seconds(usage.ru_utime) + seconds(usage.ru_stime);
  return answer;
}

template <typename T>
bool Failed(const Result<T>& result) {
  if (!result) PrintError(result.error());
  return !result.ok();
}

/// Nanoseconds of CPU time for one call of a kind, everything installed as in a run.
double CallNanoseconds(const std::string& kind) {
  EventQueue queue;
  const auto time = VirtualTime::Install(queue, {}, Seed(1));
  const auto reporter = CrashReporter::Install({});
  const auto boundary = Boundary::Install();
  Nothing nothing;
  Devices devices;
  devices.drive = &nothing;
  devices.listener = &nothing;
  devices.identity.model = kind;
  if (Failed(time) || Failed(reporter) || Failed(boundary)) return -1;
  auto host =
      Lockstep::Create({.firmware_path = DUSTPROOF_BENCH_FIRMWARE, .start = {}}, queue, devices);
  if (Failed(host)) return -1;
  (*host)->PowerOn();
  std::vector<double> costs;
  for (int i = 0; i < kInstants; ++i) {
    const int64_t begin_ns = RealThreadCpuNanoseconds();
    queue.RunUntil(queue.now() + SimDuration::Microseconds(1));
    costs.push_back(static_cast<double>(RealThreadCpuNanoseconds() - begin_ns) / kCallsAnInstant);
  }
  return Median(costs);
}

/// The first hundred seconds of the first run, with or without the boundary. Interposed functions
/// are in both: there is no virtual time without them.
double MakeRun(const RunInputs& inputs, bool with_boundary) {
  const auto reporter = CrashReporter::Install({});
  if (Failed(reporter)) return -1;
  std::optional<Result<std::unique_ptr<Boundary>>> boundary;
  if (with_boundary) boundary = Boundary::Install();
  if (boundary && Failed(*boundary)) return -1;
  RunRequest request = inputs.request;
  request.consent = "all_granted";
  request.until = SimDuration::Seconds(100);
  const std::string stem = "dustproof-bench-" + std::to_string(getpid());
  request.recording = fs::temp_directory_path() / (stem + ".mcap");
  const Result<RunOutcome> outcome =
      SimulateRun(inputs, request, {[](const RunProgress&) {}, [] { return false; }});
  std::error_code ignored;
  fs::remove(request.recording, ignored);
  return Failed(outcome) ? -1 : outcome->sim_s;
}

// The runs of a pair follow each other, and turn about: both meet the same machine.
Result<double> InterpositionRatio() {
  const Result<RunInputs> inputs =
      LoadRunInputs({DataRoot() + "/scenarios/first_run.yaml", "", "", {}});
  if (!inputs) return inputs.error();
  std::vector<double> ratios;
  for (int i = 0; i < kRunPairs; ++i) {
    double cpu_s[2] = {};
    for (const bool with_boundary : {i % 2 == 0, i % 2 != 0}) {
      const Result<Answer> run = InChild([&] { return MakeRun(*inputs, with_boundary); });
      if (!run) return run.error();
      cpu_s[with_boundary] = run->cpu_s;
    }
    ratios.push_back(cpu_s[1] / cpu_s[0]);
  }
  return Median(ratios);
}

}  // namespace

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[values.size() / 2];
}

Result<void> BenchHal(std::map<std::string, double>* figures) {
  const std::pair<const char*, const char*> kinds[] = {
      {"hal_call_plain_ns", "clock"}, {"hal_call_ns", "drive"}, {"task_switch_ns", "yield"}};
  for (const auto& [figure, kind] : kinds) {
    const Result<Answer> cost = InChild([word = kind] { return CallNanoseconds(word); });
    if (!cost) return cost.error();
    (*figures)[figure] = cost->value;
  }
  const Result<double> ratio = InterpositionRatio();
  if (!ratio) return ratio.error();
  (*figures)["interposition_ratio"] = *ratio;
  return {};
}

}  // namespace dustproof
