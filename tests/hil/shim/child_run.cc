#include "tests/hil/shim/child_run.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "hil/shim/lockstep/boundary.h"
#include "tests/hil/shim/bench.h"

namespace dustproof {
namespace {

/// Waits for a child; 1000 + the signal where one ended it.
int ExitCodeOf(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

[[noreturn]] void RunAsChild(const ChildRun& run, int diagnosis, int log) {
  alarm(60);  // Ends a child that should have been ended, and waits for something instead.
  const auto reporter = CrashReporter::Install(
      {.fd = diagnosis, .repeat_command = "dustproof run x", .cpu_budget_s = 0.3});
  if (!reporter.ok()) _exit(2);
  const auto boundary = Boundary::Install();
  if (!boundary.ok()) _exit(3);
  Bench bench(run.firmware, run.behaviour, run.seed, run.compute);
  bench.log.copy_to = log;
  if (run.fork_at_s > 0) {
    bench.RunUntil(run.fork_at_s);
    if (const pid_t branch = fork(); branch != 0) _exit(ExitCodeOf(branch));
  }
  bench.RunUntil(run.until_s);
  _exit(kRanToTheEnd);
}

}  // namespace

ChildOutcome RunInChild(const ChildRun& run) {
  const std::string stem =
      testing::TempDir() + run.firmware + '_' + run.behaviour + '_' + std::to_string(getpid());
  const std::string diagnosis_path = stem + ".json", log_path = stem + ".log";
  const int diagnosis = open(diagnosis_path.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0600);
  const int log = open(log_path.c_str(), O_CREAT | O_TRUNC | O_WRONLY, 0600);
  const pid_t child = fork();
  if (child == 0) RunAsChild(run, diagnosis, log);
  ChildOutcome outcome;
  outcome.exit_code = ExitCodeOf(child);
  close(diagnosis);
  close(log);
  if (auto read = ReadDiagnosis(diagnosis_path); read.ok()) outcome.diagnosis = *read;
  std::ifstream lines(log_path);
  for (std::string line; std::getline(lines, line);) outcome.log.push_back(line);
  unlink(diagnosis_path.c_str());
  unlink(log_path.c_str());
  return outcome;
}

bool HasFrame(const Diagnosis& diagnosis, const std::string& symbol) {
  return std::any_of(
      diagnosis.frames.begin(), diagnosis.frames.end(),
      [&](const StackFrame& frame) { return frame.symbol.find(symbol) != std::string::npos; });
}

}  // namespace dustproof
