#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sim/core/result.h"
#include "sim/core/time.h"

namespace dustproof {

/// What a user asks of `dustproof shrink`. Paths may be relative to the working folder.
struct ShrinkOptions {
  std::string scenario;
  std::string consent;   ///< The configuration; "" the first that fails of those that the scenario runs by default.
  std::string failure;   ///< A part of the failure's sentence to keep; "" the first one.
  std::string firmware;  ///< Instead of the scenario's.
  std::string home;      ///< Instead of the scenario's.
  std::optional<uint64_t> seed;  ///< Instead of the scenario's.
  std::string out;       ///< The file to write; "" the scenario's name with `.shrunk.yaml`, in the working folder.
  size_t tries = 400;    ///< Runs at most, the last of which makes sure of what is written; at least 2.
};

/// How large a scenario is.
struct ScenarioSize {
  size_t script = 0, faults = 0, outages = 0, parties = 0, consents = 0, rooms = 0, furniture = 0;
  size_t settings = 0;  ///< Values in the scenario's file, all in all.
  SimDuration duration;
};

struct ShrinkResult {
  std::string file, home_file;  ///< Written; `home_file` is "" where the home is the scenario's own, untouched.
  std::string consent, signature;
  ScenarioSize before, after;
  size_t runs = 0;
  std::string problem;       ///< Why a run on the way told nothing; "" where all did.
  bool used_up = false;      ///< The runs were used up: more could go.
  bool interrupted = false;  ///< So it could here.
};

/// Told how things go: what is being tried, runs made and at most, and how large it still is.
using ShrinkObserver = std::function<void(const std::string& stage, size_t runs, size_t most, const ScenarioSize& size)>;

/// Reduces a failing scenario to one that still fails in the same way, and fails no more without any one of its parts: faults,
/// script, outages, consents, parties, settings, home (its furniture; a single room where that does), seed, times, length.
/// Writes it as a file (and its home as one beside it) that repeats the failure, and runs that once to be sure.
///
/// Of what fails because something did not come about, such as a cleaning that did not finish, script, end and length stay:
/// what was never asked for can't fail. BadInput where nothing fails.
Result<ShrinkResult> ShrinkScenario(const ShrinkOptions& options, const ShrinkObserver& observer);

std::string RenderShrunk(const ShrinkResult& result);
std::string RenderShrunkJson(const ShrinkResult& result);
std::string ToText(const ScenarioSize& size);

}  // namespace dustproof
