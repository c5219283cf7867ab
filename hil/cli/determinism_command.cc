#include <unistd.h>

#include <cstdio>
#include <memory>

#include "hil/cli/commands.h"
#include "hil/cli/comparison_text.h"
#include "hil/cli/console.h"
#include "hil/cli/flag_values.h"
#include "hil/run/determinism.h"
#include "sim/core/shell_word.h"

namespace dustproof {
namespace {

using Json = nlohmann::ordered_json;

struct Flags {
  DeterminismOptions options;
  std::string until, seed;
  bool json = false;
};

Json ConditionsJson(const RepeatedRun& run) {
  Json json = Json::object();
  for (size_t i = 0; i < run.conditions.size(); ++i) {
    const ConditionFactor& factor = ConditionFactors()[i];
    json[factor.name] = factor.values[run.conditions[i]];
  }
  for (const std::string& factor : run.refused) json[factor] = "refused by this machine";
  return json;
}

Json RunJson(const RepeatedRun& run) {
  Json json = {{"run", run.number},  {"hash", run.hash},     {"end", ToWord(run.end)},
               {"sim_s", run.sim_s}, {"wall_s", run.wall_s}, {"conditions", ConditionsJson(run)}};
  if (!run.diagnosis.empty()) json["diagnosis"] = run.diagnosis;
  return json;
}

Json DifferenceJson(const DeterminismBreak& d) {
  Json facts = Json::array();
  for (const FactDifference& fact : d.comparison.facts) facts.push_back(ToJsonObject(fact));
  const auto& message = d.comparison.message;
  return {{"runs", {d.first, d.second}},
          {"recordings", {d.first_recording, d.second_recording}},
          {"facts", facts},
          {"message", message ? ToJsonObject(*message) : Json(nullptr)}};
}

std::string JsonOf(const DeterminismResult& r) {
  Json runs = Json::array(), suspects = Json::array();
  for (const RepeatedRun& run : r.runs) runs.push_back(RunJson(run));
  for (const Suspect& s : r.suspects)
    suspects.push_back({{"condition", s.factor}, {"agree_within", s.values}});
  return ToJsonText({{"runs", r.runs.size()},
                     {"distinct_hashes", r.hash_counts.size()},
                     {"first_difference",
                      r.first_difference ? DifferenceJson(*r.first_difference) : Json(nullptr)},
                     {"suspects", suspects},
                     {"hashes", r.hash_counts},
                     {"scenario", r.scenario},
                     {"consent", r.consent},
                     {"seed", r.seed},
                     {"interrupted", r.interrupted},
                     {"wall_s", r.wall_s},
                     {"each", runs}});
}

// What was tried, and how many runs of each had what number of different hashes.
void PrintConditions(const DeterminismResult& r) {
  const auto& factors = ConditionFactors();
  for (size_t i = 0; i < factors.size(); ++i) {
    std::string line;
    for (size_t value = 0; value < factors[i].values.size(); ++value) {
      int count = 0;
      for (const RepeatedRun& run : r.runs) count += run.conditions[i] == value;
      line += (value == 0 ? "" : ", ") + factors[i].values[value] + " × " + std::to_string(count);
    }
    std::printf("  %-12s %s\n", factors[i].name.c_str(), line.c_str());
  }
}

void PrintText(const DeterminismResult& r) {
  std::printf("%s, %s, seed %llu: %zu runs in %.1f s, under\n", r.scenario.c_str(),
              r.consent.c_str(), static_cast<unsigned long long>(r.seed), r.runs.size(), r.wall_s);
  PrintConditions(r);
  if (!r.first_difference) {
    std::printf("one hash: %s\n",
                r.hash_counts.empty() ? "none" : r.hash_counts.begin()->first.c_str());
    return;
  }
  const DeterminismBreak& d = *r.first_difference;
  std::printf("%zu different hashes; run %d differs from run %d\n", r.hash_counts.size(), d.second,
              d.first);
  const RecordingNames names{"run " + std::to_string(d.first), "run " + std::to_string(d.second)};
  std::printf("%s", ToText(d.comparison.facts, names).c_str());
  if (d.comparison.message) std::printf("%s", ToText(*d.comparison.message, names).c_str());
  for (const Suspect& s : r.suspects) {
    std::string values;
    for (const std::string& value : s.values) values += (values.empty() ? "" : ", ") + value;
    std::printf("suspect: %s; only runs that share it agree, within: %s\n", s.factor.c_str(),
                values.c_str());
  }
  std::printf("again: dustproof diff %s %s\n", ShellWord(d.first_recording).c_str(),
              ShellWord(d.second_recording).c_str());
}

int Check(const Flags& flags) {
  DeterminismOptions options = flags.options;
  const auto until = UntilOf(flags.until);
  if (!until) return PrintError(until.error());
  options.until = *until;
  const auto seed = SeedOf(flags.seed);
  if (!seed) return PrintError(seed.error());
  options.seed = *seed;
  ProgressLine line;
  size_t done = 0;
  const Result<DeterminismResult> result = CheckDeterminism(options, [&](const RepeatedRun& run) {
    char text[128];
    std::snprintf(text, sizeof text, "%zu of %d runs, the last one's hash %s", ++done, options.runs,
                  run.hash.c_str());
    line.Update(text);
  });
  line.Update("");
  if (!result) return PrintError(result.error());
  if (flags.json) {
    std::printf("%s\n", JsonOf(*result).c_str());
  } else {
    PrintText(*result);
  }
  if (result->interrupted)
    std::fprintf(stderr, "interrupted: after %zu of %d runs\n", result->runs.size(), options.runs);
  if (result->hash_counts.size() > 1) return kFindings;
  return result->interrupted ? kEnvironment : kPass;  // What was asked for wasn't done.
}

}  // namespace

void AddDeterminismCommand(CLI::App& app, int& exit_code) {
  const auto flags = std::make_shared<Flags>();
  flags->options.workers = static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
  CLI::App* check = app.add_subcommand(
      "determinism", "Repeats a run under many conditions of the machine and compares the hashes");
  check->footer(
      "Conditions: load, working folder, environment, locale, time zone, wall date (2021, 2038, "
      "2060), addresses (ASLR),\nkind of CPU, what fresh memory holds. The hash is that of every "
      "recorded message and the state at the end.\nExit codes: 0 one hash, 1 more than one.\n\n"
      "Example:\n  dustproof determinism scenarios/first_run.yaml --until 60s --runs 20");
  check->add_option("scenario", flags->options.scenario, "Scenario file")
      ->required()
      ->type_name("FILE");
  check->add_option("--runs", flags->options.runs, "How many")
      ->check(CLI::Range(2, 1'000'000))
      ->capture_default_str()
      ->type_name("N");
  check->add_option("--consent", flags->options.consent,
                    "One consent configuration by name; the first default one where absent");
  check->add_option("--seed", flags->seed, "Seed of everything random, instead of the scenario's");
  check->add_option("--home", flags->options.home, "A home or map instead of the scenario's")
      ->type_name("FILE");
  check
      ->add_option("--firmware", flags->options.firmware,
                   "A firmware's name (`dustproof list firmware`) or shared object")
      ->type_name("NAME|FILE.so");
  check
      ->add_option("--kind", flags->options.kind,
                   "How the firmware runs: library (in the run's process) or process (a program)")
      ->check(CLI::IsMember({"library", "process", "board"}));
  check->add_option("--until", flags->until, "Ends each run at this simulated time, e.g. 90s")
      ->type_name("TIME");
  check->add_option("--workers", flags->options.workers, "Runs at a time; one a core where absent")
      ->check(CLI::Range(1, 256))
      ->type_name("N");
  check
      ->add_option("--out", flags->options.out,
                   "Folder for two recordings that differ; a fresh one under runs/ where absent")
      ->type_name("FOLDER");
  check->add_flag("--json", flags->json, "One JSON object on stdout");
  check->callback([flags, &exit_code] { exit_code = Check(*flags); });
}

}  // namespace dustproof
