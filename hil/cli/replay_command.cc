#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "hil/capture/recording_reader.h"
#include "hil/cli/commands.h"
#include "hil/cli/comparison_text.h"
#include "hil/cli/console.h"
#include "hil/run/compare_recordings.h"
#include "hil/run/inputs.h"
#include "hil/run/supervisor.h"

namespace dustproof {
namespace {

namespace fs = std::filesystem;

// A folder for the second recording that goes away with this object.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::error_code missing;  // TMPDIR may name anything.
    std::string path = fs::temp_directory_path(missing) / "dustproof-replay-XXXXXX";
    if (!missing && mkdtemp(path.data()) != nullptr) path_ = path;
  }
  ~ScratchFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Damage to the recording looks like a difference, or hides one: it is said beside the answer.
void NoteProblems(const std::string& recording) {
  Result<RecordingReader> reader = RecordingReader::Open(recording);
  if (!reader) return;
  while (reader->Next()) {
  }
  for (const Diagnostic& problem : reader->problems())
    std::fprintf(stderr, "note: %s\n", ToString(problem).c_str());
}

int Replay(const std::string& recording, const std::string& firmware) {
  const Result<RunRequest> asked = RequestFromRecording(recording, firmware);
  if (!asked) return PrintError(asked.error());
  const ScratchFolder scratch;
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
  NoteProblems(recording);
  Result<RecordingComparison> difference = CompareRecordings(recording, request.recording);
  if (!difference) return PrintError(difference.error());
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
  const auto recording = std::make_shared<std::string>();
  const auto firmware = std::make_shared<std::string>();
  CLI::App* replay = app.add_subcommand(
      "replay", "Runs a recording again and names the first message that differs");
  replay->footer("Example:\n  dustproof replay runs/first_run-001/all_denied.mcap");
  replay->add_option("recording", *recording, "Recording of a run (.mcap)")
      ->required()
      ->type_name("RECORDING");
  replay
      ->add_option("--firmware", *firmware,
                   "The firmware, where it isn't found by the name in the recording")
      ->type_name("NAME|FILE.so");
  replay->callback(
      [recording, firmware, &exit_code] { exit_code = Replay(*recording, *firmware); });
}

}  // namespace dustproof
