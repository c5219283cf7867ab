#include <cstdio>
#include <memory>

#include "hil/cli/commands.h"
#include "hil/cli/comparison_text.h"
#include "hil/cli/console.h"
#include "hil/cli/debug_flags.h"
#include "hil/run/compare_recordings.h"
#include "hil/run/inputs.h"
#include "hil/run/scratch_folder.h"
#include "hil/run/supervisor.h"

namespace dustproof {
namespace {

struct Flags {
  std::string recording, firmware;
  DebugFlags debug;
};

int Replay(const Flags& flags) {
  const std::string& recording = flags.recording;
  if (flags.debug.wanted()) {
    const Result<DebugPlan> plan = PlanDebugReplay(recording, flags.firmware);
    return plan ? DebugAndTell(*plan, flags.debug) : PrintError(plan.error());
  }
  const Result<RunRequest> asked = RequestFromRecording(recording, flags.firmware);
  if (!asked) return PrintError(asked.error());
  const ScratchFolder scratch("replay");
  if (scratch.path().empty())
    return PrintError(Error::Environment(
        "replay: cannot make a temporary folder; set TMPDIR to one that can be written"));
  RunRequest request = *asked;
  request.recording = scratch.path() + "/replay.mcap";
  ProgressLine line;
  const Result<RunOutcome> outcome = SuperviseRun(request, [&](const RunProgress& progress) {
    char text[160];
    std::snprintf(text, sizeof text, "replaying: %.0f s  %s", progress.sim_s,
                  progress.activity.c_str());
    line.Update(text);
  });
  if (!outcome) return PrintError(outcome.error());
  if (outcome->end == RunEnd::kFailed) {
    return PrintError(outcome->bad_input ? Error::BadInput(outcome->diagnosis)
                                         : Error::Environment(outcome->diagnosis));
  }
  if (outcome->end == RunEnd::kInterrupted && InterruptRequested())
    return PrintError(Error::Environment("replay: interrupted; nothing was compared"));
  Result<RecordingComparison> difference = CompareRecordings(recording, request.recording);
  if (!difference) return PrintError(difference.error());
  // Damage to the recording looks like a difference, or hides one: it is said beside the answer.
  for (const std::string& problem : difference->problems)
    std::fprintf(stderr, "note: %s\n", problem.c_str());
  // Where somebody pressed Ctrl-C, the replay ends because it is told to.
  const auto same_end = [](const FactDifference& f) {
    return f.name == "run.until" || (f.name == "result.end" && f.first == "interrupted");
  };
  std::erase_if(difference->facts, same_end);
  const RecordingNames names{"recording", "replay"};
  if (difference->same()) {
    std::printf("the same, message by message, through %.3f simulated s\n", outcome->sim_s);
    return kPass;
  }
  std::printf("%s", ToText(difference->facts, names).c_str());
  if (difference->message) std::printf("%s", ToText(*difference->message, names).c_str());
  return kFindings;
}

}  // namespace

void AddReplayCommand(CLI::App& app, int& exit_code) {
  const auto flags = std::make_shared<Flags>();
  CLI::App* replay = app.add_subcommand(
      "replay", "Runs a recording again and names the first message that differs");
  replay->footer(
      "Example:\n  dustproof replay runs/first_run-001/all_denied.mcap\n"
      "  dustproof replay runs/first_run-001/all_denied.mcap --gdb --break-at -1ev");
  replay->add_option("recording", flags->recording, "Recording of a run (.mcap)")
      ->required()
      ->type_name("RECORDING");
  replay
      ->add_option("--firmware", flags->firmware,
                   "The firmware, where it isn't found by the name in the recording")
      ->type_name("NAME|FILE.so");
  AddDebugFlags(*replay, &flags->debug);
  replay->callback([flags, &exit_code] { exit_code = Replay(*flags); });
}

}  // namespace dustproof
