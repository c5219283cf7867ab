#include <cstdio>
#include <memory>

#include "hil/cli/commands.h"
#include "hil/cli/console.h"
#include "hil/cli/flag_values.h"
#include "hil/shrink/random_scenario.h"
#include "hil/shrink/shrink.h"

namespace dustproof {
namespace {

ShrinkObserver ShrinkObserverOf(ProgressLine& line) {
  return [&line](const std::string& stage, size_t runs, size_t most, const ScenarioSize& size) {
    line.Update("shrinking " + stage + ", run " + std::to_string(runs) + " of at most " + std::to_string(most) + ": " + ToText(size));
  };
}

struct ShrinkFlags {
  ShrinkOptions options;
  std::string seed;
  bool json = false;
};

int Shrink(const ShrinkFlags& flags) {
  ShrinkOptions options = flags.options;
  const auto seed = SeedOf(flags.seed);
  if (!seed) return PrintError(seed.error(), flags.json);
  options.seed = *seed;
  const Result<ShrinkResult> result = [&] {
    ProgressLine line;
    return ShrinkScenario(options, ShrinkObserverOf(line));
  }();
  if (!result) return PrintError(result.error(), flags.json);
  std::printf("%s", flags.json ? RenderShrunkJson(*result).c_str() : RenderShrunk(*result).c_str());
  return kFindings;  // It fails: that is what was asked for.
}

struct RandomFlags {
  RandomOptions options;
  bool no_shrink = false;
};

MatrixObserver MatrixObserverOf(ProgressLine& line) {
  MatrixObserver observer;
  observer.on_start = [&line](const std::string& folder, const MatrixCost& cost) {
    char text[120];
    std::snprintf(text, sizeof text, "%zu scenarios, %.0f simulated s at most; into ", cost.cells, cost.simulated.seconds());
    line.Say(text + folder);
  };
  observer.on_progress = [&line](double share, size_t done, size_t all, size_t failed) {
    char text[120];
    std::snprintf(text, sizeof text, "%3.0f %%  %zu of %zu scenarios, %zu failed", 100 * share, done, all, failed);
    line.Update(text);
  };
  observer.on_failure = [&line](const CellResult& result) { line.Say("fail: " + result.scenario + ": " + result.Signatures().front()); };
  observer.on_warning = [&line](const std::string& text) { line.Say(text); };
  return observer;
}

int Random(const RandomFlags& flags) {
  RandomOptions options = flags.options;
  if (flags.no_shrink) options.tries = 0;
  const Result<RandomResult> result = [&] {
    ProgressLine line;
    return RunRandom(options, MatrixObserverOf(line), ShrinkObserverOf(line));
  }();
  if (!result) return PrintError(result.error());
  std::printf("%s\n", RenderMatrixSummary(result->matrix).c_str());
  for (const MatrixFailure& failure : result->matrix.failures)
    std::printf("\n%s: in %zu, the first %s/scenarios/%s.yaml\n", failure.signature.c_str(), failure.cells.size(), result->folder.c_str(),
                result->matrix.entries[failure.cells.front()].cell.scenario.c_str());
  for (const ShrinkResult& shrunk : result->shrunk) std::printf("\n%s", RenderShrunk(shrunk).c_str());
  for (const std::string& problem : result->problems) std::fprintf(stderr, "dustproof: %s\n", problem.c_str());
  if (!result->matrix.problem.empty()) std::fprintf(stderr, "dustproof: %s\n", result->matrix.problem.c_str());
  if (result->matrix.Count(Failed) > 0) return kFindings;
  return result->matrix.Count(Undone) > 0 || result->matrix.interrupted ? kEnvironment : kPass;
}

}  // namespace

void AddShrinkCommand(CLI::App& app, int& exit_code) {
  const auto flags = std::make_shared<ShrinkFlags>();
  CLI::App* shrink = app.add_subcommand("shrink", "Reduces a failing scenario to the least that still fails, and writes it");
  shrink->footer(
      "Faults, script, outages, consents, settings, home, seed, times and length are taken out or made simpler as long as it\n"
      "fails in the same way. Exit code 1: the scenario that is written fails.\n\n"
      "Example:\n  dustproof shrink runs/first_run-random-001/scenarios/random-7.yaml --out least.yaml");
  shrink->add_option("scenario", flags->options.scenario, "Scenario file")->required()->type_name("FILE");
  shrink->add_option("--consent", flags->options.consent, "The configuration; default the first that fails")->type_name("NAME");
  shrink->add_option("--failure", flags->options.failure, "A part of the failure's sentence, where several things fail; default the first")->type_name("TEXT");
  shrink->add_option("--firmware", flags->options.firmware, "Name or path, instead of the scenario's")->type_name("FIRMWARE");
  shrink->add_option("--home", flags->options.home, "Instead of the scenario's")->type_name("FILE");
  shrink->add_option("--seed", flags->seed, "Instead of the scenario's")->type_name("N");
  shrink->add_option("--tries", flags->options.tries, "Runs at most; default 400")->check(CLI::Range(2, 1'000'000))->type_name("N");
  shrink->add_option("--out", flags->options.out, "The file to write; default NAME.shrunk.yaml here")->type_name("FILE");
  shrink->add_flag("--json", flags->json, "Prints what came of it as JSON");
  shrink->callback([flags, &exit_code] { exit_code = Shrink(*flags); });
}

void AddRandomCommand(CLI::App& app, int& exit_code) {
  const auto flags = std::make_shared<RandomFlags>();
  CLI::App* random = app.add_subcommand("random", "Draws scenarios from one, runs them all, and shrinks what fails");
  random->footer(
      "Each seed gives a home, a network with outages, power faults, what the user does and answers; robot, firmware, policy,\n"
      "parties and length are the base's. What fails is what the policy does not allow, and firmware that dies.\n\n"
      "Example:\n  dustproof random scenarios/first_run.yaml --count 50 --first-seed 1");
  random->add_option("scenario", flags->options.scenario, "The base: a scenario file")->required()->type_name("FILE");
  random->add_option("--count", flags->options.count, "Scenarios; default 20")->check(CLI::Range(1, 10'000))->type_name("N");
  random->add_option("--first-seed", flags->options.first_seed, "Of the first scenario; the others follow; default 1")->check(CLI::Range(int64_t{1}, int64_t{1} << 52))->type_name("N");
  random->add_option("--firmware", flags->options.firmware, "Name or path, instead of the base's")->type_name("FIRMWARE");
  random->add_option("--workers", flags->options.workers, "Runs at a time; default one a core")->check(CLI::Range(1, 4096))->type_name("N");
  random->add_option("--tries", flags->options.tries, "Runs at most for shrinking each kind of failure; default 400")->check(CLI::Range(2, 1'000'000))->type_name("N");
  random->add_flag("--no-shrink", flags->no_shrink, "Leaves what fails as it was drawn");
  random->add_option("--out", flags->options.out, "Folder for the results, new or empty")->type_name("FOLDER");
  random->callback([flags, &exit_code] { exit_code = Random(*flags); });
}

}  // namespace dustproof
