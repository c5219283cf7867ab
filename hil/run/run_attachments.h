#pragma once

#include "hil/capture/capture_sink.h"
#include "hil/run/inputs.h"
#include "hil/shim/lockstep/compute.h"
#include "sim/scenario/planted.h"

namespace dustproof {

/// Writes what is known before the first step into the recording, so that a run which dies can be
/// judged and repeated: the files it was made from, the home, the planted values, seed, build and
/// hash of the inputs. No path of the machine.
void WriteRunFacts(const RunInputs& inputs, const RunRequest& request,
                   const ConsentConfiguration& consents, const PlantedValues& planted,
                   CaptureSink& sink);

/// How the robot's deadlines were kept, and which tasks its configuration names in vain.
void WriteDeadlines(const std::vector<DeadlineCount>& deadlines,
                    const std::vector<std::string>& unknown_tasks, CaptureSink& sink);

}  // namespace dustproof
