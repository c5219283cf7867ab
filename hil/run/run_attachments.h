#pragma once

#include <map>
#include <string>

#include "hil/bridge/real_time_firmware.h"
#include "hil/capture/capture_sink.h"
#include "hil/capture/recording_writer.h"
#include "hil/live/pacer.h"
#include "hil/run/inputs.h"
#include "hil/shim/lockstep/compute.h"
#include "sim/scenario/planted.h"

namespace dustproof {

/// How a run of these inputs is recorded.
RecordingWriter::Config RecordingConfigOf(const RunInputs& inputs);

/// Metadata "run": what and with what, under which consents. No path of the machine.
std::map<std::string, std::string> RunFacts(const RunInputs& inputs, const RunRequest& request,
                                            const ConsentConfiguration& consents);

/// Writes what is known before the first step into the recording, so that a run which dies can be
/// judged and repeated: the files it was made from, the home, the planted values, seed, build and
/// hash of the inputs. No path of the machine.
void WriteRunFacts(const RunInputs& inputs, const RunRequest& request,
                   const ConsentConfiguration& consents, const PlantedValues& planted,
                   CaptureSink& sink);

/// How the robot's deadlines were kept, and which tasks its configuration names in vain.
void WriteDeadlines(const std::vector<DeadlineCount>& deadlines,
                    const std::vector<std::string>& unknown_tasks, CaptureSink& sink);

/// How the clock and the board were kept up with, and the robot's deadlines by what the board took.
void WriteRealTime(const Pacer::Lateness& lateness, const BoardTiming& timing,
                   const std::vector<DeadlineSpec>& deadlines, CaptureSink& sink);

}  // namespace dustproof
