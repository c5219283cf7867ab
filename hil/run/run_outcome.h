#pragma once

#include <string>

#include "hil/capture/capture_sink.h"
#include "hil/run/run_request.h"

namespace dustproof {

class RunWorld;

/// What is known of a run at its end; how long it took is left open.
RunOutcome OutcomeOf(const RunWorld& world, RunEnd end, uint64_t seed);

/// Of a run whose process ended without an outcome: takes over what the crash reporter wrote into the file `diagnosis`,
/// which says the most. False where it wrote nothing.
bool TakeDiagnosis(const std::string& diagnosis, RunOutcome* outcome);

/// An outcome, as a recording tells it.
void WriteOutcome(const RunOutcome& outcome, CaptureSink& sink);
/// The same at the end of the recording of a dead run, which is sealed by it. Best effort: whole chunks stay readable
/// even where sealing fails.
void SealDeadRun(const std::string& recording, const RunOutcome& outcome);

}  // namespace dustproof
