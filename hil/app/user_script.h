#pragma once

#include <functional>
#include <string>
#include <vector>

#include "hil/app/app.h"
#include "sim/core/event_queue.h"
#include "sim/scenario/scenario.h"

namespace dustproof {

/// Plays a scenario's script: the user taps in the app, or presses a button on the robot — where
/// the script says `press`, and where the app can't do what is wanted (`clean` and `dock` of a
/// robot that isn't paired; `factory_reset` by its button) — or somebody types into the robot's debug port. Each step becomes a run event of source
/// "script". App, queue and sink outlive the last step.
void ScheduleScript(const std::vector<ScriptStep>& script, EventQueue& queue, App& app,
                    CaptureSink& sink, std::function<void(const std::string& button)> press,
                    std::function<void(const std::string& bytes)> type);

}  // namespace dustproof
