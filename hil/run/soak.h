#pragma once

#include <string>
#include <vector>

#include "hil/report/soak_report.h"
#include "hil/run/bench_run.h"
#include "hil/run/run_scenario.h"
#include "sim/core/result.h"
#include "sim/core/time.h"

namespace dustproof {

struct SoakOptions {
  std::string bench;                ///< The bench file.
  ScenarioRunOptions run;
  std::vector<std::string> boards;  ///< By name; empty: those with all the labels.
  std::vector<std::string> labels;
  bool all = false;                 ///< Every such board at once, rather than the first that is free.
  int repeat = 1;
  BenchTeller tell;                 ///< Hears how things go.
  SimDuration wait;                 ///< How long a board is waited for, real time.
};

/// Runs a scenario on boards of a bench, each board in a process of its own where there are several, and writes `bench.json` and
/// `junit.xml` into the results' folder. Fails for bad input only: a fault of the bench is a row.
[[nodiscard]] Result<std::vector<SoakRow>> Soak(SoakOptions options);

}  // namespace dustproof
