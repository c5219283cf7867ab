#include "hil/run/run_outcome.h"

#include "hil/capture/seal_recording.h"
#include "hil/run/run_world.h"
#include "hil/shim/lockstep/crash_reporter.h"

namespace dustproof {

RunOutcome OutcomeOf(const RunWorld& world, RunEnd end, uint64_t seed) {
  RunOutcome outcome;
  outcome.end = end;
  outcome.seed = seed;
  outcome.sim_s = world.now().seconds();
  outcome.events_run = world.events().events_run();
  outcome.hash = HexDigest(world.engine().StateHash());
  const auto shares = world.cpu_share().Shares();
  outcome.cpu_share = {shares[0], shares[1], shares[2], shares[3], shares[4], shares[5]};
  return outcome;
}

void WriteOutcome(const RunOutcome& outcome, CaptureSink& sink) {
  sink.WriteMetadata("result", {{"end", ToWord(outcome.end)},
                                     {"hash", outcome.hash},
                                     {"events_run", std::to_string(outcome.events_run)},
                                     {"sim_s", std::to_string(outcome.sim_s)}});
}

bool TakeDiagnosis(const std::string& path, RunOutcome* outcome) {
  const Result<Diagnosis> diagnosis = ReadDiagnosis(path);
  if (!diagnosis) return false;
  outcome->diagnosis = ToString(*diagnosis);
  outcome->events_run = diagnosis->events_run;
  outcome->sim_s = static_cast<double>(diagnosis->sim_time_ns) * 1e-9;
  if (IsFirmwareFault(diagnosis->kind)) outcome->end = RunEnd::kFirmwareDied;
  return true;
}

void SealDeadRun(const std::string& recording, const RunOutcome& outcome) {
  std::map<std::string, std::string> result = {{"end", ToWord(outcome.end)},
                                               {"diagnosis", outcome.diagnosis}};
  if (outcome.events_run > 0) result["events_run"] = std::to_string(outcome.events_run);
  (void)SealRecording(recording, {.attachments = {}, .metadata = {{"result", result}}});
}

}  // namespace dustproof
