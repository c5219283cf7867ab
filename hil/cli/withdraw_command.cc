#include <cstdio>
#include <memory>

#include "hil/cli/commands.h"
#include "hil/cli/console.h"
#include "hil/cli/flag_values.h"
#include "hil/run/atomic_file.h"
#include "hil/withdraw/withdraw.h"
#include "sim/config/number.h"

namespace dustproof {
namespace {

struct Flags {
  WithdrawOptions options;
  std::string every, window = "60s", from, to, resolution = "1ms", seed;
  int instants = 0;
  bool json = false;
};

// Durations as text into the options; every problem at once.
Result<void> TakeDurations(const Flags& flags, WithdrawOptions* options) {
  Error problems;
  const auto take = [&](const char* flag, const std::string& text, SimDuration* out, bool positive) {
    if (text.empty()) return;
    const auto value = ParseDuration(text);
    if (value && (positive ? *value > SimDuration() : *value >= SimDuration())) return void(*out = *value);
    problems.diagnostics.push_back({{}, flag, "must be a time as 5s" + std::string(positive ? " above zero" : "") + ", got '" + text + "'"});
  };
  SimDuration every;
  take("--every", flags.every, &every, true);
  if (every > SimDuration()) options->every = every;
  take("--window", flags.window, &options->window, true);
  take("--from", flags.from, &options->from, false);
  take("--to", flags.to, &options->to, true);
  take("--resolution", flags.resolution, &options->resolution, true);
  if (!flags.every.empty() && flags.instants > 0) problems.diagnostics.push_back({{}, "--every", "and --instants exclude one another"});
  if (problems.diagnostics.empty()) return {};
  return problems;
}

MatrixObserver ObserverOf(ProgressLine& line) {
  MatrixObserver observer;
  observer.on_start = [&line](const std::string& folder, const MatrixCost& cost) {
    char text[160];
    std::snprintf(text, sizeof text, "%zu withdrawals: %.0f simulated s with what they share, %.0f s without; into ", cost.cells, cost.simulated.seconds(), cost.unshared.seconds());
    line.Say(text + folder);
  };
  observer.on_progress = [&line](double share, size_t done, size_t all, size_t failed) {
    char text[120];
    std::snprintf(text, sizeof text, "%3.0f %%  %zu of %zu withdrawals, %zu with a failure", 100 * share, done, all, failed);
    line.Update(text);
  };
  observer.on_failure = [](const CellResult&) {};
  observer.on_warning = [&line](const std::string& text) { line.Say(text); };
  return observer;
}

int Run(const Flags& flags) {
  WithdrawOptions options = flags.options;
  if (const Result<void> taken = TakeDurations(flags, &options); !taken) return PrintError(taken.error());
  if (flags.instants > 0) options.instants = flags.instants;
  const auto seed = SeedOf(flags.seed);
  if (!seed) return PrintError(seed.error());
  options.seed = *seed;
  const Result<WithdrawResult> result = [&] {
    ProgressLine line;
    return RunWithdrawals(options, ObserverOf(line));
  }();
  if (!result) return PrintError(result.error());
  const std::string json = RenderWithdrawalsJson(*result);
  if (const Result<void> written = WriteAtomically(result->folder + "/withdrawals.json", json); !written) return PrintError(written.error());
  std::printf("%s", flags.json ? json.c_str() : RenderWithdrawals(*result, UseColour(1)).c_str());
  if (!result->problem.empty()) std::fprintf(stderr, "dustproof: %s\n", result->problem.c_str());
  const bool leaked = std::any_of(result->withdrawals.begin(), result->withdrawals.end(), [](const Withdrawal& w) { return w.leaked(); });
  if (leaked) return kFindings;
  return result->problem.empty() && !result->interrupted ? kPass : kEnvironment;
}

}  // namespace

void AddWithdrawCommand(CLI::App& app, int& exit_code) {
  const auto flags = std::make_shared<Flags>();
  CLI::App* withdraw = app.add_subcommand("withdraw", "Withdraws consents at many instants of a run, and judges what still leaves the robot");
  withdraw->footer(
      "One run is lived; at each instant it branches, a consent is withdrawn, and the branch goes on for the window.\n\n"
      "Example:\n  dustproof withdraw scenarios/first_run.yaml --withdraw C_MAP_UPLOAD --every 5s --bisect");
  withdraw->add_option("scenario", flags->options.scenario, "Scenario file")->required()->type_name("FILE");
  withdraw->add_option("--consent", flags->options.consent, "The configuration that is lived until then; default the one that grants most")->type_name("NAME");
  withdraw->add_option("--withdraw", flags->options.withdrawn, "Consents to withdraw, each in branches of its own; default all that are granted but the policy itself")
      ->delimiter(',')
      ->type_name("CONSENT,…");
  withdraw->add_option("--every", flags->every, "An instant each, as 5s")->type_name("TIME");
  withdraw->add_option("--instants", flags->instants, "So many, evenly; default 20")->check(CLI::Range(1, 100'000))->type_name("N");
  withdraw->add_option("--window", flags->window, "How long each branch goes on; default 60s")->type_name("TIME");
  withdraw->add_option("--from", flags->from, "No instant before this")->type_name("TIME");
  withdraw->add_option("--to", flags->to, "None at or after this; default the scenario's end")->type_name("TIME");
  withdraw->add_flag("--bisect", flags->options.bisect, "Looks for the earliest instant that leaks");
  withdraw->add_option("--resolution", flags->resolution, "Of --bisect; default 1ms")->type_name("TIME");
  withdraw->add_option("--seed", flags->seed, "Instead of the scenario's")->type_name("N");
  withdraw->add_option("--home", flags->options.home, "Instead of the scenario's")->type_name("FILE");
  withdraw->add_option("--firmware", flags->options.firmware, "Name or path, instead of the scenario's")->type_name("FIRMWARE");
  withdraw->add_option("--workers", flags->options.workers, "Processes at a time; default one a core")->check(CLI::Range(1, 4096))->type_name("N");
  withdraw->add_option("--out", flags->options.out, "Folder for the results, new or empty")->type_name("FOLDER");
  withdraw->add_flag("--resume", flags->options.resume, "Goes on in the folder of --out");
  withdraw->add_flag("--json", flags->json, "Prints withdrawals.json");
  withdraw->callback([flags, &exit_code] { exit_code = Run(*flags); });
}

}  // namespace dustproof
