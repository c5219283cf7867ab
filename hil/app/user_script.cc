#include "hil/app/user_script.h"

#include <utility>

namespace dustproof {
namespace {

/// The button that does what an action of the app would have done, or "".
std::string ButtonFor(const std::string& action) {
  if (action == "clean" || action == "stop") return "clean";
  if (action == "dock") return "home";
  if (action == "factory_reset") return "reset";
  return "";
}

}  // namespace

void ScheduleScript(const std::vector<ScriptStep>& script, EventQueue& queue, App& app,
                    CaptureSink& sink, std::function<void(const std::string&)> press) {
  for (const ScriptStep& step : script) {
    queue.Schedule(
        SimTime::Zero() + step.at, EventSource::kScript, [&queue, &app, &sink, press, step] {
          const auto tell = [&](const char* name, const std::string& detail) {
            sink.Write(
                RunEvent{.time = queue.now(), .source = "script", .name = name, .detail = detail});
          };
          if (step.action != "press" && app.Perform(step.action))
            return tell("app_action", step.action);
          const std::string button = step.action == "press" ? step.value : ButtonFor(step.action);
          if (button.empty()) return tell("action_skipped", step.action + ": no robot is paired");
          tell("button_pressed", button);
          press(button);
        });
  }
}

}  // namespace dustproof
