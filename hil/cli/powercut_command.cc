#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "hil/cli/commands.h"
#include "hil/cli/console.h"
#include "hil/cli/flag_values.h"
#include "hil/run/power_cut.h"

namespace dustproof {
namespace {

struct Flags {
  PowerCutOptions options;
  std::string until, seed;
  int only = 0;
  bool every_write = false, random = false, json = false;
};

PowerCutObserver ObserverOf(ProgressLine& line) {
  PowerCutObserver observer;
  observer.on_survey = [&line](double sim_s, double duration_s) {
    char text[128];
    std::snprintf(text, sizeof text, "without a cut: %.0f s of at most %.0f", sim_s, duration_s);
    line.Update(text);
  };
  observer.on_cut = [&line](int done, int planned, int failed, double sim_s) {
    char text[128];
    std::snprintf(text, sizeof text, "%d of %d cuts, %d failed, at %.1f s", done, planned, failed,
                  sim_s);
    line.Update(text);
  };
  return observer;
}

std::string ToJson(const PowerCutResult& result) {
  nlohmann::ordered_json failures = nlohmann::ordered_json::array();
  for (const PowerCutFailure& f : result.failures) {
    failures.push_back({{"cut", f.cut},
                        {"at", f.at_s},
                        {"operation", f.operation},
                        {"what", f.what},
                        {"command", f.command}});
  }
  const nlohmann::ordered_json json = {{"cuts", result.cuts},
                                       {"failures", failures},
                                       {"wall_s", result.wall_s},
                                       {"consent", result.consent},
                                       {"seed", result.seed},
                                       {"run_s", result.run_s},
                                       {"flash_operations", result.flash_operations},
                                       {"judged",
                                        {{"sends", result.sends_judged},
                                         {"cloud_session", result.sessions_judged},
                                         {"goes_on_or_docks", result.motions_judged},
                                         {"map", result.maps_judged}}}};
  return json.dump(2);
}

void PrintTable(const PowerCutResult& result) {
  for (const PowerCutFailure& f : result.failures) {
    std::printf("cut %-6d %12.6f s  %s\n  %s\n  again: %s\n", f.cut, f.at_s, f.operation.c_str(),
                f.what.c_str(), f.command.c_str());
  }
  std::printf("%s, seed %llu: %.0f simulated s with %d flash operations\n", result.consent.c_str(),
              static_cast<unsigned long long>(result.seed), result.run_s, result.flash_operations);
  std::printf(
      "judged: what it sends after %d cuts, back in its cloud after %d, goes on or docks after "
      "%d,\n"
      "whole map after %d\n%d cuts, %zu failures, %.1f s\n",
      result.sends_judged, result.sessions_judged, result.motions_judged, result.maps_judged,
      result.cuts, result.failures.size(), result.wall_s);
}

int Run(Flags& flags) {
  PowerCutOptions& options = flags.options;
  const auto until = UntilOf(flags.until);
  if (!until) return PrintError(until.error());
  options.until = *until;
  const auto seed = SeedOf(flags.seed);
  if (!seed) return PrintError(seed.error());
  options.seed = *seed;
  options.mode = flags.every_write ? CutMode::kEveryWrite
                 : flags.random    ? CutMode::kRandom
                                   : CutMode::kMixed;
  ProgressLine line;
  const Result<PowerCutResult> result = RunPowerCuts(options, ObserverOf(line));
  line.Update("");
  if (!result) return PrintError(result.error());
  if (flags.json) {
    std::printf("%s\n", ToJson(*result).c_str());
  } else {
    PrintTable(*result);
  }
  if (result->interrupted) std::fprintf(stderr, "interrupted: the cuts until then were judged\n");
  if (!result->failures.empty()) return kFindings;
  return result->interrupted ? kEnvironment : kPass;
}

}  // namespace

void AddPowerCutCommand(CLI::App& app, int& exit_code) {
  const auto flags = std::make_shared<Flags>();
  CLI::App* cut = app.add_subcommand(
      "powercut", "Cuts the power at many instants of a run and judges what the robot keeps");
  cut->footer(
      "Each cut is a branch of one run: the power goes, comes back, the firmware boots from flash "
      "alone, and is\nwatched from outside. It must come back into its cloud with its credentials "
      "and without its setup\nhotspot, and go on or dock where it was under way.\n\n"
      "Example:\n  dustproof powercut scenarios/first_run.yaml --cuts 1000 --consent "
      "map_withdrawn");
  cut->add_option("scenario", flags->options.scenario, "Scenario file")
      ->required()
      ->type_name("FILE");
  cut->add_option("--cuts", flags->options.count,
                  "How many; default 100, with --every-write three for each flash operation")
      ->check(CLI::Range(1, 1'000'000))
      ->type_name("N");
  CLI::Option* every_write =
      cut->add_flag("--every-write", flags->every_write,
                    "Only at flash operations: before, during (torn) and after each");
  cut->add_flag("--random", flags->random, "At any instants")->excludes(every_write);
  CLI::Option* only = cut->add_option("--cut", flags->only, "Only this cut of the plan, by number")
                          ->check(CLI::Range(1, 1'000'000))
                          ->type_name("N");
  cut->add_option("--seed", flags->seed,
                  "Seed of everything random and of the cuts, instead of the scenario's");
  cut->add_option("--consent", flags->options.consent,
                  "Consent configuration; by default that in which most changes");
  cut->add_option("--firmware", flags->options.firmware,
                  "A firmware's name (`dustproof list firmware`) or shared object")
      ->type_name("NAME|FILE.so");
  cut->add_option("--until", flags->until, "Takes the run up to this simulated time only, e.g. 90s")
      ->type_name("TIME");
  cut->add_option("--workers", flags->options.workers, "Branches at a time")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  cut->add_option("--out", flags->options.out,
                  "New folder for a recording of each branch, cut-N.mcap; best with --cut")
      ->type_name("DIR");
  cut->add_flag("--json", flags->json, "One JSON object on stdout");
  cut->callback([flags, only, &exit_code] {
    if (only->count() > 0) flags->options.only = flags->only;
    exit_code = Run(*flags);
  });
}

}  // namespace dustproof
