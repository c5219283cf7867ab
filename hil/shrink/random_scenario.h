#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "hil/matrix/matrix.h"
#include "hil/run/inputs.h"
#include "hil/shrink/shrink.h"
#include "sim/config/node.h"

namespace dustproof {

/// What a user asks of `dustproof random`. Paths may be relative to the working folder.
struct RandomOptions {
  std::string scenario;     ///< The base: robot, firmware, policy, parties, consents, length, and how it begins.
  uint64_t first_seed = 1;  ///< Each seed gives one scenario, and always the same.
  size_t count = 20;
  std::string firmware;  ///< Instead of the scenario's.
  std::string out;       ///< Folder for the results, new or empty; "" makes a fresh one under `runs/`.
  size_t workers = 0;    ///< 0: as many as this machine has cores.
  size_t tries = 400;    ///< Of shrinking each kind of failure; 0 shrinks none.
};

struct RandomResult {
  std::string folder;
  MatrixResult matrix;
  std::vector<ShrinkResult> shrunk;   ///< One for each kind of failure, in the matrix's order.
  std::vector<std::string> problems;  ///< Failures that could not be shrunk, and why.
  std::vector<std::string> files;     ///< The scenarios, by seed.
};

/// A scenario drawn from a base and a seed: a generated home, a network, outages, power faults, what the user does and
/// answers. What it must do beside the policy is not asked of it: who stops a cleaning must not expect it to be finished.
struct RandomScenario {
  ConfigNode scenario, home;
};
/// `base` is the file of `inputs`; `home_file`: as the scenario is to name its home.
Result<RandomScenario> DrawScenario(const ConfigNode& base, const RunInputs& inputs, uint64_t seed, const std::string& home_file);

/// Draws scenarios, runs them all, and shrinks the first of each kind of failure. A failure is what the policy does not
/// allow, and firmware that dies.
Result<RandomResult> RunRandom(const RandomOptions& options, const MatrixObserver& observer, const ShrinkObserver& on_shrink);

}  // namespace dustproof
