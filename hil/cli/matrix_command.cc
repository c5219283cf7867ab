#include <cstdio>
#include <memory>

#include "hil/cli/baseline_flags.h"
#include "hil/cli/commands.h"
#include "hil/cli/console.h"
#include "hil/cli/flag_values.h"
#include "hil/cli/output_flags.h"
#include "hil/matrix/matrix.h"
#include "hil/matrix/matrix_failures.h"
#include "hil/shim/lockstep/virtual_time.h"
#include "sim/config/number.h"
#include "sim/core/shell_word.h"

namespace dustproof {
namespace {

constexpr int kFailuresTold = 5;  // While it runs.

struct Flags {
  MatrixOptions options;
  std::string until, seeds, keep = "failing";
  bool json = false, dry_run = false;
  OutputFlags outputs;
  BaselineFlags baseline;
};

// "7" or "1-20".
Result<void> TakeSeeds(const std::string& text, MatrixOptions* options) {
  if (text.empty()) return {};
  const size_t dash = text.find('-', 1);
  const auto first = SeedOf(text.substr(0, dash));
  const auto last = dash == std::string::npos ? first : SeedOf(text.substr(dash + 1));
  if (!first || !last || !*first || !*last || **last < **first)
    return Error::BadInput("--seeds: must be a seed or two with a dash between, as 1-20; got '" + text + "'");
  options->seed_first = **first, options->seed_last = **last;
  return {};
}

// The plan's line, and a line for each of its warnings.
std::string CostText(const MatrixCost& cost, const std::string& folder) {
  char text[300];
  std::snprintf(text, sizeof text, "%zu cells%s%s in %zu groups: %.0f simulated s with what they share, %.0f s without", cost.cells,
                cost.done > 0 ? (", " + std::to_string(cost.done) + " of them done").c_str() : "",
                cost.infeasible > 0 ? (", " + std::to_string(cost.infeasible) + " infeasible").c_str() : "", cost.groups,
                cost.simulated.seconds(), cost.unshared.seconds());
  std::string line = text + folder;
  for (const std::string& note : cost.notes) line += "; " + note;
  for (const std::string& warning : cost.warnings) line += "\nwarning: " + warning;
  return line;
}

MatrixObserver ObserverOf(ProgressLine& line) {
  MatrixObserver observer;
  observer.on_start = [&line](const std::string& folder, const MatrixCost& cost) { line.Say(CostText(cost, "; into " + folder)); };
  observer.on_progress = [&line, begin_ns = RealMonotonicNanoseconds()](double share, size_t done, size_t all, size_t failed) {
    const double s = static_cast<double>(RealMonotonicNanoseconds() - begin_ns) * 1e-9;
    char text[160], left[40] = "";
    if (share > 0.02) std::snprintf(left, sizeof left, ", about %.0f s left", s * (1 - share) / share);
    std::snprintf(text, sizeof text, "%3.0f %%  %zu of %zu cells, %zu failed%s", 100 * share, done, all, failed, left);
    line.Update(text);
  };
  observer.on_failure = [&line, told = 0](const CellResult& result) mutable {
    if (++told > kFailuresTold) return;
    const std::vector<std::string> signatures = result.Signatures();
    line.Say("fail: " + result.name + ": " + signatures.front() +
             (signatures.size() > 1 ? " and " + std::to_string(signatures.size() - 1) + " more" : ""));
  };
  observer.on_warning = [&line](const std::string& text) { line.Say(text); };
  return observer;
}

OutputWriters WritersOf(const MatrixResult& result) {
  return {[&] { return RenderMatrixSarif(result); }, [&] { return RenderMatrixMarkdown(result); }, [&] { return RenderMatrixJunit(result); },
          [&] { return RenderMatrixGithubAnnotations(result); }, [&] { return RenderMatrixGitlabCodeQuality(result); }};
}

std::vector<std::string> ScenariosOf(const MatrixResult& result) {
  std::vector<std::string> names;
  for (const MatrixEntry& entry : result.entries) names.push_back(entry.cell.scenario);
  return names;
}

int ExitCodeOf(const MatrixResult& result) {
  if (result.bad_input) return kBadInput;
  if (!result.problem.empty()) return kEnvironment;
  if (result.Count(Failed) > 0) return kFindings;
  return result.interrupted || result.Count(Undone) > 0 ? kEnvironment : kPass;
}

int Run(const Flags& flags) {
  MatrixOptions options = flags.options;
  const auto until = UntilOf(flags.until);
  if (!until) return PrintError(until.error());
  options.until = *until;
  if (const Result<void> seeds = TakeSeeds(flags.seeds, &options); !seeds) return PrintError(seeds.error());
  options.keep = flags.keep == "none" ? KeepRecordings::kNone : flags.keep == "all" ? KeepRecordings::kAll : KeepRecordings::kFailing;
  if (flags.dry_run && flags.json) {
    const Result<MatrixPlan> plan = PlanMatrix(options);
    if (!plan) return PrintError(plan.error());
    std::printf("%s", RenderPlanJson(*plan).c_str());
    return kPass;
  }
  if (flags.dry_run) {
    const Result<MatrixCost> cost = ReckonMatrix(options);
    if (!cost) return PrintError(cost.error());
    std::printf("%s\n", CostText(*cost, "").c_str());
    return kPass;
  }
  Result<std::optional<BaselineUse>> baseline = OpenBaseline(flags.baseline);
  if (!baseline) return PrintError(baseline.error());
  if (*baseline) options.baseline = &**baseline;
  Result<MatrixResult> result = [&] {
    ProgressLine line;
    return RunMatrix(options, ObserverOf(line));
  }();
  if (!result) return PrintError(result.error());
  if (flags.json) {
    std::printf("%s", RenderMatrixJson(*result).c_str());
  } else {
    std::printf("%s%s\nreport     %s/matrix.html\n", RenderMatrixTable(*result, UseColour(1)).c_str(),
                RenderMatrixSummary(*result).c_str(), result->folder.c_str());
  }
  if (const Result<void> written = WriteOutputs(flags.outputs, WritersOf(*result), flags.json); !written) return PrintError(written.error());
  if (const Result<void> done = FinishBaseline(flags.baseline, *baseline, ListFailures(*result), ScenariosOf(*result)); !done) return PrintError(done.error());
  if (!result->problem.empty()) std::fprintf(stderr, "dustproof: %s\n", result->problem.c_str());
  if (result->Count(Undone) > 0)
    std::fprintf(stderr, "dustproof: %zu cells are left; the same command with --out %s --resume goes on\n", result->Count(Undone),
                 ShellWord(result->folder).c_str());
  return ExitCodeOf(*result);
}

}  // namespace

void AddMatrixCommand(CLI::App& app, int& exit_code) {
  const auto flags = std::make_shared<Flags>();
  CLI::App* matrix = app.add_subcommand("matrix", "Runs scenarios under many consent configurations and seeds, and judges each");
  matrix->footer(
      "Configurations that begin alike are simulated once up to where they part. Each cell's result is kept as it\n"
      "comes: --resume goes on after an interruption, and runs no cell twice.\n\n"
      "Example:\n  dustproof matrix scenarios/first_run.yaml --consents pairwise --seeds 1-4 --workers 2");
  matrix->add_option("scenarios", flags->options.scenarios, "Scenario files")->required()->type_name("FILE");
  matrix->add_option("--consents", flags->options.consents,
                     "all, pairwise, 3-wise to 6-wise, a file of kind consents, or own: the scenario's configurations; default own, and\n"
                     "pairwise for firmware in a process, which can't be branched")
      ->type_name("HOW");
  matrix->add_option("--seeds", flags->seeds, "One seed or a range, as 1-20; default the scenario's")->type_name("A-B");
  matrix->add_option("--workers", flags->options.workers, "Groups at a time; default one a core")->check(CLI::Range(1, 4096))->type_name("N");
  matrix->add_option("--scheduler", flags->options.scheduler, "A Dask scheduler whose workers do it instead")->type_name("HOST:PORT");
  matrix->add_option("--firmware", flags->options.firmware, "Name or path, instead of the scenario's")->type_name("FIRMWARE");
  matrix->add_option("--kind", flags->options.kind, "library or process, instead of the scenario's")->check(CLI::IsMember({"library", "process"}));
  matrix->add_option("--home", flags->options.home, "Instead of the scenario's")->type_name("FILE");
  matrix->add_option("--until", flags->until, "Ends each run here at the latest, as 5min")->type_name("TIME");
  matrix->add_option("--keep", flags->keep, "Recordings to keep: none, failing (one for each way to fail), all")
      ->check(CLI::IsMember({"none", "failing", "all"}));
  matrix->add_option("--out", flags->options.out, "Folder for the results, new or empty")->type_name("FOLDER");
  matrix->add_flag("--resume", flags->options.resume, "Goes on in the folder of --out");
  matrix->add_flag("--dry-run", flags->dry_run, "Only says what it would cost");
  AddOutputFlags(*matrix, &flags->outputs);
  AddBaselineFlags(*matrix, &flags->baseline);
  matrix->add_flag("--json", flags->json, "Prints matrix.json; with --dry-run the cells that there would be");
  matrix->callback([flags, &exit_code] { exit_code = Run(*flags); });
}

}  // namespace dustproof
