#pragma once

#include <functional>
#include <optional>
#include <string>

#include "hil/bench/bench_file.h"
#include "hil/bench/run_command.h"
#include "hil/run/run_scenario.h"
#include "sim/core/result.h"

namespace dustproof {

/// What became of a scenario on one board of a bench.
struct BenchRunResult {
  std::string board;
  std::string build_id;           ///< What the board said it runs; "" where nobody asked.
  bool in_factory_state = false;  ///< It was put there before the run, with this run's secrets.
  std::string fault;              ///< Of the bench: why there is no result, or none that counts.
  std::optional<ScenarioResult> result;

  /// 0 pass, 1 findings, 3 a fault of the bench.
  int exit_code() const;
};

/// Tells a person how things go.
using BenchTeller = std::function<void(const std::string&)>;

/// The scenario on a board that the caller has locked: power, flash, build id, probe, and for each consent
/// configuration factory state, reset and the run, each where the
/// bench file has a command for it. A fault of the bench is in the result; fails only for bad input.
[[nodiscard]] Result<BenchRunResult> RunOnBoard(const BenchFile& bench, const BoardSpec& board, ScenarioRunOptions options,
                                                const RunObserver& observer, const BenchTeller& tell,
                                                const CommandHooks& hooks);

/// A command for a board that is no part of a run: "power_on", "probe", ….
[[nodiscard]] Result<std::string> CommandBoard(const BenchFile& bench, const BoardSpec& board, const std::string& word, const CommandHooks& hooks = {});

/// Whether the serial devices that its link and console name are plugged in.
[[nodiscard]] Result<void> FindSerialDevices(const BoardSpec& board);

}  // namespace dustproof
