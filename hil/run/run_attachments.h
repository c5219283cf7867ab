#pragma once

#include "hil/capture/capture_sink.h"
#include "hil/run/inputs.h"
#include "sim/scenario/planted.h"

namespace dustproof {

/// Writes what is known before the first step into the recording, so that a run which dies can be
/// judged and repeated: the files it was made from, the home, the planted values, seed, build and
/// hash of the inputs. No path of the machine.
void WriteRunFacts(const RunInputs& inputs, const RunRequest& request,
                   const ConsentConfiguration& consents, const PlantedValues& planted,
                   CaptureSink& sink);

}  // namespace dustproof
